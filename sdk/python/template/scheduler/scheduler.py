"""Makes a task of each host that a message names. See README.md."""

from hinny_plugin import (
    Admitted,
    Command,
    Description,
    Draft,
    Message,
    Push,
    Scheduler,
    Settings,
    identity,
    log,
)

# What a task's data must look like. The host checks it before `admit` is asked.
SCHEMA = {
    "type": "object",
    "required": ["host"],
    "properties": {"host": {"type": "string", "minLength": 1}},
}


class Mine(Scheduler):
    def configure(self, settings: Settings) -> None:
        settings.deny_unknown("source")
        self.source = settings.text("source", default="hosts")

    def describe(self) -> Description:
        return Description("look", schema=SCHEMA, messages=[self.source])

    # What is pushed over the API.
    def admit(self, draft: Draft, now: int) -> Admitted:
        return draft.admit_as(identity(draft.organisation, draft.json()["host"]))

    # What comes as a message: each one is handled once in effect, or set aside with the reason.
    def message(self, message: Message, now: int) -> list[Command]:
        found = message.table(organisation=str, host=str)
        organisation, host = found["organisation"], found["host"]
        log.debug(f"found `{host}` of `{organisation}`")
        # The hash makes two tasks the same work: the same work is not queued twice.
        return [Push(organisation, identity(organisation, host), {"host": host})]
