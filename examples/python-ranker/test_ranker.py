"""The order that the ranker gives, natively."""

import unittest

from hinny_plugin.testing import RankerTest
from ranker import DeepFirst


class DeepFirstTest(unittest.TestCase):
    def test_the_deepest_scan_goes_first_and_among_equals_the_oldest(self) -> None:
        queue = RankerTest(DeepFirst)
        queue.task("late", {"scan_level": 2}, created_at=3_000)
        queue.task("early", {"scan_level": 2}, created_at=2_000)
        queue.task("unknown level", {}, created_at=1_000)
        queue.task("deepest", {"scan_level": 4}, created_at=4_000)
        self.assertEqual(queue.order(), ["deepest", "early", "late", "unknown level"])

    def test_no_level_is_beyond_all_others(self) -> None:
        queue = RankerTest(DeepFirst)
        queue.task("absurd", {"scan_level": -(2**63)})
        queue.task("absurd, too", {"scan_level": 2**63 - 1})
        self.assertEqual(queue.priorities(), [0, -4])


if __name__ == "__main__":
    unittest.main()
