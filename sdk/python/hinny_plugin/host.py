"""What the host lends a scheduler plugin, each only when it is listed and granted.

``uses`` in ``[tool.hinny]`` lists what a plugin uses; its component imports that and nothing else.
What the host refuses is a ``HostError``; in ``handle`` it becomes the right failure by itself:
*later* when the database or a service cannot be asked now, *never* when the question is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

#: What was lent, by name: the generated modules of the imports, or those of a test.
_lent: dict[str, Any] = {}

#: Wait before the next try, when only time helps. The host takes no less than its own back-off.
_LATER_MS = 1000


class HostError(Exception):
    """What the host refuses, and when to try again: never, when ``after_ms`` is None."""

    def __init__(self, reason: str, after_ms: int | None = None, case: str = "other") -> None:
        super().__init__(reason)
        self.reason, self.after_ms, self.case = reason, after_ms, case


def lend(modules: Mapping[str, Any]) -> None:
    """Lends interfaces by name, in place of all that were lent before."""
    _lent.clear()
    _lent.update(modules)


class _Interface:
    """One interface of the host."""

    def __init__(self, name: str, what: str) -> None:
        self._name, self._what = name, what

    def _module(self) -> Any:
        found = _lent.get(self._name)
        if found is None:
            raise HostError(
                f"the plugin uses `{self._name}` and does not say so; hint: "
                f'`uses = ["{self._name}"]` in `[tool.hinny]` of pyproject.toml'
            )
        return found

    def _ask(self, function: str, *arguments: Any) -> Any:
        call = getattr(self._module(), function)
        try:
            return call(*arguments)
        except Exception as error:
            raise self._failure(error) from None

    def _failure(self, error: Any) -> Exception:
        """An error of the contract, as what to do about it."""
        value = getattr(error, "value", None)
        case = type(value).__name__.rpartition("_")[2]
        if value is None:
            return error if isinstance(error, Exception) else HostError(str(error))
        if case == "Conflict":
            return HostError(f"{self._what} was changed in between", 0, "conflict")
        after_ms = _LATER_MS if case in ("Unavailable", "UnknownService") else None
        snake = "".join(f"-{c.lower()}" if c.isupper() else c for c in case).lstrip("-")
        return HostError(f"{self._what}: {value.value}", after_ms, snake)


class _Log(_Interface):
    """Lines in the host's log."""

    def trace(self, message: str) -> None:
        self._write("TRACE", message)

    def debug(self, message: str) -> None:
        self._write("DEBUG", message)

    def info(self, message: str) -> None:
        self._write("INFO", message)

    def warn(self, message: str) -> None:
        self._write("WARN", message)

    def error(self, message: str) -> None:
        self._write("ERROR", message)

    def _write(self, level: str, message: str) -> None:
        module = self._module()
        module.write(module.Level[level], message)


@dataclass(frozen=True)
class Entry:
    """A value of the state. ``revision`` grows with every write; it is 0 where nothing is kept."""

    value: bytes | None
    revision: int

    def json(self, default: Any = None) -> Any:
        """The value as JSON; the default where nothing is kept."""
        return default if self.value is None else json.loads(self.value)


class _State(_Interface):
    """Small values that the plugin keeps. They are written with the commands, or not at all."""

    def get(self, key: str) -> Entry:
        found = self._ask("get", key)
        return Entry(None, 0) if found is None else Entry(bytes(found.value), found.revision)

    def set(self, key: str, value: bytes | str | None, expected: int | None = None) -> None:
        """Writes a value; None deletes it. ``expected`` is the revision that it must have."""
        self._ask("set", key, value.encode() if isinstance(value, str) else value, expected)

    def set_json(self, key: str, value: Any, expected: int | None = None) -> None:
        """Writes a value as JSON."""
        self.set(key, json.dumps(value, ensure_ascii=False, separators=(",", ":")), expected)


class _Tasks(_Interface):
    """Questions about the tasks of the plugin's own scheduler."""

    def newest_of(self, hashes: Iterable[str]) -> list[Any]:
        """The newest task of each hash, None where there is none."""
        return list(self._ask("newest_of", list(hashes)))

    def find(self, filter: Any, limit: int) -> list[Any]:
        """Tasks that match ``{"filters": [...]}``, newest first."""
        return list(self._ask("find", text_of(filter), limit))


class _Schedules(_Interface):
    """The schedules of the plugin's own scheduler."""

    def find(self, hashes: Iterable[str]) -> list[Any]:
        """The schedule of each hash, None where there is none."""
        return list(self._ask("find", list(hashes)))

    def next_match(self, cron: str, after: int, time_zone: str | None = None) -> int | None:
        """The first match of a cron expression after a moment."""
        found: int | None = self._ask("next_match", cron, time_zone, after)
        return found

    def plan_for(
        self,
        task: str,
        cron: str | None = None,
        time_zone: str | None = None,
        deadline_at: int | None = None,
    ) -> None:
        """In ``admit``: makes or changes the schedule of an admitted task, given by its id."""
        self._ask("plan_for", task, self._module().Plan(cron, time_zone, deadline_at))


class _Messages(_Interface):
    """Messages to oneself. They are kept with the commands, or not at all."""

    def send(self, source: str, body: bytes | str, not_before: int | None = None) -> None:
        data = body.encode() if isinstance(body, str) else body
        self._ask("send", self._module().Outgoing(source, data, not_before))


@dataclass(frozen=True)
class Response:
    """What a service answered, whatever its status."""

    status: int
    content_type: str
    body: bytes

    def success(self) -> Response:
        """The same, when its status is 2xx; else a failure: later for 5xx and 429, else never."""
        if 200 <= self.status < 300:
            return self
        later = self.status >= 500 or self.status == 429
        raise HostError(f"the service answered {self.status}", _LATER_MS if later else None)

    def found(self) -> Response | None:
        """The same, or None for 404."""
        return None if self.status == 404 else self.success()

    def json(self) -> Any:
        """The body as JSON. A service that gives something else is asked again later."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise HostError(f"the service gives no JSON: {error}", _LATER_MS) from None


class _Connector(_Interface):
    """Services that the operator configured and granted, asked by name."""

    def get(self, service: str, path: str, query: Mapping[str, Any] | None = None) -> Response:
        return self.send(service, "GET", path, query)

    def send(
        self,
        service: str,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> Response:
        """Asks; ``body`` is a JSON document, or anything that makes one."""
        module = self._module()
        pairs = [(key, str(value)) for key, value in (query or {}).items()]
        document = None if body is None else text_of(body)
        request = module.Request(service, module.Method[method], path, pairs, document)
        answer = self._ask("send", request)
        return Response(answer.status, answer.content_type, bytes(answer.body))


def segment(text: str) -> str:
    """Text as one part of a path, whatever is in it."""
    return quote(text, safe="")


def text_of(document: Any) -> str:
    """A JSON document as text; text counts as one already."""
    if isinstance(document, str):
        return document
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


log = _Log("log", "the log")
state = _State("state", "the state")
tasks = _Tasks("tasks", "tasks")
schedules = _Schedules("schedules", "schedules")
messages = _Messages("messages", "a message to itself")
connector = _Connector("connector", "a service")
