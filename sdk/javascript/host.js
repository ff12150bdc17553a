// What the host lends a scheduler plugin, each only when it is listed and granted.

import { document, decoded, encoded } from "./text.js";

/** What was lent, by name: the imports of the component, or those of a test. */
let lent = {};

/** Wait before the next try, when only time helps. The host takes no less than its own back-off. */
const LATER_MS = 1000;

/** What the host refuses, and when to try again: never, when `afterMs` is undefined. */
export class HostError extends Error {
  constructor(reason, afterMs, kind = "other") {
    super(reason);
    this.name = "HostError";
    this.afterMs = afterMs;
    this.kind = kind;
  }
}

/** Lends interfaces by name, in place of all that were lent before. */
export function lend(interfaces) {
  lent = interfaces;
}

function ask(name, what, call, ...given) {
  const module = lent[name];
  if (module === undefined) {
    throw new HostError(
      `the plugin uses \`${name}\` and does not say so; hint: "hinny": {"uses": ["${name}"]} in package.json`,
    );
  }
  try {
    return module[call](...given);
  } catch (error) {
    throw failure(what, error);
  }
}

/** An error of the contract, as what to do about it. */
function failure(what, error) {
  const { tag, val } = error?.payload ?? error ?? {};
  if (typeof tag !== "string") {
    return error;
  }
  if (tag === "conflict") {
    return new HostError(`${what} was changed in between`, 0, tag);
  }
  const later = tag === "unavailable" || tag === "unknown-service";
  return new HostError(`${what}: ${val}`, later ? LATER_MS : undefined, tag);
}

const write = (level) => (message) => ask("log", "the log", "write", level, message);

export const log = {
  trace: write("trace"),
  debug: write("debug"),
  info: write("info"),
  warn: write("warn"),
  error: write("error"),
};

const STATE = ["state", "the state"];

export const state = {
  get(key) {
    const { value, revision } = ask(...STATE, "get", key) ?? { revision: 0 };
    return { value, revision };
  },

  set(key, value, expected) {
    const bytes = typeof value === "string" ? encoded(value) : value;
    ask(...STATE, "set", key, bytes ?? null, expected ?? null);
  },

  getJson(key, absent) {
    const { value, revision } = state.get(key);
    return { value: value === undefined ? absent : JSON.parse(decoded(value)), revision };
  },

  setJson(key, value, expected) {
    state.set(key, JSON.stringify(value), expected);
  },
};

export const tasks = {
  newestOf: (hashes) => ask("tasks", "tasks", "newestOf", hashes).map((found) => found ?? undefined),
  find: (filter, limit) => ask("tasks", "tasks", "find", document(filter), limit),
};

const SCHEDULES = ["schedules", "schedules"];

export const schedules = {
  find: (hashes) => ask(...SCHEDULES, "find", hashes).map((found) => found ?? undefined),

  nextMatch: (cron, after, timeZone) =>
    ask(...SCHEDULES, "nextMatch", cron, timeZone ?? null, after) ?? undefined,

  planFor: (task, { cron = null, timeZone = null, deadlineAt = null }) =>
    ask(...SCHEDULES, "planFor", task, { cron, timeZone, deadlineAt }),
};

export const messages = {
  send(source, body, notBefore) {
    const bytes = typeof body === "string" ? encoded(body) : body;
    ask("messages", "a message to itself", "send", { source, body: bytes, notBefore: notBefore ?? null });
  },
};

export const connector = {
  get: (service, path, query = {}) => connector.send({ service, path, query }),

  send({ service, method = "get", path, query = {}, body }) {
    const pairs = Object.entries(query).map(([key, value]) => [key, String(value)]);
    const sent = body === undefined ? null : document(body);
    const answer = ask("connector", "a service", "send", { service, method, path, query: pairs, body: sent });
    return new Response(answer);
  },
};

/** What a service answered, whatever its status. */
class Response {
  constructor({ status, contentType, body }) {
    this.status = status;
    this.contentType = contentType;
    this.body = body;
  }

  success() {
    if (this.status >= 200 && this.status < 300) {
      return this;
    }
    const later = this.status >= 500 || this.status === 429;
    throw new HostError(`the service answered ${this.status}`, later ? LATER_MS : undefined);
  }

  found() {
    return this.status === 404 ? undefined : this.success();
  }

  text() {
    return decoded(this.body);
  }

  json() {
    try {
      return JSON.parse(this.text());
    } catch (error) {
      throw new HostError(`the service gives no JSON: ${error.message}`, LATER_MS);
    }
  }
}

/** Text as one part of a path, whatever is in it. */
export const segment = (text) => encodeURIComponent(text);
