"""What authors of scheduler plugins rely on: triggers, commands, failures, and what the host lends."""

import unittest

from hinny_plugin import (
    Admitted,
    Cancel,
    Command,
    Description,
    DisableSchedule,
    Draft,
    DueSchedule,
    FinishedTask,
    HostError,
    Message,
    Push,
    Reject,
    Rejected,
    Response,
    RetryAfter,
    Scheduler,
    Tick,
    UpsertSchedule,
    connector,
    identity,
    log,
    messages,
    schedules,
    segment,
    state,
    tasks,
)
from hinny_plugin.fake_host import FakeHost, Outgoing, Plan
from hinny_plugin.host import lend
from hinny_plugin.testing import Refused, SchedulerTest


class Everything(Scheduler):
    """Does what the body of a message says, as an expression."""

    def describe(self) -> Description:
        return Description("all", {}, ["do", "more"], [1_000], True, True)

    def admit(self, draft: Draft, now: int) -> Admitted:
        data = draft.json()
        if "cron" in data:
            schedules.plan_for(draft.fresh_id, cron=data["cron"])
        if data.get("bad"):
            raise Rejected("it is bad", "/bad")
        return draft.admit_as(data["hash"])

    def message(self, message: Message, now: int) -> list[Command]:
        found: list[Command] = eval(message.text()) or []
        return found

    def tick(self, tick: Tick, now: int) -> list[Command]:
        return [Push("acme", f"tick-{tick.planned_at}", {"every": tick.every_ms})]

    def due(self, schedule: DueSchedule, now: int) -> list[Command]:
        return [schedule.push()]

    def finished(self, task: FinishedTask, now: int) -> list[Command]:
        return [Push(task.organisation, f"after-{task.hash}", task.json(), priority=3)]


def plugin() -> SchedulerTest:
    return SchedulerTest(Everything, now=5)


class SchedulerTestCase(unittest.TestCase):
    def test_each_trigger_goes_to_its_method(self) -> None:
        test = plugin()
        self.assertEqual(test.tick(1_000), [Push("acme", "tick-5", '{"every":1000}')])
        self.assertEqual(test.due("a", "h", {"n": 1}), [Push("a", "h", '{"n":1}', schedule="h")])
        expected = [Push("acme", "after-h", '{"n":1}', priority=3)]
        self.assertEqual(test.finished("h", {"n": 1}, "failed"), expected)

    def test_every_command_gets_to_the_wire(self) -> None:
        body = (
            "[Cancel({'filters': []}, 'old'), DisableSchedule('h', 'gone'),"
            " UpsertSchedule('a', 'h', 'null', deadline_at=9, missed='skip')]"
        )
        expected = [
            Cancel('{"filters":[]}', "old"),
            DisableSchedule("h", "gone"),
            UpsertSchedule("a", "h", "null", deadline_at=9, missed="skip"),
        ]
        self.assertEqual(plugin().message("do", body), expected)

    def test_a_trigger_without_a_method_is_set_aside(self) -> None:
        class Bare(Everything):
            message = Scheduler.message
            tick = Scheduler.tick

        with self.assertRaisesRegex(Reject, "nothing to do with messages of `do`"):
            SchedulerTest(Bare).message("do", "")
        with self.assertRaisesRegex(Reject, "nothing to do with ticks"):
            SchedulerTest(Bare).tick(1_000)

    def test_a_mistake_is_told_with_its_place(self) -> None:
        with self.assertRaisesRegex(Refused, r"ZeroDivisionError: .*<string>, line 1"):
            plugin().message("do", "1 / 0")
        with self.assertRaisesRegex(Rejected, "the plugin failed: KeyError: 'hash'"):
            plugin().admit({})
        with self.assertRaises(Rejected) as refused:
            plugin().admit({"bad": 1})
        self.assertEqual((refused.exception.reason, refused.exception.field), ("it is bad", "/bad"))

    def test_a_body_that_is_no_text_is_rejected(self) -> None:
        with self.assertRaisesRegex(Reject, "bad byte at offset 1"):
            plugin().message("do", b"a\xff")

    def test_state_lasts_and_what_a_failed_call_wrote_does_not(self) -> None:
        test = plugin()
        test.message("do", "state.set_json('n', 1)")
        self.assertEqual(test.kept("n").json(), 1)
        with self.assertRaises(Refused):
            test.message("do", "state.set_json('n', 2) or 1 / 0")
        self.assertEqual(test.kept("n").json(), 1)
        with self.assertRaises(RetryAfter) as refused:
            test.message("do", "state.set('n', b'3', expected=9)")
        self.assertEqual(refused.exception.reason, "the state was changed in between")
        with self.assertRaisesRegex(Reject, "the state: the key has 257 bytes"):
            test.message("do", "state.set('n' * 257, b'')")
        test.message("do", "state.set('n', None, expected=1)")
        self.assertEqual(test.kept("n").revision, 0)

    def test_what_is_sent_comes_later_and_only_where_it_is_wanted(self) -> None:
        test = plugin()
        test.message("do", "messages.send('more', 'x', not_before=7)")
        self.assertEqual(test.host.sent, [Outgoing("more", b"x", 7)])
        with self.assertRaisesRegex(Reject, "does not want messages of `less`"):
            test.message("do", "messages.send('less', 'x')")

    def test_services_are_asked_and_their_failures_mean_later_or_never(self) -> None:
        test = plugin()
        answers = {"/a/b%2Fc": (200, b'"d"'), "/busy": (503, b""), "/none": (404, b"")}
        test.host.services["store"] = lambda request: Response(
            answers[request.path][0], "", answers[request.path][1]
        )
        get = "connector.get('store', {})"
        data = get.format("'/a/' + segment('b/c'), {'q': 1}") + ".success().json()"
        pushed = test.message("do", f"[Push('a', 'h', {data})]")
        self.assertEqual(pushed, [Push("a", "h", "d")])
        self.assertEqual(test.host.asked[0].query, [("q", "1")])
        with self.assertRaisesRegex(RetryAfter, "answered 503"):
            test.message("do", get.format("'/busy'") + ".success()")
        self.assertEqual(test.message("do", get.format("'/none'") + ".found()"), [])
        with self.assertRaisesRegex(Reject, "answered 404"):
            test.message("do", get.format("'/none'") + ".success()")
        with self.assertRaisesRegex(RetryAfter, "a service: `shop`"):
            test.message("do", "connector.get('shop', '/')")

    def test_tasks_and_schedules_are_found_as_the_test_says(self) -> None:
        test = plugin()
        test.host.newest["h"] = "a task"
        test.host.finder = lambda filter, limit: [filter, limit]
        test.host.matcher = lambda cron, zone, after: after + 1
        body = (
            "[Push('a', 'h', [tasks.newest_of(['h', 'i']), tasks.find({'filters': []}, 3),"
            " schedules.find(['h']), schedules.next_match('0 3 * * *', now)])]"
        )
        [push] = test.message("do", body)
        self.assertEqual(push.data, '[["a task",null],["{\\"filters\\":[]}",3],[null],6]')
        test.admit({"hash": "h", "cron": "0 3 * * *"})
        self.assertEqual(list(test.host.plans.values()), [Plan("0 3 * * *")])

    def test_what_is_used_and_not_listed_is_told_by_name(self) -> None:
        lend({"log": FakeHost().lent()["log"]})
        log.info("this one is listed")
        with self.assertRaisesRegex(HostError, r'hint: `uses = \["state"\]` in `\[tool.hinny\]`'):
            state.get("n")

    def test_an_identity_is_the_same_in_all_languages(self) -> None:
        one = identity("acme", {"b": 2.0, "a": 1})
        self.assertEqual(one, "0dea90a3b9a18fa2b9c57f501e6d02e1")
        self.assertEqual(one, identity("acme", {"a": 1.0, "b": 2}))
        self.assertNotEqual(identity("ab", "c"), identity("a", "bc"))
        self.assertNotEqual(identity(None), identity())


# What expressions in messages name.
_ = (Cancel, UpsertSchedule, DisableSchedule, connector, messages, schedules, segment, state, tasks)

if __name__ == "__main__":
    unittest.main()
