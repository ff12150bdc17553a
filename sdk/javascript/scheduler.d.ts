import type { Settings } from "./index.js";

/** A draft that is not taken. `field` is the place in the data, as a JSON pointer. */
export class Rejected extends Error {
  constructor(reason: string, field?: string);
  readonly field: string;
}

/** A trigger that is set aside at once; the text says why. */
export class Reject extends Error {}

/** A trigger that is to be handled again, not earlier than after so many milliseconds. */
export class RetryAfter extends Error {
  constructor(afterMs: number, reason: string);
  readonly afterMs: number;
}

/** Kind and schema of a plugin's tasks, and which triggers it wants. */
export interface Description {
  /** Kind of the tasks that it makes: 1 to 64 bytes. */
  taskType: string;
  /** JSON Schema of their data. The host checks it; what does not fit never gets to `admit`. */
  schema?: unknown;
  /** Sources whose messages it wants. */
  messages?: string[];
  /** Milliseconds between ticks, each at least 1000. */
  ticks?: number[];
  /** Whether it wants its schedules, when they are due. */
  dueSchedules?: boolean;
  /** Whether it wants its tasks, when they have come to their end. */
  finishedTasks?: boolean;
}

/** A task that is pushed over the API. */
export interface Draft {
  readonly sentId?: string;
  readonly freshId: string;
  readonly organisation: string;
  readonly priority?: number;
  /** A JSON document, as it was sent. */
  readonly data: string;
  /** The data. It fits the schema already. */
  json(): any;
  /** Takes the draft as it was sent, under the id that was sent or else the fresh one. */
  admitAs(hash: string): Admitted;
}

/** A draft that is taken. */
export interface Admitted {
  id: string;
  /** What makes it the same work as another: 1 to 128 bytes. */
  hash: string;
  /** A JSON document, or anything that makes one. */
  data: unknown;
  priority?: number | null;
}

/** A message from outside, or from the plugin itself. */
export interface Message {
  /** A repeated delivery has the same one. */
  readonly id: string;
  readonly source: string;
  /** When the host took it, in milliseconds since the epoch. */
  readonly at: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly attributes: [string, string][];
  /** 1 for the first delivery. */
  readonly delivery: number;
  /** The body as text; throws `Reject` when it is none. */
  text(): string;
  /** The body as JSON; throws `Reject` when it is none. */
  json(): any;
  /** The body as a JSON table with these fields, by `typeof`; throws `Reject` when it is none. */
  table(types: Record<string, "string" | "number" | "boolean" | "object">): any;
}

/** A moment that the plugin asked to be told of. */
export interface Tick {
  readonly plannedAt: number;
  readonly everyMs: number;
}

/** A schedule that is due. */
export interface DueSchedule {
  readonly id: string;
  readonly organisation: string;
  readonly hash: string;
  readonly data: string;
  readonly cron?: string;
  readonly deadlineAt: number;
  json(): any;
  /** The task that it is a blueprint of. */
  push(): Command;
}

/** A task that has come to its end. */
export interface FinishedTask {
  readonly id: string;
  readonly organisation: string;
  readonly hash: string;
  readonly data: string;
  readonly status: "completed" | "failed" | "cancelled";
  readonly attempts: number;
  readonly finishedAt: number;
  readonly reason?: string;
  json(): any;
}

/** One thing to do, as the functions below make it. */
export interface Command {
  readonly tag: string;
  readonly val: unknown;
}

/** What is known beside what came in. */
export interface Moment {
  /** Now, in milliseconds since the epoch. There is no other clock. */
  readonly now: number;
}

/**
 * Decides which tasks to make. What happens to a trigger happens once: the commands and what was
 * written to `state` are committed together, or not at all. What must last belongs in `state`.
 */
export interface Scheduler<Config> {
  /** Takes the operator's settings; a `SettingError` refuses the version. Without it there are none. */
  configure?(settings: Settings): Config;
  describe(config: Config): Description;
  /** Takes a task that is pushed over the API, or throws `Rejected`. */
  admit(draft: Draft, moment: Moment, config: Config): Admitted;
  /** A message came in. Throws `Reject` or `RetryAfter` when it cannot be handled. */
  message?(message: Message, moment: Moment, config: Config): Command[];
  /** Time passed. */
  tick?(tick: Tick, moment: Moment, config: Config): Command[];
  /** A schedule is due. */
  due?(schedule: DueSchedule, moment: Moment, config: Config): Command[];
  /** A task came to its end. */
  finished?(task: FinishedTask, moment: Moment, config: Config): Command[];
}

/** A scheduler plugin; the default export of a plugin is one. */
export function scheduler<Config = undefined>(definition: Scheduler<Config>): Scheduler<Config>;

/** A task to queue. Nothing happens when a queued task has the same hash. */
export function push(task: {
  organisation: string;
  hash: string;
  /** A JSON document, or anything that makes one. */
  data: unknown;
  id?: string;
  priority?: number;
  /** Not handed out earlier than this, in milliseconds since the epoch. */
  notBefore?: number;
  /** The hash of the schedule that it comes from. */
  schedule?: string;
}): Command;

/** Queued tasks to take off the queue: those that match `{"filters": [...]}`. */
export function cancel(which: { filter: unknown; reason: string }): Command;

/** A schedule to make, or to change. It needs `cron` or `deadlineAt` to fire. */
export function upsertSchedule(schedule: {
  organisation: string;
  hash: string;
  data: unknown;
  cron?: string;
  /** IANA zone of the expression; UTC when there is none. */
  timeZone?: string;
  deadlineAt?: number;
  /** What to do about fires that were missed. */
  missed?: "once" | "skip" | "all";
}): Command;

/** A schedule to stop. */
export function disableSchedule(which: { hash: string; reason: string }): Command;
