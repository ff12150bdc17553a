"""What authors rely on: rows, settings, answers, and what is said when something is wrong."""

import unittest
from datetime import timedelta

from hinny_plugin import (
    PRIORITY_MAX,
    PRIORITY_MIN,
    Context,
    Explanation,
    Inputs,
    Ranker,
    SettingError,
    Settings,
    created_at,
    last_run_status,
    pointer,
    round_priority,
    wait,
)
from hinny_plugin import _bindings as wire
from hinny_plugin.batch import BadInput, tasks
from hinny_plugin.export import exported
from hinny_plugin.testing import LastRun, Refused, RankerTest


class Scan(Inputs):
    created_ms = created_at()
    level = pointer("/scan/level", int, default=0)
    ratio = pointer("/ratio", float)
    urgent = pointer("/urgent", bool, default=False)
    team = pointer("/team", str, default="nobody")
    ended = last_run_status()

    @property
    def is_ours(self) -> bool:
        return self.team == "été"


class Seen(Ranker[Scan]):
    """Notes what it saw."""

    seen: list[Scan] = []

    def rank(self, task: Scan) -> int:
        Seen.seen.append(task)
        return -min(max(task.level, 0), 4) - (100 if task.is_ours else 0)


class Weighted(Ranker[Scan]):
    def configure(self, settings: Settings) -> None:
        settings.deny_unknown("weight", "teams.*")
        self.weight = settings.integer("weight", default=60, least=0, most=86_400)
        self.teams = settings.table("teams")

    def refresh(self) -> timedelta:
        return timedelta(minutes=5)

    def rank(self, task: Scan) -> int:
        return self.context.now - self.weight * task.level + self.teams.get(task.team, 0)

    def explain(self, task: Scan) -> Explanation:
        return Explanation(self.rank(task)).term("level", -self.weight * task.level, "level")


class Rows(unittest.TestCase):
    def test_a_task_has_its_values_and_defaults_for_what_is_absent(self) -> None:
        Seen.seen.clear()
        queue = RankerTest(Seen)
        run = LastRun(5, "failed", 7)
        full = {"scan": {"level": 3}, "ratio": 1, "urgent": True, "team": "été"}
        queue.task("full", full, created_at=9, last_run=run)
        queue.task("empty", {"scan": {"level": "3"}, "ratio": "1", "urgent": 1, "team": None})
        self.assertEqual(queue.priorities(), [-103, 0])
        self.assertEqual(tuple(Seen.seen[0]), (9, 3, 1.0, True, "été", "failed"))
        self.assertEqual(tuple(Seen.seen[1]), (0, 0, None, False, "nobody", None))
        self.assertIn("team='été'", repr(Seen.seen[0]))

    def test_data_is_converted_as_the_host_does_it(self) -> None:
        class All(Inputs):
            integer = pointer("/v", int)
            number = pointer("/v", float)
            flag = pointer("/v", bool)
            text = pointer("/v", str)

        class Shows(Ranker[All]):
            def rank(self, task: All) -> int:
                rows.append(tuple(task))
                return 0

        rows: list[tuple[object, ...]] = []
        for value in (2.0, 2.5, True, [1, "é"], 2**63, "x"):
            RankerTest(Shows).task("a", {"v": value}).priorities()
        self.assertEqual(
            rows[::2],
            [
                (2, 2.0, None, "2.0"),
                (None, 2.5, None, "2.5"),
                (None, None, True, "true"),
                (None, None, None, '[1,"é"]'),
                (None, float(2**63), None, str(2**63)),
                (None, None, None, "x"),
            ],
        )

    def test_a_class_of_inputs_is_extended_by_another(self) -> None:
        class More(Scan):
            extra = pointer("/extra", int)

        self.assertEqual(list(More._declared)[-2:], ["ended", "extra"])
        row = More((1, 2, 3.0, True, "a", None, 8))
        self.assertEqual((row.level, row.extra, row.is_ours), (2, 8, False))

    def test_a_code_of_an_absent_text_is_never_looked_up(self) -> None:
        class Team(Inputs):
            team = pointer("/team", str)

        texts = wire.ColumnValues_Texts(wire.TextValues([], [0, 7]))
        batch = wire.Batch(2, [wire.Column(texts, [0, 1])])
        self.assertEqual([row.team for row in tasks(Team, batch)], [None, None])

    def test_a_ranker_without_inputs_gets_all_tasks(self) -> None:
        class Nothing(Inputs):
            pass

        self.assertEqual(len(list(tasks(Nothing, wire.Batch(3, [])))), 3)

    def test_a_batch_that_is_not_what_was_declared_is_refused(self) -> None:
        class One(Inputs):
            level = pointer("/level", int)

        def refusal(*columns: wire.Column) -> str:
            with self.assertRaises(BadInput) as raised:
                tasks(One, wire.Batch(2, list(columns)))
            return str(raised.exception)

        flags = wire.Column(wire.ColumnValues_Flags([True, False]), [])
        short = wire.Column(wire.ColumnValues_Integers([1]), [])
        self.assertIn("0 columns, 1 inputs", refusal())
        self.assertIn("declared as integer, it holds flag", refusal(flags))
        self.assertIn("has 1 values, the batch has 2 tasks", refusal(short))

    def test_a_declaration_that_makes_no_sense_is_refused_where_it_stands(self) -> None:
        with self.assertRaisesRegex(ValueError, "expected `/level`"):
            pointer("level", int)
        with self.assertRaisesRegex(TypeError, "expected int, float, str or bool"):
            pointer("/level", list)  # type: ignore[type-var]
        with self.assertRaisesRegex(TypeError, "`level` of `Twice` is declared twice"):

            class Twice(Scan):
                level = pointer("/other", int)


class Telling(unittest.TestCase):
    def test_settings_are_taken_and_wrong_ones_are_told(self) -> None:
        queue = RankerTest(Weighted, {"weight": 5, "teams": {"red": 1000}}, now=7)
        queue.task("a", {"scan": {"level": 2}, "team": "red"})
        self.assertEqual(queue.priorities(), [7 - 10 + 1000])
        for settings, told in [
            ({"weight": -1}, "setting `weight` is -1, expected an integer from 0 to 86400"),
            ({"weight": "x"}, 'setting `weight` is "x", expected an integer from 0 to 86400'),
            ({"heavy": 1}, "setting `heavy` is unknown, expected one of `weight`, `teams.*`"),
        ]:
            with self.assertRaises(Refused) as raised:
                RankerTest(Weighted, settings)
            self.assertEqual(str(raised.exception), told)
        with self.assertRaisesRegex(Refused, "`a` is unknown, there are none"):
            RankerTest(Seen, {"a": 1})

    def test_getters_know_their_types(self) -> None:
        settings = Settings({"n": 1, "f": 1.5, "t": "x", "on": True, "l": [1]})
        self.assertEqual(settings.number("n"), 1.0)
        self.assertEqual(settings.items_of("l"), [1])
        self.assertEqual((settings.text("t"), settings.flag("on")), ("x", True))
        for wrong in [
            lambda: settings.integer("on"),
            lambda: settings.integer("f"),
            lambda: settings.number("t"),
            lambda: settings.text("n"),
            lambda: settings.flag("n"),
            lambda: settings.items_of("t"),
        ]:
            with self.assertRaises(SettingError):
                wrong()

    def test_explanations_have_terms(self) -> None:
        plain = RankerTest(Seen).task("a", {"scan": {"level": 2}}).explanations()
        self.assertEqual([term.contribution for term in plain[0].terms], [-2.0])
        told = RankerTest(Weighted).task("a", {"scan": {"level": 2}}).explanations()
        self.assertEqual(told[0].terms[0].input, "level")

    def test_an_answer_that_is_no_priority_is_told_with_its_task(self) -> None:
        class Answers(Ranker[Scan]):
            def rank(self, task: Scan) -> int:
                return answers[task.level]

        answers = {0: 1, 1: 1.5, 2: True, 3: 2**53, 4: None}
        for level in (1, 2, 3, 4):
            queue = RankerTest(Answers).task("fine").task("not", {"scan": {"level": level}})
            with self.assertRaisesRegex(Refused, f"gave {answers[level]!r} for task 1"):
                queue.priorities()

    def test_an_exception_is_told_with_its_line(self) -> None:
        class Breaks(Ranker[Scan]):
            def rank(self, task: Scan) -> int:
                return len(task.ratio)  # type: ignore[arg-type]

        with self.assertRaisesRegex(Refused, r"TypeError: .*test_ranker.py, line \d+, in `rank`"):
            RankerTest(Breaks).task("a").priorities()

    def test_a_ranker_that_does_not_say_what_it_reads_is_refused(self) -> None:
        class Vague(Ranker):  # type: ignore[type-arg]
            pass

        with self.assertRaisesRegex(Refused, r"expected `class Vague\(Ranker\[Task\]\)`"):
            RankerTest(Vague)

    def test_a_ranker_that_is_not_pure_is_found_out(self) -> None:
        class Counts(Ranker[Scan]):
            calls = 0

            def rank(self, task: Scan) -> int:
                self.calls += 1
                return self.calls

        with self.assertRaisesRegex(Refused, "asked twice the same"):
            RankerTest(Counts).task("a").priorities()


class Describing(unittest.TestCase):
    def test_a_ranker_says_what_it_reads_and_when_it_is_to_be_asked_again(self) -> None:
        plugin = exported(Weighted, "mine", "1.2.3", wire, wire.Err)()
        plugin.configure([])
        told = plugin.describe()
        self.assertEqual((told.name, told.version), ("mine", "1.2.3"))
        self.assertEqual(told.refresh, wire.Refresh_EveryMs(300_000))
        self.assertEqual(told.inputs[0].source, wire.InputSource_CreatedAt())
        self.assertEqual(told.inputs[1].source, wire.InputSource_Pointer("/scan/level"))
        self.assertEqual([input.kind for input in told.inputs[1:5]], [
            wire.InputType.INTEGER,
            wire.InputType.FLOAT,
            wire.InputType.FLAG,
            wire.InputType.TEXT,
        ])  # fmt: skip

    def test_a_second_configure_begins_anew(self) -> None:
        plugin = exported(Weighted, "mine", "1.2.3", wire, wire.Err)()
        weight = wire.Setting("weight", wire.SettingValue_Integer(9))
        plugin.configure([weight])
        plugin.configure([])
        level = wire.Column(wire.ColumnValues_Integers([1]), [])
        columns = [level, level, wire.Column(wire.ColumnValues_Floats([0.0]), [0])]
        columns.append(wire.Column(wire.ColumnValues_Flags([False]), [0]))
        texts = wire.ColumnValues_Texts(wire.TextValues([], [0]))
        columns += [wire.Column(texts, [0]), wire.Column(texts, [0])]
        batch = wire.Batch(1, columns)
        self.assertEqual(plugin.rank(wire.Context(0, "jobs", 0), batch), [-60])


class Rounding(unittest.TestCase):
    def test_a_score_becomes_the_nearest_priority(self) -> None:
        for score, priority in [
            (2.5, 3),
            (-2.5, -3),
            (0.49999999999999994, 0),
            (1e300, PRIORITY_MAX),
            (float("-inf"), PRIORITY_MIN),
            (float("nan"), PRIORITY_MAX),
            (float(PRIORITY_MAX), PRIORITY_MAX),
        ]:
            self.assertEqual(round_priority(score), priority)


if __name__ == "__main__":
    unittest.main()
