"""Plugins for hinny in Python: a class that says what goes first.

::

    from hinny_plugin import Inputs, Ranker, pointer

    class Scan(Inputs):
        level = pointer("/scan_level", int, default=0)

    class DeepFirst(Ranker[Scan]):
        def rank(self, task: Scan) -> int:
            return -min(max(task.level, 0), 4)

``hinny plugin build`` makes a component of it. ``hinny_plugin.testing`` tries it natively.
"""

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
from .settings import SettingError, Settings

__all__ = [
    "PRIORITY_MAX",
    "PRIORITY_MIN",
    "Context",
    "Explanation",
    "Inputs",
    "Ranker",
    "SettingError",
    "Settings",
    "Term",
    "attempts",
    "base_priority",
    "created_at",
    "last_run_at",
    "last_run_duration",
    "last_run_status",
    "organisation",
    "pointer",
    "round_priority",
    "task_type",
    "wait",
]
