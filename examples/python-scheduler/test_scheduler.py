"""What the plugin commands, natively."""

import unittest

from hinny_plugin import Push, Rejected, RetryAfter, UpsertSchedule
from hinny_plugin.testing import SchedulerTest
from scheduler import DAY_MS, Look


def found(host: str) -> dict[str, str]:
    return {"organisation": "acme", "host": host}


class LookTest(unittest.TestCase):
    def test_a_host_is_looked_at_now_and_every_night(self) -> None:
        plugin = SchedulerTest(Look, now=5 * DAY_MS)
        hash = plugin.admit({"host": "a.example"}).hash
        data = '{"host":"a.example"}'
        commands = plugin.message("hosts", found("a.example"))
        self.assertEqual(
            commands,
            [Push("acme", hash, data), UpsertSchedule("acme", hash, data, cron="0 3 * * *")],
        )
        self.assertEqual(plugin.due("acme", hash, data), [Push("acme", hash, data, schedule=hash)])
        self.assertEqual(plugin.host.lines, [("info", "host 1 of `acme` today: `a.example`")])

    def test_what_is_too_much_for_a_day_waits_for_the_next(self) -> None:
        plugin = SchedulerTest(Look, {"per_day": 2}, now=5 * DAY_MS + 1)
        plugin.message("hosts", found("a.example"))
        plugin.message("hosts", found("b.example"))
        with self.assertRaises(RetryAfter) as refused:
            plugin.message("hosts", found("c.example"))
        self.assertEqual(refused.exception.after_ms, DAY_MS - 1)
        self.assertEqual(refused.exception.reason, "`acme` had its 2 hosts today")
        plugin.now = 6 * DAY_MS
        plugin.message("hosts", found("c.example"))
        self.assertEqual(plugin.kept("day/acme").json(), {"day": 6, "count": 1})

    def test_a_name_that_means_another_host_everywhere_is_not_taken(self) -> None:
        with self.assertRaises(Rejected) as refused:
            SchedulerTest(Look).admit({"host": "localhost"})
        self.assertEqual(refused.exception.field, "/host")


if __name__ == "__main__":
    unittest.main()
