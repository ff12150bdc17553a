// Plugins for hinny in JavaScript: an object that says what goes first, or which tasks there are.
// Types and texts for people are in index.d.ts.

export { HostError, connector, log, messages, schedules, segment, state, tasks } from "./host.js";
export { identity } from "./identity.js";
export { SettingError, Settings } from "./settings.js";
export {
  Reject,
  Rejected,
  RetryAfter,
  cancel,
  disableSchedule,
  push,
  scheduler,
  upsertSchedule,
} from "./scheduler.js";
export { PRIORITY_MAX, PRIORITY_MIN, roundPriority } from "./priority.js";

/** The types that an input can have. */
const KINDS = ["integer", "float", "text", "flag"];

export function pointer(place, kind, absent) {
  if (!KINDS.includes(kind)) {
    throw new TypeError(`input \`${place}\` is of type \`${kind}\`, expected one of ${KINDS.join(", ")}`);
  }
  if (place !== "" && !place.startsWith("/")) {
    throw new TypeError(`input \`${place}\` is no JSON pointer, expected \`/${place}\``);
  }
  return { source: { tag: "pointer", val: place }, kind, absent };
}

function fact(tag, kind) {
  return (absent) => ({ source: { tag }, kind, absent });
}

export const createdAt = fact("created-at", "integer");
export const wait = fact("wait", "integer");
export const basePriority = fact("base-priority", "integer");
export const attempts = fact("attempts", "integer");
export const organisation = fact("organisation", "text");
export const taskType = fact("task-type", "text");
export const lastRunAt = fact("last-run-at", "integer");
export const lastRunStatus = fact("last-run-status", "text");
export const lastRunDuration = fact("last-run-duration", "integer");

export function ranker(definition) {
  if (typeof definition.rank !== "function") {
    throw new TypeError("a ranker has a function `rank(task)`");
  }
  return { inputs: {}, ...definition };
}
