"""A Celery worker that runs tasks of hinny and reports on them over its REST API."""

import json
import os
import urllib.request

from celery import Celery

app = Celery("work", broker=os.environ["BROKER"])
app.conf.broker_connection_retry_on_startup = True


def report(task_id, **change):
    """Tells hinny how a task is doing."""
    request = urllib.request.Request(
        f"{os.environ['HINNY']}/tasks/{task_id}",
        data=json.dumps(change).encode(),
        headers={"Content-Type": "application/json"},
        method="PATCH",
    )
    urllib.request.urlopen(request, timeout=10).close()


@app.task(bind=True, name="work.add")
def add(self, data):
    attempt = self.request.hinny_attempt
    report(self.request.id, status="running", attempt=attempt)
    if data["a"] == "poison":
        report(self.request.id, status="failed", attempt=attempt, reason="cannot add poison")
        return None
    total = data["a"] + data["b"]
    report(self.request.id, status="completed", attempt=attempt, reason=f"it is {total}")
    return total
