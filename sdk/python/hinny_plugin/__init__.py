"""Plugins for hinny in Python: a class that says what goes first, or which tasks there are.

::

    from hinny_plugin import Inputs, Ranker, pointer

    class Scan(Inputs):
        level = pointer("/scan_level", int, default=0)

    class DeepFirst(Ranker[Scan]):
        def rank(self, task: Scan) -> int:
            return -min(max(task.level, 0), 4)

``hinny plugin build`` makes a component of it. ``hinny_plugin.testing`` tries it natively.

A class derived from ``Scheduler`` decides which tasks there are; see ``hinny_plugin.scheduler``.
"""

from .host import (
    Entry,
    HostError,
    Response,
    connector,
    log,
    messages,
    schedules,
    segment,
    state,
    tasks,
)
from .identity import identity
from .inputs import (
    Inputs,
    attempts,
    base_priority,
    created_at,
    last_run_at,
    last_run_duration,
    last_run_status,
    organisation,
    pointer,
    task_type,
    wait,
)
from .ranker import PRIORITY_MAX, PRIORITY_MIN, Context, Explanation, Ranker, Term, round_priority
from .scheduler import (
    Admitted,
    Cancel,
    Command,
    Description,
    DisableSchedule,
    Draft,
    DueSchedule,
    FinishedTask,
    Message,
    Push,
    Reject,
    Rejected,
    RetryAfter,
    Scheduler,
    Tick,
    UpsertSchedule,
)
from .settings import SettingError, Settings

__all__ = [
    "PRIORITY_MAX",
    "PRIORITY_MIN",
    "Admitted",
    "Cancel",
    "Command",
    "Context",
    "Description",
    "DisableSchedule",
    "Draft",
    "DueSchedule",
    "Entry",
    "Explanation",
    "FinishedTask",
    "HostError",
    "Inputs",
    "Message",
    "Push",
    "Ranker",
    "Reject",
    "Rejected",
    "Response",
    "RetryAfter",
    "Scheduler",
    "SettingError",
    "Settings",
    "Term",
    "Tick",
    "UpsertSchedule",
    "attempts",
    "base_priority",
    "connector",
    "created_at",
    "identity",
    "last_run_at",
    "last_run_duration",
    "last_run_status",
    "log",
    "messages",
    "organisation",
    "pointer",
    "round_priority",
    "schedules",
    "segment",
    "state",
    "task_type",
    "tasks",
    "wait",
]
