"""What an author writes: a class that decides which tasks there are. Triggers in, commands out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Union

from .settings import Settings


class Rejected(Exception):
    """A draft that is not taken. Say why, and how to mend it.

    ``field`` is the place in the data, as a JSON pointer; empty for the whole.
    """

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field


class Reject(Exception):
    """A trigger that is set aside at once; the text says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RetryAfter(Exception):
    """A trigger that is to be handled again, not earlier than after so many milliseconds."""

    def __init__(self, after_ms: int, reason: str) -> None:
        super().__init__(reason)
        self.after_ms, self.reason = after_ms, reason


@dataclass
class Description:
    """Kind and schema of a plugin's tasks, and which triggers it wants."""

    #: Kind of the tasks that it makes: 1 to 64 bytes.
    task_type: str
    #: JSON Schema of their data. The host checks it; what does not fit never gets to ``admit``.
    schema: Any = True
    #: Sources whose messages it wants.
    messages: Sequence[str] = ()
    #: Milliseconds between ticks, each at least 1000.
    ticks: Sequence[int] = ()
    #: Whether it wants its schedules, when they are due.
    due_schedules: bool = False
    #: Whether it wants its tasks, when they have come to their end.
    finished_tasks: bool = False


@dataclass
class Draft:
    """A task that is pushed over the API."""

    #: The id that was sent.
    sent_id: str | None
    #: An unused id.
    fresh_id: str
    #: Whose work it is.
    organisation: str
    #: The priority that was asked for.
    priority: int | None
    #: What to do: a JSON document, as it was sent.
    data: str

    def json(self) -> Any:
        """The data. It fits the schema already."""
        return json.loads(self.data)

    def admit_as(self, hash: str) -> Admitted:
        """Takes the draft as it was sent, under the id that was sent or else the fresh one."""
        return Admitted(self.sent_id or self.fresh_id, hash, self.data, self.priority)


@dataclass
class Admitted:
    """A draft that is taken."""

    id: str
    #: What makes it the same work as another: 1 to 128 bytes.
    hash: str
    #: A JSON document; may differ from what was sent.
    data: str
    priority: int | None = None


@dataclass
class Message:
    """A message from outside, or from the plugin itself."""

    #: A repeated delivery has the same one.
    id: str
    source: str
    #: When the host took it, in milliseconds since the epoch.
    at: int
    #: MIME type, as the sender says; empty when it does not.
    content_type: str
    body: bytes
    attributes: list[tuple[str, str]]
    #: 1 for the first delivery.
    delivery: int

    def text(self) -> str:
        """The body as text. What is not UTF-8 is a reason to reject the message."""
        try:
            return self.body.decode()
        except UnicodeDecodeError as error:
            raise Reject(f"the body is not UTF-8: bad byte at offset {error.start}") from None

    def json(self) -> Any:
        """The body as JSON. What is none is a reason to reject the message."""
        try:
            return json.loads(self.text())
        except ValueError as error:
            raise Reject(f"the body is not JSON: {error}") from None

    def table(self, **fields: type) -> dict[str, Any]:
        """The body as a JSON table with these fields and types; anything else is rejected."""
        found = self.json()
        if not isinstance(found, dict):
            raise Reject("the body is not a JSON table")
        for name, kind in fields.items():
            if type(found.get(name)) is not kind:
                raise Reject(f"the body has no `{name}` of type `{kind.__name__}`")
        return found


@dataclass
class Tick:
    """A moment that the plugin asked to be told of."""

    planned_at: int
    every_ms: int


@dataclass
class DueSchedule:
    """A schedule that is due."""

    id: str
    organisation: str
    #: The hash of the tasks that it makes.
    hash: str
    #: The data of the tasks that it makes: a JSON document.
    data: str
    cron: str | None
    deadline_at: int

    def json(self) -> Any:
        """The data."""
        return json.loads(self.data)

    def push(self) -> Push:
        """The task that it is a blueprint of."""
        return Push(self.organisation, self.hash, self.data, schedule=self.hash)


@dataclass
class FinishedTask:
    """A task that has come to its end."""

    id: str
    organisation: str
    hash: str
    #: A JSON document.
    data: str
    #: ``completed``, ``failed`` or ``cancelled``.
    status: str
    #: How often it was handed out.
    attempts: int
    finished_at: int
    reason: str | None

    def json(self) -> Any:
        """The data."""
        return json.loads(self.data)


@dataclass
class Push:
    """A task to queue. Nothing happens when a queued task has the same hash.

    ``data`` is a JSON document, or anything that makes one.
    """

    organisation: str
    hash: str
    data: Any
    id: str | None = None
    #: The priority to ask the ranker for.
    priority: int | None = None
    #: Not handed out earlier than this, in milliseconds since the epoch.
    not_before: int | None = None
    #: The hash of the schedule that it comes from.
    schedule: str | None = None


@dataclass
class Cancel:
    """Queued tasks to take off the queue: those that match ``{"filters": [...]}``."""

    filter: Any
    reason: str


@dataclass
class UpsertSchedule:
    """A schedule to make, or to change when there is one with the same hash.

    It needs ``cron`` or ``deadline_at`` to fire.
    """

    organisation: str
    hash: str
    data: Any
    cron: str | None = None
    #: IANA zone of the expression; UTC when there is none.
    time_zone: str | None = None
    deadline_at: int | None = None
    #: What to do about fires that were missed: ``once``, ``skip`` or ``all``.
    missed: str = "once"


@dataclass
class DisableSchedule:
    """A schedule to stop."""

    hash: str
    reason: str


#: One thing to do. Whatever the order: cancellations come first, then schedules, then pushes.
Command = Union[Push, Cancel, UpsertSchedule, DisableSchedule]

Trigger = Union[Message, Tick, DueSchedule, FinishedTask]


class Scheduler:
    """Decides which tasks to make.

    What happens to a trigger happens once: the commands and what was written to ``state`` are
    committed together, or not at all. An instance may serve one call or many; what must last
    belongs in ``state``. ``now`` is in milliseconds since the epoch.
    """

    def configure(self, settings: Settings) -> None:
        """Takes the operator's settings. A ``SettingError`` refuses the version.

        A plugin that does not override it has no settings, and refuses any.
        """
        settings.deny_unknown()

    def describe(self) -> Description:
        """Kind and schema of its tasks, and which triggers it wants."""
        raise NotImplementedError(f"`{type(self).__name__}` has no `describe`")

    def admit(self, draft: Draft, now: int) -> Admitted:
        """Takes a task that is pushed over the API, or raises ``Rejected``."""
        raise NotImplementedError(f"`{type(self).__name__}` has no `admit`")

    def message(self, message: Message, now: int) -> list[Command]:
        """A message came in. Raises ``Reject`` or ``RetryAfter`` when it cannot be handled."""
        raise _unwanted(f"messages of `{message.source}`")

    def tick(self, tick: Tick, now: int) -> list[Command]:
        """Time passed."""
        raise _unwanted("ticks")

    def due(self, schedule: DueSchedule, now: int) -> list[Command]:
        """A schedule is due."""
        raise _unwanted("due schedules")

    def finished(self, task: FinishedTask, now: int) -> list[Command]:
        """A task came to its end."""
        raise _unwanted("finished tasks")


def _unwanted(kind: str) -> Reject:
    return Reject(f"this plugin has nothing to do with {kind}")
