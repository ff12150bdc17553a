"""What is deep goes ahead of what is shallow, but nothing waits forever. See README.md."""

from hinny_plugin import Explanation, Inputs, Ranker, Settings, created_at, pointer


class Task(Inputs):
    """What it reads of each task; the host sends this and nothing else."""

    created_ms = created_at()
    level = pointer("/level", int, default=0)


class Mine(Ranker[Task]):
    """Moves a task forward by a number of seconds for each level."""

    def configure(self, settings: Settings) -> None:
        settings.deny_unknown("seconds_per_level")
        self.seconds_per_level = settings.integer(
            "seconds_per_level", default=3600, least=0, most=86_400
        )

    # Lower goes first.
    def rank(self, task: Task) -> int:
        return task.created_ms // 1000 - self.head_start(task)

    def explain(self, task: Task) -> Explanation:
        created = task.created_ms // 1000
        return (
            Explanation(self.rank(task))
            .term("time of creation in seconds", created, "created_ms")
            .term("head start for its level", -self.head_start(task), "level")
        )

    def head_start(self, task: Task) -> int:
        """In seconds. The level is kept within bounds: data is written by others."""
        return min(max(task.level, 0), 10) * self.seconds_per_level
