"""`python3 -m unittest` runs these natively, in a moment."""

import unittest

from hinny_plugin.testing import RankerTest, Refused
from ranker import Mine


def queue(settings: dict[str, object]) -> RankerTest:
    return (
        RankerTest(Mine, settings)
        .task("plain", created_at=30_000)
        .task("deep", {"level": 2}, created_at=90_000)
        .task("deeper", {"level": 3}, created_at=99_000)
    )


class MineTest(unittest.TestCase):
    def test_a_level_is_worth_as_many_seconds_as_the_settings_say(self) -> None:
        order = lambda seconds: queue({"seconds_per_level": seconds}).order()
        self.assertEqual(order(60), ["deeper", "deep", "plain"])
        self.assertEqual(order(5), ["plain", "deep", "deeper"])

    def test_the_terms_of_an_explanation_add_up(self) -> None:
        for explanation in queue({}).explanations():
            total = sum(term.contribution for term in explanation.terms)
            self.assertEqual(total, explanation.priority)

    def test_a_setting_that_does_not_exist_is_refused(self) -> None:
        with self.assertRaisesRegex(Refused, "setting `seconds` is unknown"):
            queue({"seconds": 60})


if __name__ == "__main__":
    unittest.main()
