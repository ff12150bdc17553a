"""A whole ranker: the deepest scans first, and among equals the oldest, as always."""

from hinny_plugin import Inputs, Ranker, pointer


class Scan(Inputs):
    level = pointer("/scan_level", int, default=0)


class DeepFirst(Ranker[Scan]):
    def rank(self, task: Scan) -> int:
        return -min(max(task.level, 0), 4)
