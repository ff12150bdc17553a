// Looks at each host that a message names, now and every night; so many new ones a day.

import { Rejected, RetryAfter, identity, log, push, scheduler, state, upsertSchedule } from "hinny-plugin";

const schema = {
  type: "object",
  required: ["host"],
  properties: { host: { type: "string", minLength: 1 } },
};

const DAY_MS = 86_400_000;

export default scheduler({
  configure(settings) {
    settings.denyUnknown("source", "per_day");
    return {
      source: settings.text("source", "hosts"),
      perDay: settings.integer("per_day", { absent: 1_000, least: 1, most: 100_000 }),
    };
  },

  describe: ({ source }) => ({ taskType: "look", schema, messages: [source], dueSchedules: true }),

  admit(draft) {
    const { host } = draft.json();
    if (host === "localhost") {
      throw new Rejected("`localhost` is nobody's; hint: name the host as others do", "/host");
    }
    return draft.admitAs(identity(draft.organisation, host));
  },

  message(message, { now }, { perDay }) {
    const { organisation, host } = message.table({ organisation: "string", host: "string" });
    const count = counted(organisation, now, perDay);
    log.info(`host ${count} of \`${organisation}\` today: \`${host}\``);
    const task = { organisation, hash: identity(organisation, host), data: { host } };
    return [push(task), upsertSchedule({ ...task, cron: "0 3 * * *" })];
  },

  due: (schedule) => [schedule.push()],
});

/** How many hosts of the organisation there were today; kept with the commands. */
function counted(organisation, now, perDay) {
  const [key, day] = [`day/${organisation}`, Math.floor(now / DAY_MS)];
  const { value: seen, revision } = state.getJson(key, { day, count: 0 });
  const count = seen.day === day ? seen.count + 1 : 1;
  if (count > perDay) {
    const tomorrow = (day + 1) * DAY_MS;
    throw new RetryAfter(tomorrow - now, `\`${organisation}\` had its ${perDay} hosts today`);
  }
  // Refused if somebody else wrote in between.
  state.setJson(key, { day, count }, revision);
  return count;
}
