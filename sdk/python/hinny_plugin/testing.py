"""A ranker on a queue of a few tasks, natively: a second per round, no WebAssembly.

::

    queue = RankerTest(DeepFirst)
    queue.task("plain", {}, created_at=1_000)
    queue.task("deep", {"scan_level": 4}, created_at=2_000)
    assert queue.order() == ["deep", "plain"]
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import _bindings as wire
from .export import exported
from .ranker import Explanation, Ranker, Term

#: The host's limits.
_INPUTS_MAX = 64
_INTEGERS = range(-(2**63), 2**63)


class Refused(AssertionError):
    """What the host would refuse, in the words that it would hear."""


@dataclass(frozen=True)
class LastRun:
    """The last finished task of the same hash."""

    ended_at: int
    #: ``completed``, ``failed`` or ``cancelled``.
    status: str
    duration_ms: int


@dataclass(frozen=True)
class _Task:
    name: str
    data: Any
    created_at: int
    base_priority: int | None
    attempts: int
    organisation: str
    task_type: str
    last_run: LastRun | None


class RankerTest:
    """A ranker with its settings, and the tasks that it ranks."""

    def __init__(
        self,
        ranker: type[Ranker[Any]],
        settings: Mapping[str, Any] | None = None,
        now: int = 0,
        seed: int = 0,
    ) -> None:
        self._plugin = exported(ranker, "test", "0.0.0", wire, wire.Err)()
        self._context = wire.Context(now, "test", seed)
        self._tasks: list[_Task] = []
        flat = [wire.Setting(key, _setting(value)) for key, value in _flatten(settings or {})]
        _told(lambda: self._plugin.configure(flat))

    def task(
        self,
        name: str,
        data: Any = None,
        *,
        created_at: int = 0,
        base_priority: int | None = None,
        attempts: int = 0,
        organisation: str = "acme",
        task_type: str = "test",
        last_run: LastRun | None = None,
    ) -> RankerTest:
        """Adds a task. Times are in milliseconds since the epoch."""
        task = _Task(
            name,
            {} if data is None else data,
            created_at,
            base_priority,
            attempts,
            organisation,
            task_type,
            last_run,
        )
        self._tasks.append(task)
        return self

    def priorities(self) -> list[int]:
        """The priorities, in the order in which the tasks were added."""
        first, then = (self._ask(self._plugin.rank) for _ in range(2))
        if first != then:
            raise Refused("asked twice the same, the ranker answers differently")
        return list(first)

    def order(self) -> list[str]:
        """The names of the tasks, first to go first."""
        queue = sorted(
            zip(self.priorities(), self._tasks), key=lambda pair: (pair[0], pair[1].created_at)
        )
        return [task.name for _, task in queue]

    def explanations(self) -> list[Explanation]:
        """Why each task has its priority, in the order in which they were added."""
        told = self._ask(self._plugin.explain)
        for answer, priority in zip(told, self.priorities()):
            if answer.priority != priority:
                raise Refused(f"`explain` says {answer.priority}, `rank` says {priority}")
        return [
            Explanation(
                answer.priority,
                [Term(term.label, term.contribution, term.input) for term in answer.terms],
                answer.note,
            )
            for answer in told
        ]

    def _ask(self, call: Callable[[Any, Any], Any]) -> Any:
        declared = self._plugin.describe().inputs
        if len(declared) > _INPUTS_MAX:
            raise Refused(f"{len(declared)} inputs are declared, the host takes {_INPUTS_MAX}")
        columns = [self._column(input) for input in declared]
        batch = wire.Batch(len(self._tasks), columns)
        return _told(lambda: call(self._context, batch))

    def _column(self, input: wire.Input) -> wire.Column:
        cells = [_cell(input, task, self._context.now) for task in self._tasks]
        absent = [at for at, cell in enumerate(cells) if cell is None]
        values = _VALUES[input.kind](cells)
        return wire.Column(values, absent)


def _told(call: Callable[[], Any]) -> Any:
    """What a call answers, or its error as an operator would see it."""
    try:
        return call()
    except wire.Err as error:
        said = error.value
        raise Refused(said if isinstance(said, str) else said.value) from None


def _flatten(table: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Tables become names with dots, as on the way to a plugin."""
    flat: list[tuple[str, Any]] = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat.extend(_flatten(value, f"{above}{key}."))
        elif value is not None:
            flat.append((f"{above}{key}", value))
    return flat


def _setting(value: Any) -> Any:
    kinds = {
        bool: wire.SettingValue_Flag,
        int: wire.SettingValue_Integer,
        float: wire.SettingValue_Float,
        str: wire.SettingValue_Text,
    }
    kind = kinds.get(type(value))
    return wire.SettingValue_Other(_json(value)) if kind is None else kind(value)


def _cell(input: wire.Input, task: _Task, now: int) -> Any:
    """One input of one task; None: absent."""
    source = type(input.source).__name__.removeprefix("InputSource_")
    run = task.last_run
    match source:
        case "Pointer" if input.source.value == "":
            return _json(task.data)
        case "Pointer":
            return _converted(input.kind, _at(task.data, input.source.value))
        case "Wait":
            return max(now - task.created_at, 0)
        case "LastRunAt":
            return run and run.ended_at
        case "LastRunStatus":
            return run and run.status
        case "LastRunDuration":
            return run and run.duration_ms
        case _:
            snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in source)
            return getattr(task, snake.removeprefix("_"))


def _at(data: Any, pointer: str) -> Any:
    """The place of a JSON pointer; None when there is nothing."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and part.isdecimal() and int(part) < len(data):
            data = data[int(part)]
        else:
            return None
    return data


def _converted(kind: wire.InputType, value: Any) -> Any:
    """A value of the data as a type; None when it does not fit."""
    match (kind, value):
        case (wire.InputType.FLAG, bool()):
            return value
        case (wire.InputType.TEXT, str()) | (_, None):
            return value
        case (wire.InputType.TEXT, _):
            return _json(value)
        case (_, bool()):
            return None
        case (wire.InputType.INTEGER, float()) if value.is_integer() and abs(value) < 2**53:
            return int(value)
        case (wire.InputType.INTEGER, int()) if value in _INTEGERS:
            return value
        case (wire.InputType.FLOAT, int() | float()):
            return float(value)
        case _:
            return None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _filled(case: Any, zero: Any) -> Callable[[list[Any]], Any]:
    return lambda cells: case([zero if cell is None else cell for cell in cells])


def _texts(cells: list[Any]) -> Any:
    dictionary = list(dict.fromkeys(cell for cell in cells if cell is not None))
    places = {text: at for at, text in enumerate(dictionary)}
    codes = [places.get(cell, 0) for cell in cells]
    return wire.ColumnValues_Texts(wire.TextValues(dictionary, codes))


_VALUES: dict[wire.InputType, Callable[[list[Any]], Any]] = {
    wire.InputType.INTEGER: _filled(wire.ColumnValues_Integers, 0),
    wire.InputType.FLOAT: _filled(wire.ColumnValues_Floats, 0.0),
    wire.InputType.TEXT: _texts,
    wire.InputType.FLAG: _filled(wire.ColumnValues_Flags, False),
}


# Last, since it stands on what is above.
from .fake_host import FakeHost  # noqa: E402
from ._testing_scheduler import SchedulerTest  # noqa: E402

__all__ = ["FakeHost", "LastRun", "RankerTest", "Refused", "SchedulerTest"]
