"""From the wire to the class of an author and back. Plugins do not need this.

The builder writes the module that calls it, with the name and version of the plugin, and hands in
the generated bindings: so all of this runs natively, too, with bindings of a test.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from . import batch as batches
from .inputs import Input
from .ranker import PRIORITY_MAX, PRIORITY_MIN, Context, Explanation, Ranker
from .settings import Settings


def exported(
    made: type[Ranker[Any]], name: str, version: str, wire: Any, refused: type[Exception]
) -> type:
    """The class that the contract wants, for a ranker of an author.

    ``wire`` is the generated module of the interface, ``refused`` the exception that carries the
    error of a result.
    """
    plugin = _Plugin(made, name, version, wire, refused)
    # The runtime makes an object of the class for each call, so what is configured is kept apart.
    calls = ("configure", "describe", "rank", "explain")
    return type("Exported", (), {call: getattr(plugin, call) for call in calls})


class _Plugin:
    """One instance of the plugin: configured once, then asked."""

    def __init__(
        self,
        made: type[Ranker[Any]],
        name: str,
        version: str,
        wire: Any,
        refused: type[Exception],
    ) -> None:
        self._made, self._title = made, (name, version)
        self._wire, self._refused = wire, refused

    def configure(self, settings: list[Any]) -> None:
        values = {setting.key: _setting(setting.value) for setting in settings}
        try:
            self._ranker = self._made()
            self._ranker.configure(Settings(values))
            # What may fail must not fail in `describe`, which has no way to say so.
            self._inputs = self._ranker.inputs()
            self._descriptor = _descriptor(self._ranker, self._title, self._wire)
        except Exception as error:
            raise self._refused(_configuring(error)) from None

    def describe(self) -> Any:
        return self._descriptor

    def rank(self, context: Any, batch: Any) -> list[int]:
        answers = self._each(self._ranker.rank, context, batch)
        wrong = _wrong(answers)
        if wrong is not None:
            raise self._refused(self._wire.RankError_Other(wrong))
        return answers

    def explain(self, context: Any, batch: Any) -> list[Any]:
        answers = self._each(self._ranker.explain, context, batch)
        return [_explanation(answer, self._wire) for answer in answers]

    def _each(self, answer: Callable[[Any], Any], context: Any, batch: Any) -> list[Any]:
        self._ranker.context = Context(context.now, context.scheduler, context.seed)
        try:
            return list(map(answer, batches.tasks(self._inputs, batch)))
        except batches.BadInput as error:
            raise self._refused(self._wire.RankError_BadInput(str(error))) from None
        except Exception as error:
            raise self._refused(self._wire.RankError_Other(_where(error))) from None


def _setting(value: Any) -> Any:
    """A setting as Python has it; what is neither number, text nor flag comes as JSON."""
    return json.loads(value.value) if type(value).__name__.endswith("_Other") else value.value


def _descriptor(ranker: Ranker[Any], title: tuple[str, str], wire: Any) -> Any:
    declared = ranker.inputs()._declared.items()
    inputs = [wire.Input(key, _source(input, wire), _kind(input, wire)) for key, input in declared]
    return wire.Descriptor(*title, inputs, _refresh(ranker.refresh(), wire))


def _source(input: Input, wire: Any) -> Any:
    if input.pointer is not None:
        return wire.InputSource_Pointer(input.pointer)
    camel = "".join(part.capitalize() for part in input.source.split("-"))
    return getattr(wire, f"InputSource_{camel}")()


def _kind(input: Input, wire: Any) -> Any:
    return getattr(wire.InputType, input.kind.upper())


def _refresh(every: timedelta | None, wire: Any) -> Any:
    if every is None:
        return wire.Refresh_Never()
    return wire.Refresh_EveryMs(every // timedelta(milliseconds=1))


def _explanation(answer: Explanation, wire: Any) -> Any:
    terms = [wire.Term(term.label, term.contribution, term.input) for term in answer.terms]
    return wire.Explanation(answer.priority, terms, answer.note)


def _wrong(answers: list[Any]) -> str | None:
    """What is wrong with priorities: the host would only know that something is."""
    if set(map(type, answers)) <= {int} and (
        not answers or (min(answers) >= PRIORITY_MIN and max(answers) <= PRIORITY_MAX)
    ):
        return None
    at, answer = next(
        (at, answer)
        for at, answer in enumerate(answers)
        if type(answer) is not int or not PRIORITY_MIN <= answer <= PRIORITY_MAX
    )
    return (
        f"`rank` gave {answer!r} for task {at}, expected an integer from {PRIORITY_MIN} to "
        f"{PRIORITY_MAX}; hint: `round_priority` makes one of any number"
    )


def _configuring(error: Exception) -> str:
    """A refusal in its author's words; anything else with its place."""
    return str(error) if isinstance(error, ValueError) else _where(error)


def _where(error: Exception) -> str:
    """What was raised, and the line of it. There is no other way to see it: no console."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return f"{type(error).__name__}: {error}"
    last = frames[-1]
    place = f"{PurePath(last.filename).name}, line {last.lineno}, in `{last.name}`"
    return f"{type(error).__name__}: {error} ({place})"
