"""The bindings as they are generated for a component, for tests: the same names, no WebAssembly."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from enum import Enum
from typing import Any


class Err(Exception):
    """The error of a result."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value


class InputType(Enum):
    INTEGER = 0
    FLOAT = 1
    TEXT = 2
    FLAG = 3


@dataclass
class Input:
    name: str
    source: Any
    kind: InputType


@dataclass
class Descriptor:
    name: str
    version: str
    inputs: list[Input]
    refresh: Any


@dataclass
class Context:
    now: int
    scheduler: str
    seed: int


@dataclass
class TextValues:
    dictionary: list[str]
    codes: list[int]


@dataclass
class Column:
    values: Any
    absent: list[int]


@dataclass
class Batch:
    len: int
    columns: list[Column]


@dataclass
class Term:
    label: str
    contribution: float
    input: str | None


@dataclass
class Explanation:
    priority: int
    terms: list[Term]
    note: str | None


@dataclass
class Setting:
    key: str
    value: Any


def _case(name: str, *fields: str) -> type:
    return make_dataclass(name, fields)


InputSource_CreatedAt = _case("InputSource_CreatedAt")
InputSource_Wait = _case("InputSource_Wait")
InputSource_BasePriority = _case("InputSource_BasePriority")
InputSource_Attempts = _case("InputSource_Attempts")
InputSource_Organisation = _case("InputSource_Organisation")
InputSource_TaskType = _case("InputSource_TaskType")
InputSource_LastRunAt = _case("InputSource_LastRunAt")
InputSource_LastRunStatus = _case("InputSource_LastRunStatus")
InputSource_LastRunDuration = _case("InputSource_LastRunDuration")
InputSource_Pointer = _case("InputSource_Pointer", "value")
Refresh_Never = _case("Refresh_Never")
Refresh_EveryMs = _case("Refresh_EveryMs", "value")
ColumnValues_Integers = _case("ColumnValues_Integers", "value")
ColumnValues_Floats = _case("ColumnValues_Floats", "value")
ColumnValues_Texts = _case("ColumnValues_Texts", "value")
ColumnValues_Flags = _case("ColumnValues_Flags", "value")
RankError_BadInput = _case("RankError_BadInput", "value")
RankError_Other = _case("RankError_Other", "value")
SettingValue_Integer = _case("SettingValue_Integer", "value")
SettingValue_Float = _case("SettingValue_Float", "value")
SettingValue_Text = _case("SettingValue_Text", "value")
SettingValue_Flag = _case("SettingValue_Flag", "value")
SettingValue_Other = _case("SettingValue_Other", "value")
