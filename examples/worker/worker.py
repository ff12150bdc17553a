#!/usr/bin/env python3
"""A worker for hinny that runs a command for each task. Needs nothing but Python.

    worker.py URL SCHEDULER COMMAND [ARGUMENT...]

The command reads the task's data from standard input. When it ends with 0 the task is completed, else
it failed, for the reason that is the last line of its standard error. Copy this, and put your own work
in the place of `carry_out`.
"""

import http.client, json, os, signal, socket, subprocess, sys, tempfile, time
from urllib import error, request

URL, SCHEDULER, COMMAND = sys.argv[1].rstrip("/"), sys.argv[2], sys.argv[3:]
TOKEN = os.environ.get("HINNY_TOKEN")
WAIT = float(os.environ.get("HINNY_WAIT", "20"))  # seconds that a pop waits for a task
HEARTBEAT = float(os.environ.get("HINNY_HEARTBEAT", "10"))  # well within the lease
GRACE = float(os.environ.get("HINNY_GRACE", "30"))  # seconds to finish a task after a signal
NAME = f"{socket.gethostname()}-{os.getpid()}"

stopped_at = None  # when the first signal came


def stop(number, frame):
    # Nothing is interrupted: a pop that was cut off might have been given a task.
    global stopped_at
    stopped_at = stopped_at or time.monotonic()


def call(method, path, body=None):
    headers = {"Content-Type": "application/json", "X-Worker": NAME}
    if TOKEN:
        headers["Authorization"] = f"Bearer {TOKEN}"
    data = None if body is None else json.dumps(body).encode()
    asked = request.Request(URL + path, method=method, data=data, headers=headers)
    with request.urlopen(asked, timeout=WAIT + 10) as answer:
        return json.load(answer)


def insist(method, path, body=None, until=lambda: False):
    """Calls until there is an answer. A refusal, such as 409 for a lost lease, is an answer."""
    pause = 0.25
    while True:
        try:
            return call(method, path, body)
        except (OSError, ValueError, http.client.HTTPException) as failure:
            code = failure.code if isinstance(failure, error.HTTPError) else 503
            if 400 <= code < 500 and code != 429:
                raise
            if until():
                return None
            print(f"{method} {path}: {failure}; again in {pause:g} s", file=sys.stderr)
            time.sleep(pause)
            pause = min(pause * 2, 10)


def report(task, status, reason=None):
    body = {"status": status, "attempt": task["attempt"]}
    if reason:
        body["reason"] = reason
    # When hinny stays away after a signal, the lease brings the task back.
    insist("PATCH", f"/tasks/{task['id']}", body, lambda: time_is_up(GRACE + 30))


def time_is_up(seconds):
    return stopped_at is not None and time.monotonic() - stopped_at >= seconds


def carry_out(task):
    """Runs the command; the answer is the status to report, and why."""
    with tempfile.TemporaryFile() as data, tempfile.TemporaryFile() as said:
        data.write(json.dumps(task["data"]).encode())
        data.seek(0)
        # In a session of its own, so that Ctrl-C reaches the worker only.
        job = subprocess.Popen(COMMAND, stdin=data, stderr=said, start_new_session=True)
        beat_at = time.monotonic() + HEARTBEAT
        while job.poll() is None:
            if time_is_up(GRACE):
                end(job)
                return "queued", "the worker was stopped"
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + HEARTBEAT
                try:
                    call("POST", f"/tasks/{task['id']}/heartbeat", {"attempt": task["attempt"]})
                except error.HTTPError as refusal:
                    if refusal.code in (404, 409):  # somebody else has the task, or nobody wants it
                        end(job)
                        raise
                except (OSError, ValueError, http.client.HTTPException) as failure:
                    print(f"no heartbeat: {failure}", file=sys.stderr)
            time.sleep(0.05)
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else f"the command ended with {job.returncode}"
        return ("completed", None) if job.returncode == 0 else ("failed", reason[:1000])


def end(job):
    """Ends the command and whatever it started."""
    os.killpg(job.pid, signal.SIGTERM)
    try:
        job.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(job.pid, signal.SIGKILL)
        job.wait()


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
while stopped_at is None:
    popped = insist("POST", f"/schedulers/{SCHEDULER}/pop?limit=1&wait={WAIT:g}", until=lambda: stopped_at)
    for task in popped["results"] if popped else []:
        try:
            report(task, "running")
            report(task, *carry_out(task))
        except error.HTTPError as refusal:
            print(f"task {task['id']} is not ours any more: {refusal}", file=sys.stderr)
