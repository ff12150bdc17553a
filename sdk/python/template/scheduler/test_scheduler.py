"""`python3 -m unittest` runs these natively, in a moment."""

import unittest

from hinny_plugin import Push, Reject
from hinny_plugin.testing import SchedulerTest
from scheduler import Mine


class MineTest(unittest.TestCase):
    def test_a_host_in_a_message_is_the_same_work_as_one_that_is_pushed(self) -> None:
        plugin = SchedulerTest(Mine)
        found = {"organisation": "acme", "host": "a.example"}
        admitted = plugin.admit({"host": "a.example"})
        pushed = plugin.message("hosts", found)
        self.assertEqual(pushed, [Push("acme", admitted.hash, '{"host":"a.example"}')])

    def test_a_message_that_makes_no_sense_is_set_aside_with_the_reason(self) -> None:
        with self.assertRaisesRegex(Reject, "the body has no `host` of type `str`"):
            SchedulerTest(Mine).message("hosts", {"organisation": "acme"})

    def test_it_wants_the_messages_of_the_source_in_the_settings(self) -> None:
        plugin = SchedulerTest(Mine, {"source": "found"})
        self.assertEqual(plugin.describe().messages, ("found",))


if __name__ == "__main__":
    unittest.main()
