"""What a ranker reads of each task: a class with one line for each input.

The host takes the inputs out of a task once, when it arrives, and sends a batch as one column per
input. Nothing else crosses the boundary, so what is not declared costs nothing.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, overload

# The attribute of a named tuple: written in C, four times as fast as a property.
_position = type(vars(namedtuple("_", "field"))["field"])

T = TypeVar("T", int, float, str, bool)
D = TypeVar("D")

#: The types that an input can have, by the type of Python.
KINDS: dict[type, str] = {int: "integer", float: "float", str: "text", bool: "flag"}


@dataclass(frozen=True)
class Input:
    """A declared input: where it comes from, its type, and what it is when it is absent."""

    #: The name in the contract, such as ``created-at``, or ``pointer``.
    source: str
    #: ``integer``, ``float``, ``text`` or ``flag``.
    kind: str
    #: What the task has when the value is absent.
    default: Any = None
    #: The JSON pointer, when it comes from the task's data.
    pointer: str | None = None


class _Declaring(type):
    """Turns declared inputs into the fields of a tuple."""

    def __new__(meta, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _Declaring:
        declared: dict[str, Input] = {}
        for base in bases:
            declared.update(getattr(base, "_declared", {}))
        own = {key: value for key, value in body.items() if isinstance(value, Input)}
        redeclared = [key for key in own if key in declared]
        if redeclared:
            raise TypeError(f"input `{redeclared[0]}` of `{name}` is declared twice")
        for at, key in enumerate(own, start=len(declared)):
            body[key] = _position(at, f"Input `{key}`.")
        declared.update(own)
        body["_declared"] = declared
        body["__slots__"] = ()
        return super().__new__(meta, name, bases, body)


class Inputs(tuple[Any, ...], metaclass=_Declaring):
    """One task, as far as the ranker reads it. Derive from it, and declare inputs.

    ::

        class Scan(Inputs):
            created_ms = created_at()
            level = pointer("/scan_level", int, default=0)
            team = pointer("/team", str)  # None when it is absent

    Methods may be added; attributes may not: a task is a tuple, which is what makes it cheap.
    """

    _declared: ClassVar[dict[str, Input]]

    def __repr__(self) -> str:
        fields = zip(type(self)._declared, self)
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in fields)})"


@overload
def pointer(place: str, kind: type[T]) -> T | None: ...
@overload
def pointer(place: str, kind: type[T], default: D) -> T | D: ...
def pointer(place: str, kind: type, default: Any = None) -> Any:
    """A place in the task's data, as a JSON pointer such as ``/scan/level``.

    Data of another type counts as absent, but an integer fits ``float``, and numbers and flags fit
    ``str``. The empty pointer is the whole document, as text. Absent is ``None``, or the default.
    """
    if kind not in KINDS:
        raise TypeError(f"input `{place}` is of type {kind!r}, expected int, float, str or bool")
    if place and not place.startswith("/"):
        raise ValueError(f"input `{place}` is no JSON pointer, expected `/{place}`")
    return Input("pointer", KINDS[kind], default, place)


def created_at() -> int:
    """When the task was pushed, in milliseconds since the epoch. Never absent."""
    return Input("created-at", "integer")  # type: ignore[return-value]


def wait() -> int:
    """Milliseconds since then. Never absent. Declare a refresh, or it stands still."""
    return Input("wait", "integer")  # type: ignore[return-value]


def attempts() -> int:
    """How often it was handed to a worker. Never absent."""
    return Input("attempts", "integer")  # type: ignore[return-value]


def organisation() -> str:
    """Whose work it is. Never absent."""
    return Input("organisation", "text")  # type: ignore[return-value]


def task_type() -> str:
    """Kind of work. Never absent."""
    return Input("task-type", "text")  # type: ignore[return-value]


def base_priority(default: D = None) -> int | D:  # type: ignore[assignment]
    """The priority that was asked for; absent when none was."""
    return Input("base-priority", "integer", default)  # type: ignore[return-value]


def last_run_at(default: D = None) -> int | D:  # type: ignore[assignment]
    """When the last finished task of the same hash ended, in milliseconds since the epoch."""
    return Input("last-run-at", "integer", default)  # type: ignore[return-value]


def last_run_status(default: D = None) -> str | D:  # type: ignore[assignment]
    """How that one ended: ``completed``, ``failed`` or ``cancelled``."""
    return Input("last-run-status", "text", default)  # type: ignore[return-value]


def last_run_duration(default: D = None) -> int | D:  # type: ignore[assignment]
    """How long that one took, from hand-out to end, in milliseconds."""
    return Input("last-run-duration", "integer", default)  # type: ignore[return-value]
