// A scheduler plugin, asked and triggered, natively; and the host around it.

import { exported } from "./export-scheduler.js";
import { Reject, Rejected, RetryAfter } from "./scheduler.js";
import { flatten, setting, told } from "./testing.js";
import { decoded, document, encoded } from "./text.js";

/** A UUID for things in tests. */
const ID = "01890a5d-ac96-774b-bcce-b302099a8057";

const KEY_BYTES_MAX = 256;
const VALUE_BYTES_MAX = 65_536;

/** What a test says to the plugin's questions, and what the plugin did. */
export class FakeHost {
  lines = [];
  kept = new Map();
  sent = [];
  plans = new Map();
  asked = [];
  newest = {};
  schedules = {};
  finder;
  matcher;
  services = {};
  sources = [];
  #revision = 0;

  /** Writes a value, as the plugin would; what is neither bytes nor text as JSON. */
  keep(key, value) {
    this.#set(key, value instanceof Uint8Array ? value : encoded(document(value)), null);
  }

  /** A value of the plugin's state, as JSON. */
  keptJson(key) {
    const found = this.kept.get(key);
    return found && JSON.parse(decoded(found.value));
  }

  /** The interfaces, as a component has them. */
  lent() {
    return {
      log: { write: (level, message) => this.lines.push([level, message]) },
      state: { get: (key) => this.kept.get(key) ?? null, set: (...given) => this.#set(...given) },
      tasks: {
        newestOf: (hashes) => hashes.map((hash) => this.newest[hash] ?? null),
        find: (filter, limit) => answered(this.finder, "finder")(filter, limit),
      },
      schedules: {
        find: (hashes) => hashes.map((hash) => this.schedules[hash] ?? null),
        nextMatch: (cron, timeZone, after) => answered(this.matcher, "matcher")(cron, timeZone, after) ?? null,
        planFor: (task, plan) => this.plans.set(task, plan),
      },
      messages: { send: (message) => this.#send(message) },
      connector: { send: (request) => this.#ask(request) },
    };
  }

  #set(key, value, expected) {
    if (encoded(key).length > KEY_BYTES_MAX) {
      throw { tag: "too-large", val: `the key has ${encoded(key).length} bytes` };
    }
    if (value !== null && value.length > VALUE_BYTES_MAX) {
      throw { tag: "too-large", val: `the value of \`${key}\`` };
    }
    if (expected !== null && expected !== (this.kept.get(key)?.revision ?? 0)) {
      throw { tag: "conflict" };
    }
    this.#revision += 1;
    if (value === null) {
      this.kept.delete(key);
    } else {
      this.kept.set(key, { value, revision: this.#revision });
    }
  }

  #send(message) {
    if (!this.sources.includes(message.source)) {
      throw { tag: "unwanted-source", val: `the plugin does not want messages of \`${message.source}\`` };
    }
    this.sent.push({ ...message, body: decoded(message.body) });
  }

  #ask(request) {
    this.asked.push(request);
    const service = this.services[request.service];
    if (service === undefined) {
      throw { tag: "unknown-service", val: `\`${request.service}\`; hint: \`host.services\`` };
    }
    const { status = 200, contentType = "application/json", body = "" } = service(request);
    return { status, contentType, body: body instanceof Uint8Array ? body : encoded(document(body)) };
  }
}

function answered(answer, name) {
  if (answer === undefined) {
    throw { tag: "unavailable", val: `the test says nothing; hint: \`host.${name}\`` };
  }
  return answer;
}

export class SchedulerTest {
  host = new FakeHost();
  #plugin;
  #settings;

  constructor(plugin, settings = {}, { now = 0 } = {}) {
    this.#plugin = plugin;
    this.now = now;
    this.#settings = flatten(settings).map(([key, value]) => ({ key, value: setting(value) }));
    this.host.sources = this.describe().interests.flatMap(({ tag, val }) => (tag === "messages" ? [val] : []));
  }

  /** What the plugin says of itself, as the host hears it. */
  describe() {
    return this.#fresh().describe();
  }

  admit(data, { organisation = "acme", priority = null } = {}) {
    const draft = { sentId: null, freshId: ID, organisation, priority, data: document(data) };
    const [{ tag, val }] = this.#fresh().admit(this.now, [draft]);
    if (tag === "ok") {
      return val;
    }
    throw new Rejected(val.reason, val.field);
  }

  message(source, body, contentType = "application/json") {
    const bytes = body instanceof Uint8Array ? body : encoded(document(body));
    const message = { id: ID, source, at: this.now, contentType, body: bytes, attributes: [], delivery: 1 };
    return this.handle({ tag: "message", val: message });
  }

  tick(everyMs) {
    return this.handle({ tag: "tick", val: { plannedAt: this.now, everyMs } });
  }

  due(organisation, hash, data) {
    const schedule = { id: ID, organisation, hash, data: document(data), cron: null, deadlineAt: this.now };
    return this.handle({ tag: "due", val: schedule });
  }

  finished(hash, data, status) {
    const ended = { status, attempts: 1, finishedAt: this.now, reason: null };
    return this.handle({ tag: "finished", val: { id: ID, organisation: "acme", hash, data: document(data), ...ended } });
  }

  /** What a failed call kept and sent is dropped, as the host does. */
  handle(trigger) {
    const [kept, sent] = [new Map(this.host.kept), [...this.host.sent]];
    try {
      return this.#fresh().handle(this.now, trigger);
    } catch ({ tag, val }) {
      Object.assign(this.host, { kept, sent });
      if (tag === "retry-after") {
        throw new RetryAfter(val.afterMs, val.reason);
      }
      throw tag === "reject" ? new Reject(val) : new Error(val);
    }
  }

  /** An instance that served no call before. */
  #fresh() {
    const plugin = exported(this.#plugin, "test", "0.0.0", this.host.lent());
    told(() => plugin.configure(this.#settings));
    return plugin;
  }
}
