"""A scheduler plugin, asked and triggered, natively; a part of ``hinny_plugin.testing``."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from . import _bindings as wire
from . import scheduler as types
from ._bindings import _case
from .export_scheduler import exported
from .fake_host import FakeHost
from .host import Entry, text_of
from .scheduler import (
    Admitted,
    Command,
    Draft,
    DueSchedule,
    FinishedTask,
    Message,
    Reject,
    Rejected,
    RetryAfter,
    Scheduler,
    Tick,
    Trigger,
)
from .testing import Refused, _flatten, _setting, _told

#: A UUID for things in tests.
ID = "01890a5d-ac96-774b-bcce-b302099a8057"


class _Ok:
    """The answer of a result."""

    def __init__(self, value: Any) -> None:
        self.value = value


class SchedulerTest:
    """A scheduler plugin with its settings, in a host that knows nothing yet: ``host``."""

    def __init__(
        self,
        scheduler: type[Scheduler],
        settings: Mapping[str, Any] | None = None,
        now: int = 0,
    ) -> None:
        self.host = FakeHost()
        self.now = now
        self._made = scheduler
        self._settings = [
            wire.Setting(key, _setting(value)) for key, value in _flatten(settings or {})
        ]
        self.host.sources = tuple(self.describe().messages)

    def describe(self) -> types.Description:
        """What the plugin says of itself."""
        said = self._fresh().describe()
        told: dict[str, list[Any]] = {}
        for interest in said.interests:
            case = type(interest).__name__.removeprefix("Interest_")
            told.setdefault(case, []).append(getattr(interest, "value", True))
        return types.Description(
            said.task_type,
            said.data_schema,
            tuple(told.get("Messages", ())),
            tuple(told.get("Ticks", ())),
            "DueSchedules" in told,
            "FinishedTasks" in told,
        )

    def admit(
        self, data: Any, organisation: str = "acme", priority: int | None = None
    ) -> Admitted:
        """Pushes a task over the API; raises ``Rejected``."""
        draft = Draft(None, ID, organisation, priority, text_of(data))
        [answer] = self._fresh().admit(self.now, [draft])
        if isinstance(answer, _Ok):
            admitted: Admitted = answer.value
            return admitted
        raise Rejected(answer.value.reason, answer.value.field)

    def message(self, source: str, body: Any, content_type: str = "application/json") -> list[Command]:
        """A message comes in, for the first time; what is neither bytes nor text as JSON."""
        data = body if isinstance(body, bytes) else text_of(body).encode()
        return self.handle(Message(ID, source, self.now, content_type, data, [], 1))

    def tick(self, every_ms: int) -> list[Command]:
        """Time passed."""
        return self.handle(Tick(self.now, every_ms))

    def due(self, organisation: str, hash: str, data: Any) -> list[Command]:
        """A schedule is due."""
        return self.handle(DueSchedule(ID, organisation, hash, text_of(data), None, self.now))

    def finished(self, hash: str, data: Any, status: str) -> list[Command]:
        """A task of organisation ``acme`` came to its end."""
        return self.handle(
            FinishedTask(ID, "acme", hash, text_of(data), status, 1, self.now, None)
        )

    def handle(self, trigger: Trigger) -> list[Command]:
        """Triggers the plugin; raises ``Reject`` or ``RetryAfter``.

        What a failed call kept and sent is dropped, as the host does.
        """
        before = (dict(self.host.kept), list(self.host.sent))
        case = {
            Message: _Wire.Trigger_Message,
            Tick: _Wire.Trigger_Tick,
            DueSchedule: _Wire.Trigger_Due,
            FinishedTask: _Wire.Trigger_Finished,
        }[type(trigger)]
        try:
            commands = self._fresh().handle(self.now, case(deepcopy(trigger)))
        except wire.Err as error:
            self.host.kept, self.host.sent = before
            raise _failure(error.value) from None
        return [command.value for command in commands]

    def kept(self, key: str) -> Entry:
        """A value of the plugin's state."""
        return self.host.kept.get(key, Entry(None, 0))

    def _fresh(self) -> Any:
        """An instance that served no call before."""
        results = (_Ok, wire.Err)
        plugin = exported(self._made, "test", "0.0.0", _Wire, results, self.host.lent())()
        _told(lambda: plugin.configure(self._settings))
        return plugin


def _failure(failure: Any) -> Exception:
    match type(failure).__name__:
        case "Failure_RetryAfter":
            return RetryAfter(failure.value.after_ms, failure.value.reason)
        case "Failure_Reject":
            return Reject(failure.value)
        case _:
            return Refused(failure.value)


class _Missed:
    """Any name of a rule is that rule."""

    def __getitem__(self, name: str) -> str:
        if name not in ("ONCE", "SKIP", "ALL"):
            raise KeyError(name)
        return name.lower()


class _Wire:
    """The bindings as they are generated for a component: the same names, the authors' types."""

    Descriptor = _case("Descriptor", "name", "version", "task_type", "data_schema", "interests")
    Interest_Messages = _case("Interest_Messages", "value")
    Interest_Ticks = _case("Interest_Ticks", "value")
    Interest_DueSchedules = _case("Interest_DueSchedules")
    Interest_FinishedTasks = _case("Interest_FinishedTasks")
    Admitted = Admitted
    Rejection = _case("Rejection", "reason", "field")
    Trigger_Message = _case("Trigger_Message", "value")
    Trigger_Tick = _case("Trigger_Tick", "value")
    Trigger_Due = _case("Trigger_Due", "value")
    Trigger_Finished = _case("Trigger_Finished", "value")
    Push, Cancel = types.Push, types.Cancel
    UpsertSchedule, DisableSchedule = types.UpsertSchedule, types.DisableSchedule
    MissedFire = _Missed()
    Command_Push = _case("Command_Push", "value")
    Command_Cancel = _case("Command_Cancel", "value")
    Command_UpsertSchedule = _case("Command_UpsertSchedule", "value")
    Command_DisableSchedule = _case("Command_DisableSchedule", "value")
    Retry = _case("Retry", "after_ms", "reason")
    Failure_RetryAfter = _case("Failure_RetryAfter", "value")
    Failure_Reject = _case("Failure_Reject", "value")
    Failure_Other = _case("Failure_Other", "value")
