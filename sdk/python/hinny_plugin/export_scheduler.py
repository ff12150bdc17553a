"""From the wire to the scheduler plugin of an author and back. Plugins do not need this.

The builder writes the module that calls it, as for rankers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from .export import _configuring, _setting, _where
from .host import HostError, lend, text_of
from .scheduler import (
    Description,
    Draft,
    DueSchedule,
    FinishedTask,
    Message,
    Reject,
    Rejected,
    RetryAfter,
    Scheduler,
    Tick,
)
from .settings import Settings

_TRIGGERS: dict[str, tuple[str, type]] = {
    "Trigger_Message": ("message", Message),
    "Trigger_Tick": ("tick", Tick),
    "Trigger_Due": ("due", DueSchedule),
    "Trigger_Finished": ("finished", FinishedTask),
}


def exported(
    made: type[Scheduler],
    name: str,
    version: str,
    wire: Any,
    results: tuple[Callable[[Any], Any], type[Exception]],
    lent: Mapping[str, Any],
) -> type:
    """The class that the contract wants, for a scheduler plugin of an author.

    ``wire`` is the generated module of the interface, ``results`` make the two sides of a result,
    ``lent`` has the generated modules of what the plugin imports.
    """
    lend(lent)
    plugin = _Plugin(made, (name, version), wire, results)
    calls = ("configure", "describe", "admit", "handle")
    return type("Exported", (), {call: getattr(plugin, call) for call in calls})


class _Plugin:
    """One instance of the plugin: configured once, then asked and triggered."""

    def __init__(
        self,
        made: type[Scheduler],
        title: tuple[str, str],
        wire: Any,
        results: tuple[Callable[[Any], Any], type[Exception]],
    ) -> None:
        self._made, self._title, self._wire = made, title, wire
        self._taken, self._refused = results

    def configure(self, settings: list[Any]) -> None:
        values = {setting.key: _setting(setting.value) for setting in settings}
        try:
            self._scheduler = self._made()
            self._scheduler.configure(Settings(values))
            # What may fail must not fail in `describe`, which has no way to say so.
            self._descriptor = _descriptor(self._scheduler.describe(), self._title, self._wire)
        except Exception as error:
            raise self._refused(_configuring(error)) from None

    def describe(self) -> Any:
        return self._descriptor

    def admit(self, now: int, drafts: list[Any]) -> list[Any]:
        return [self._admit(now, draft) for draft in drafts]

    def _admit(self, now: int, draft: Any) -> Any:
        try:
            taken = self._scheduler.admit(_read(Draft, draft), now)
            admitted = self._wire.Admitted(
                taken.id, taken.hash, text_of(taken.data), taken.priority
            )
            return self._taken(admitted)
        except Rejected as error:
            reason, field = error.reason, error.field
        except HostError as error:
            reason, field = error.reason, ""
        except Exception as error:
            reason, field = f"the plugin failed: {_where(error)}", ""
        return self._refused(self._wire.Rejection(reason, field))

    def handle(self, now: int, trigger: Any) -> list[Any]:
        wire = self._wire
        try:
            method, kind = _TRIGGERS.get(type(trigger).__name__, ("", Message))
            if not method:
                raise Reject(f"this plugin has nothing to do with {trigger.value}")
            answer = getattr(self._scheduler, method)
            return [_command(told, wire) for told in answer(_read(kind, trigger.value), now)]
        except Reject as error:
            failure = wire.Failure_Reject(error.reason)
        except RetryAfter as error:
            failure = wire.Failure_RetryAfter(wire.Retry(error.after_ms, error.reason))
        except HostError as error:
            if error.after_ms is None:
                failure = wire.Failure_Reject(error.reason)
            else:
                failure = wire.Failure_RetryAfter(wire.Retry(error.after_ms, error.reason))
        except Exception as error:
            failure = wire.Failure_Other(_where(error))
        raise self._refused(failure)


def _read(kind: type, told: Any) -> Any:
    """A record of the wire as the type of the same fields that authors see."""
    return kind(*(getattr(told, field.name) for field in fields(kind)))


def _descriptor(said: Description, title: tuple[str, str], wire: Any) -> Any:
    interests = [wire.Interest_Messages(source) for source in said.messages]
    interests += [wire.Interest_Ticks(every_ms) for every_ms in said.ticks]
    interests += [wire.Interest_DueSchedules()] if said.due_schedules else []
    interests += [wire.Interest_FinishedTasks()] if said.finished_tasks else []
    return wire.Descriptor(*title, said.task_type, text_of(said.schema), interests)


def _command(command: Any, wire: Any) -> Any:
    """A command as the wire has it: the same name, the same fields."""
    name = type(command).__name__
    told = {field.name: getattr(command, field.name) for field in fields(command)}
    for document in ("data", "filter"):
        if document in told:
            told[document] = text_of(told[document])
    if "missed" in told:
        told["missed"] = wire.MissedFire[told["missed"].upper()]
    return getattr(wire, f"Command_{name}")(getattr(wire, name)(**told))
