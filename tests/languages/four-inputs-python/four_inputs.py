"""The rule of tests/guests/four-inputs, in Python."""

from hinny_plugin import Inputs, Ranker, created_at, pointer


class Scan(Inputs):
    created_ms = created_at()
    level = pointer("/level", int, default=0)
    urgent = pointer("/urgent", bool, default=False)
    team = pointer("/team", str)


class FourInputs(Ranker[Scan]):
    def rank(self, task: Scan) -> int:
        team = 50 if task.team in ("red", "rød") else 0
        urgent = 500 if task.urgent else 0
        return task.created_ms // 60_000 - 100 * min(max(task.level, 0), 4) - urgent - team
