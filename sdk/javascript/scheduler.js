// What an author of a scheduler plugin works with: failures, commands, and what comes in.

import { decoded, document } from "./text.js";

export class Rejected extends Error {
  constructor(reason, field = "") {
    super(reason);
    this.field = field;
  }
}

export class Reject extends Error {}

export class RetryAfter extends Error {
  constructor(afterMs, reason) {
    super(reason);
    this.afterMs = afterMs;
  }
}

export function scheduler(definition) {
  for (const name of ["describe", "admit"]) {
    if (typeof definition[name] !== "function") {
      throw new TypeError(`a scheduler plugin has a function \`${name}\``);
    }
  }
  return definition;
}

export const push = ({ organisation, hash, data, id, priority, notBefore, schedule }) => ({
  tag: "push",
  val: {
    id: id ?? null,
    organisation,
    hash,
    data: document(data),
    priority: priority ?? null,
    notBefore: notBefore ?? null,
    schedule: schedule ?? null,
  },
});

export const cancel = ({ filter, reason }) => ({
  tag: "cancel",
  val: { filter: document(filter), reason },
});

export const upsertSchedule = ({ organisation, hash, data, cron, timeZone, deadlineAt, missed = "once" }) => ({
  tag: "upsert-schedule",
  val: {
    organisation,
    hash,
    data: document(data),
    cron: cron ?? null,
    timeZone: timeZone ?? null,
    deadlineAt: deadlineAt ?? null,
    missed,
  },
});

export const disableSchedule = ({ hash, reason }) => ({ tag: "disable-schedule", val: { hash, reason } });

/** A record of the wire; what is null there is absent here. */
function absences(record) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, value ?? undefined]));
}

export function draft(record) {
  const known = absences(record);
  return {
    ...known,
    json: () => JSON.parse(known.data),
    admitAs: (hash) => ({ id: known.sentId ?? known.freshId, hash, data: known.data, priority: known.priority }),
  };
}

function message(record) {
  const known = {
    ...absences(record),
    text() {
      try {
        return decoded(record.body);
      } catch {
        throw new Reject("the body is not UTF-8");
      }
    },
    json() {
      const text = known.text();
      try {
        return JSON.parse(text);
      } catch (error) {
        throw new Reject(`the body is not JSON: ${error.message}`);
      }
    },
    table(types) {
      const found = known.json();
      if (typeof found !== "object" || found === null || Array.isArray(found)) {
        throw new Reject("the body is not a JSON table");
      }
      for (const [name, type] of Object.entries(types)) {
        if (typeof found[name] !== type) {
          throw new Reject(`the body has no \`${name}\` of type \`${type}\``);
        }
      }
      return found;
    },
  };
  return known;
}

function due(record) {
  const known = absences(record);
  const { organisation, hash, data } = known;
  return {
    ...known,
    json: () => JSON.parse(data),
    push: () => push({ organisation, hash, data, schedule: hash }),
  };
}

function finished(record) {
  return { ...absences(record), json: () => JSON.parse(record.data) };
}

/** By the tag of a trigger: which function it goes to, what that gets, what it is called. */
export const TRIGGERS = {
  message: { read: message, called: ({ source }) => `messages of \`${source}\`` },
  tick: { read: absences, called: () => "ticks" },
  due: { read: due, called: () => "due schedules" },
  finished: { read: finished, called: () => "finished tasks" },
};
