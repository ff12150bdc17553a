"""What an author writes: a class that gives each task its priority."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar, get_args, get_origin

from .inputs import Inputs
from .settings import Settings

#: Least priority: the most urgent.
PRIORITY_MIN = -(2**53 - 1)

#: Greatest priority: the least urgent.
PRIORITY_MAX = 2**53 - 1

Task = TypeVar("Task", bound=Inputs)


@dataclass(frozen=True)
class Context:
    """What the ranker knows beside the tasks."""

    #: Now, in milliseconds since the epoch. There is no other clock.
    now: int
    #: The scheduler whose tasks these are.
    scheduler: str
    #: For rankers that want chance: the same seed must give the same answer.
    seed: int


@dataclass(frozen=True)
class Term:
    """One contribution to a priority."""

    #: What it is, for people.
    label: str
    #: How much it adds to the priority; negative moves the task forward.
    contribution: float
    #: The declared input that it comes from, if it is one.
    input: str | None = None


@dataclass
class Explanation:
    """Why a task has its priority."""

    priority: int
    terms: list[Term] = field(default_factory=list)
    #: A sentence for people.
    note: str | None = None

    def term(self, label: str, contribution: float, input: str | None = None) -> Explanation:
        """Adds a contribution, most important first."""
        self.terms.append(Term(label, float(contribution), input))
        return self


class Ranker(Generic[Task]):
    """Gives each task its priority; lower goes first.

    A pure function of the declared inputs, the settings and the context: asked twice the same, it
    must answer the same. The host takes as many instances as it likes, and one of them for many
    batches or for one, so nothing is to be remembered from one call to the next.

    Derive from ``Ranker[Mine]``, where ``Mine`` is a class of declared inputs.
    """

    #: What is known beside the tasks, during ``rank`` and ``explain``.
    context: Context

    def configure(self, settings: Settings) -> None:
        """Takes the operator's settings. A ``SettingError`` refuses the version.

        A ranker that does not override it has no settings, and refuses any.
        """
        settings.deny_unknown()

    def refresh(self) -> timedelta | None:
        """When priorities change without the tasks changing: never, unless overridden."""
        return None

    def rank(self, task: Task) -> int:
        """The priority of a task, from ``PRIORITY_MIN`` to ``PRIORITY_MAX``."""
        raise NotImplementedError(f"`{type(self).__name__}` has no `rank`")

    def explain(self, task: Task) -> Explanation:
        """Why the task has its priority: one term, unless overridden."""
        priority = self.rank(task)
        return Explanation(priority).term("priority", priority)

    def inputs(self) -> type[Inputs]:
        """What is read of each task. Override it when that depends on the settings."""
        for kind in type(self).__mro__:
            for base in getattr(kind, "__orig_bases__", ()):
                of = get_args(base)
                if get_origin(base) is Ranker and isinstance(of[0], type):
                    return of[0]
        name = type(self).__name__
        raise TypeError(f"`{name}` does not say what it reads, expected `class {name}(Ranker[Task])`")


def round_priority(score: float) -> int:
    """The nearest priority to a score: rounded, kept in range. What is not a number goes last."""
    if math.isnan(score):
        return PRIORITY_MAX
    bounded = min(max(score, PRIORITY_MIN), PRIORITY_MAX)
    whole = math.trunc(bounded)
    # Halves go away from zero, as in the SDKs of other languages. Exact, unlike adding a half.
    if abs(bounded - whole) >= 0.5:
        whole += 1 if bounded > 0 else -1
    return whole
