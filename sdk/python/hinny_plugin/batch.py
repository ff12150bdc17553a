"""From the columns of a batch to tasks, in loops that run in C."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Any

from .inputs import Input, Inputs

#: The name that the bindings give the values of each type, and what people call them.
_VALUES = {
    "ColumnValues_Integers": "integer",
    "ColumnValues_Floats": "float",
    "ColumnValues_Texts": "text",
    "ColumnValues_Flags": "flag",
}


class BadInput(ValueError):
    """A batch that is not what was declared."""


def tasks(kind: type[Inputs], batch: Any) -> Iterator[Inputs]:
    """The tasks of a batch, each made when it is asked for."""
    declared = kind._declared
    if len(batch.columns) != len(declared):
        raise BadInput(
            f"the batch has {len(batch.columns)} columns, {len(declared)} inputs are declared"
        )
    columns = [
        _column(name, declared, column, batch.len)
        for (name, declared), column in zip(declared.items(), batch.columns)
    ]
    rows = zip(*columns) if columns else repeat((), batch.len)
    return map(tuple.__new__, repeat(kind), rows)


def _column(name: str, declared: Input, column: Any, length: int) -> list[Any]:
    """The values of an input, defaults included."""
    found = _VALUES.get(type(column.values).__name__, "something else")
    if found != declared.kind:
        raise BadInput(f"column `{name}` is declared as {declared.kind}, it holds {found}")
    values: list[Any] = column.values.value
    if found == "text":
        values = _texts(values, declared, column.absent)
    if len(values) != length:
        raise BadInput(
            f"column `{name}` has {len(values)} values, the batch has {length} tasks"
        )
    if found != "text":
        for at in column.absent:
            values[at] = declared.default
    return values


def _texts(values: Any, declared: Input, absent: list[int]) -> list[Any]:
    """Each distinct text is one object, however many tasks have it."""
    codes, dictionary = values.codes, values.dictionary
    # What a code means where the text is absent is not said: it gets a place of its own.
    nothing = len(dictionary)
    for at in absent:
        codes[at] = nothing
    return list(map([*dictionary, declared.default].__getitem__, codes))
