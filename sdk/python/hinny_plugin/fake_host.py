"""The host around a scheduler plugin in a native test: what it lends, and what was done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any

from ._bindings import Err, _case
from .host import Entry, Response, text_of

_Conflict = _case("StateError_Conflict")
_StateTooLarge = _case("StateError_TooLarge", "value")
_Unavailable = _case("QueryError_Unavailable", "value")
_BadPlan = _case("ScheduleError_Unavailable", "value")
_Unwanted = _case("SendError_UnwantedSource", "value")
_UnknownService = _case("ConnectorError_UnknownService", "value")

_KEY_BYTES_MAX = 256
_VALUE_BYTES_MAX = 65_536


class Level(Enum):
    TRACE = 0
    DEBUG = 1
    INFO = 2
    WARN = 3
    ERROR = 4


class Method(Enum):
    GET = 0
    POST = 1
    PUT = 2
    PATCH = 3
    DELETE = 4


@dataclass(frozen=True)
class Outgoing:
    """A message that the plugin sent itself."""

    source: str
    body: bytes
    not_before: int | None = None


@dataclass(frozen=True)
class Plan:
    """What becomes of a task's schedule when the task is queued."""

    cron: str | None = None
    time_zone: str | None = None
    deadline_at: int | None = None


@dataclass(frozen=True)
class Request:
    """A question to a service."""

    service: str
    method: Method
    path: str
    query: list[tuple[str, str]]
    body: str | None


@dataclass
class FakeHost:
    """What a test says to the plugin's questions, and what the plugin did."""

    #: Lines in the log, with their level in small letters.
    lines: list[tuple[str, str]] = field(default_factory=list)
    #: What the plugin keeps.
    kept: dict[str, Entry] = field(default_factory=dict)
    #: Messages that the plugin sent itself.
    sent: list[Outgoing] = field(default_factory=list)
    #: Plans, by the ids of the tasks.
    plans: dict[str, Plan] = field(default_factory=dict)
    #: Questions to services.
    asked: list[Request] = field(default_factory=list)
    #: Tasks that the plugin finds as the newest of their hash.
    newest: dict[str, Any] = field(default_factory=dict)
    #: Schedules that the plugin finds, by their hash.
    schedules: dict[str, Any] = field(default_factory=dict)
    #: Answers questions with filters: ``lambda filter, limit: [...]``.
    finder: Callable[[str, int], list[Any]] | None = None
    #: Reckons with cron expressions: ``lambda cron, time_zone, after: moment``.
    matcher: Callable[[str, str | None, int], int | None] | None = None
    #: Answers of services, by their name: ``lambda request: Response(200, "", b"{}")``.
    services: dict[str, Callable[[Request], Response]] = field(default_factory=dict)
    #: The sources whose messages the plugin wants.
    sources: tuple[str, ...] = ()
    _revision: int = 0

    def keep(self, key: str, value: bytes | str | Any) -> None:
        """Writes a value, as the plugin would; what is neither bytes nor text as JSON."""
        data = value if isinstance(value, bytes) else text_of(value).encode()
        self._set(key, data, None)

    def lent(self) -> Mapping[str, Any]:
        """The interfaces, as they are generated for a component."""
        return {
            "log": SimpleNamespace(Level=Level, write=self._write),
            "state": SimpleNamespace(get=self.kept.get, set=self._set),
            "tasks": SimpleNamespace(newest_of=self._newest_of, find=self._find),
            "schedules": SimpleNamespace(
                Plan=Plan, find=self._schedules_of, next_match=self._match, plan_for=self._plan
            ),
            "messages": SimpleNamespace(Outgoing=Outgoing, send=self._send),
            "connector": SimpleNamespace(Method=Method, Request=Request, send=self._ask),
        }

    def _write(self, level: Level, message: str) -> None:
        self.lines.append((level.name.lower(), message))

    def _set(self, key: str, value: bytes | None, expected: int | None) -> None:
        if len(key.encode()) > _KEY_BYTES_MAX:
            raise Err(_StateTooLarge(f"the key has {len(key.encode())} bytes"))
        if value is not None and len(value) > _VALUE_BYTES_MAX:
            raise Err(_StateTooLarge(f"the value of `{key}`"))
        found = self.kept.get(key)
        if expected is not None and expected != (found.revision if found else 0):
            raise Err(_Conflict())
        self._revision += 1
        if value is None:
            self.kept.pop(key, None)
        else:
            self.kept[key] = Entry(value, self._revision)

    def _newest_of(self, hashes: list[str]) -> list[Any]:
        return [self.newest.get(hash) for hash in hashes]

    def _find(self, filter: str, limit: int) -> list[Any]:
        if self.finder is None:
            raise Err(_Unavailable("the test says nothing; hint: `FakeHost.finder`"))
        return self.finder(filter, limit)

    def _schedules_of(self, hashes: list[str]) -> list[Any]:
        return [self.schedules.get(hash) for hash in hashes]

    def _match(self, cron: str, time_zone: str | None, after: int) -> int | None:
        if self.matcher is None:
            raise Err(_BadPlan("the test says nothing; hint: `FakeHost.matcher`"))
        return self.matcher(cron, time_zone, after)

    def _plan(self, task: str, plan: Plan) -> None:
        self.plans[task] = plan

    def _send(self, message: Outgoing) -> None:
        if message.source not in self.sources:
            raise Err(_Unwanted(f"the plugin does not want messages of `{message.source}`"))
        self.sent.append(message)

    def _ask(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.services.get(request.service)
        if answer is None:
            raise Err(_UnknownService(f"`{request.service}`; hint: `FakeHost.services`"))
        return answer(request)
