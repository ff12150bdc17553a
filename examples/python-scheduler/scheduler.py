"""Looks at each host that a message names, now and every night; so many new ones a day."""

from hinny_plugin import (
    Admitted,
    Command,
    Description,
    Draft,
    DueSchedule,
    Message,
    Push,
    Rejected,
    RetryAfter,
    Scheduler,
    Settings,
    UpsertSchedule,
    identity,
    log,
    state,
)

SCHEMA = {
    "type": "object",
    "required": ["host"],
    "properties": {"host": {"type": "string", "minLength": 1}},
}

DAY_MS = 86_400_000


class Look(Scheduler):
    def configure(self, settings: Settings) -> None:
        settings.deny_unknown("source", "per_day")
        self.source = settings.text("source", default="hosts")
        self.per_day = settings.integer("per_day", default=1_000, least=1, most=100_000)

    def describe(self) -> Description:
        return Description("look", schema=SCHEMA, messages=[self.source], due_schedules=True)

    def admit(self, draft: Draft, now: int) -> Admitted:
        host = draft.json()["host"]
        if host == "localhost":
            raise Rejected("`localhost` is nobody's; hint: name the host as others do", "/host")
        return draft.admit_as(identity(draft.organisation, host))

    def message(self, message: Message, now: int) -> list[Command]:
        found = message.table(organisation=str, host=str)
        organisation, host = found["organisation"], found["host"]
        count = self.count(organisation, now)
        log.info(f"host {count} of `{organisation}` today: `{host}`")
        hash, data = identity(organisation, host), {"host": host}
        return [
            Push(organisation, hash, data),
            UpsertSchedule(organisation, hash, data, cron="0 3 * * *"),
        ]

    def due(self, schedule: DueSchedule, now: int) -> list[Command]:
        return [schedule.push()]

    def count(self, organisation: str, now: int) -> int:
        """How many hosts of the organisation there were today; kept with the commands."""
        key, day = f"day/{organisation}", now // DAY_MS
        kept = state.get(key)
        seen = kept.json(default={"day": day, "count": 0})
        count = seen["count"] + 1 if seen["day"] == day else 1
        if count > self.per_day:
            tomorrow = (day + 1) * DAY_MS
            raise RetryAfter(tomorrow - now, f"`{organisation}` had its {self.per_day} hosts today")
        # Refused if somebody else wrote in between.
        state.set_json(key, {"day": day, "count": count}, expected=kept.revision)
        return count
