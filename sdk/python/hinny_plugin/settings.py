"""What an operator tells a plugin, and how to refuse it well."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

#: Enough characters of a text to recognise it.
_SHOWN_MAX = 80


class SettingError(ValueError):
    """A setting that a plugin does not take. Say which, what it is and what it may be."""

    @classmethod
    def of(cls, key: str, value: object, expected: str) -> SettingError:
        """Refuses a value, in the words that all SDKs use."""
        return cls(f"setting `{key}` is {_shown(value)}, expected {expected}")


class Settings(Mapping[str, Any]):
    """The settings of a plugin. Tables are flattened: ``{"weights": {"age": 2}}`` is ``weights.age``.

    Every getter tells a wrong value with its name, what it is and what it may be, as operators see
    it when their version is refused.
    """

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def deny_unknown(self, *known: str) -> None:
        """Refuses settings that are not listed. ``weights.*`` lists everything in a table."""
        for key in self._values:
            if not any(key == name or _is_within(key, name) for name in known):
                names = "`, `".join(known)
                expected = f"expected one of `{names}`" if known else "there are none"
                raise SettingError(f"setting `{key}` is unknown, {expected}")

    def integer(
        self, key: str, default: int = 0, least: int | None = None, most: int | None = None
    ) -> int:
        """An integer within bounds, or a default."""
        value = self._values.get(key, default)
        expected = _bounded("an integer", least, most)
        if type(value) is not int or _is_outside(value, least, most):
            raise SettingError.of(key, value, expected)
        return value

    def number(
        self,
        key: str,
        default: float = 0.0,
        least: float | None = None,
        most: float | None = None,
    ) -> float:
        """A number within bounds, or a default. An integer is a number, too."""
        value = self._values.get(key, default)
        expected = _bounded("a number", least, most)
        if type(value) not in (int, float) or _is_outside(value, least, most):
            raise SettingError.of(key, value, expected)
        return float(value)

    def text(self, key: str, default: str = "") -> str:
        """Text, or a default."""
        value = self._values.get(key, default)
        if type(value) is not str:
            raise SettingError.of(key, value, "text")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false, or a default."""
        value = self._values.get(key, default)
        if type(value) is not bool:
            raise SettingError.of(key, value, "true or false")
        return value

    def items_of(self, key: str) -> list[Any]:
        """A list; empty when it is not set."""
        value = self._values.get(key, [])
        if type(value) is not list:
            raise SettingError.of(key, value, "a list")
        return value

    def table(self, name: str) -> dict[str, Any]:
        """The settings of a flattened table, with the rest of their names."""
        start = f"{name}."
        found = self._values.items()
        return {key[len(start) :]: value for key, value in found if key.startswith(start)}


def _is_within(key: str, name: str) -> bool:
    return name.endswith("*") and key.startswith(name[:-1])


def _is_outside(value: float, least: float | None, most: float | None) -> bool:
    return (least is not None and value < least) or (most is not None and value > most)


def _bounded(what: str, least: float | None, most: float | None) -> str:
    match (least, most):
        case (None, None):
            return what
        case (_, None):
            return f"{what} of at least {least}"
        case (None, _):
            return f"{what} of at most {most}"
        case _:
            return f"{what} from {least} to {most}"


def _shown(value: object) -> str:
    """A value as people write it."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "…"
