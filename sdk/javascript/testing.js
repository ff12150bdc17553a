// A ranker on a queue of a few tasks, natively: a second per round, no WebAssembly.

import { exported } from "./export.js";

export { FakeHost, SchedulerTest } from "./testing-scheduler.js";

/** The host's limit. */
const INPUTS_MAX = 64;

export class RankerTest {
  #plugin;
  #context;
  #tasks = [];

  constructor(plugin, settings = {}, { now = 0, seed = 0 } = {}) {
    this.#plugin = exported(plugin, "test", "0.0.0");
    this.#context = { now, scheduler: "test", seed };
    const flat = flatten(settings).map(([key, value]) => ({ key, value: setting(value) }));
    told(() => this.#plugin.configure(flat));
  }

  task(task) {
    const usual = { data: {}, createdAt: 0, attempts: 0, organisation: "acme", taskType: "test" };
    this.#tasks.push({ ...usual, ...task });
    return this;
  }

  priorities() {
    const [first, then] = [0, 1].map(() => this.#ask("rank"));
    if (first.some((priority, at) => priority !== then[at])) {
      throw new Error("asked twice the same, the ranker answers differently");
    }
    return first;
  }

  order() {
    const priorities = this.priorities();
    const queue = this.#tasks.map((task, at) => [priorities[at], task.createdAt, task.name]);
    return queue.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, , name]) => name);
  }

  explanations() {
    const explanations = this.#ask("explain");
    this.priorities().forEach((priority, at) => {
      const said = explanations[at].priority;
      if (said !== priority) {
        throw new Error(`\`explain\` says ${said}, \`rank\` says ${priority}`);
      }
    });
    return explanations;
  }

  #ask(call) {
    const { inputs } = this.#plugin.describe();
    if (inputs.length > INPUTS_MAX) {
      throw new Error(`${inputs.length} inputs are declared, the host takes ${INPUTS_MAX}`);
    }
    const columns = inputs.map((input) => this.#column(input));
    return told(() => this.#plugin[call](this.#context, { len: this.#tasks.length, columns }));
  }

  #column(input) {
    const cells = this.#tasks.map((task) => cell(input, task, this.#context.now));
    const absent = cells.flatMap((value, at) => (value === undefined ? [at] : []));
    return { values: VALUES[input.kind](cells), absent };
  }
}

/** What a call answers, or its error as an operator would see it. */
export function told(call) {
  try {
    return call();
  } catch (error) {
    throw error instanceof Error ? error : new Error(error?.val ?? error);
  }
}

/** Tables become names with dots, as on the way to a plugin. */
export function flatten(table, above = "") {
  return Object.entries(table).flatMap(([key, value]) => {
    const isTable = typeof value === "object" && value !== null && !Array.isArray(value);
    if (isTable) {
      return flatten(value, `${above}${key}.`);
    }
    return value === null ? [] : [[`${above}${key}`, value]];
  });
}

export function setting(val) {
  switch (typeof val) {
    case "boolean":
      return { tag: "flag", val };
    case "number":
      return { tag: Number.isInteger(val) ? "integer" : "float", val };
    case "string":
      return { tag: "text", val };
    default:
      return { tag: "other", val: JSON.stringify(val) };
  }
}

/** One input of one task; undefined: absent. */
function cell({ source, kind }, task, now) {
  switch (source.tag) {
    case "pointer":
      return source.val === "" ? JSON.stringify(task.data) : converted(kind, at(task.data, source.val));
    case "wait":
      return Math.max(now - task.createdAt, 0);
    case "last-run-at":
      return task.lastRun?.endedAt;
    case "last-run-status":
      return task.lastRun?.status;
    case "last-run-duration":
      return task.lastRun?.durationMs;
    default:
      return task[source.tag.replace(/-(.)/g, (_, letter) => letter.toUpperCase())];
  }
}

/** The place of a JSON pointer; undefined when there is nothing. */
function at(data, pointer) {
  const parts = pointer.split("/").slice(1);
  const names = parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const step = (value, name) =>
    typeof value === "object" && value !== null && Object.hasOwn(value, name) ? value[name] : undefined;
  return names.reduce(step, data);
}

/** A value of the data as a type; undefined when it does not fit. */
function converted(kind, value) {
  if (value === undefined || value === null) {
    return undefined;
  }
  const fits = {
    integer: Number.isInteger(value),
    float: Number.isFinite(value),
    flag: typeof value === "boolean",
    text: true,
  };
  if (!fits[kind]) {
    return undefined;
  }
  return kind === "text" && typeof value !== "string" ? JSON.stringify(value) : value;
}

function filled(tag, zero) {
  return (cells) => ({ tag, val: cells.map((value) => value ?? zero) });
}

function texts(cells) {
  const dictionary = [...new Set(cells.filter((value) => value !== undefined))];
  const codes = cells.map((value) => Math.max(dictionary.indexOf(value), 0));
  return { tag: "texts", val: { dictionary, codes } };
}

const VALUES = {
  integer: filled("integers", 0),
  float: filled("floats", 0),
  flag: filled("flags", false),
  text: texts,
};
