import type { Plan, Schedule, Task } from "./host.js";
import type { Explanation } from "./index.js";
import type { Admitted, Command } from "./scheduler.js";

/** A task as a test puts it on the queue. Times are in milliseconds since the epoch. */
export interface TestTask {
  name: string;
  data?: unknown;
  createdAt?: number;
  basePriority?: number;
  attempts?: number;
  /** `acme`, unless said otherwise. */
  organisation?: string;
  /** `test`, unless said otherwise. */
  taskType?: string;
  lastRun?: { endedAt: number; status: "completed" | "failed" | "cancelled"; durationMs: number };
}

/** A ranker on a queue of a few tasks, natively. Throws what the host would refuse. */
export class RankerTest {
  constructor(plugin: unknown, settings?: Record<string, unknown>, context?: { now?: number; seed?: number });
  /** Adds a task. */
  task(task: TestTask): this;
  /** The priorities, in the order in which the tasks were added. */
  priorities(): number[];
  /** The names of the tasks, first to go first. */
  order(): string[];
  /** Why each task has its priority, in the order in which they were added. */
  explanations(): Explanation[];
}

/** What a test says to a scheduler plugin's questions, and what the plugin did. */
export class FakeHost {
  /** Lines in the log, with their level. */
  lines: [level: string, message: string][];
  /** What the plugin keeps. */
  kept: Map<string, { value: Uint8Array; revision: number }>;
  /** Messages that the plugin sent itself. */
  sent: { source: string; body: string; notBefore: number | null }[];
  /** Plans, by the ids of the tasks. */
  plans: Map<string, Plan>;
  /** Questions to services. */
  asked: unknown[];
  /** Tasks that the plugin finds as the newest of their hash. */
  newest: Record<string, Task>;
  /** Schedules that the plugin finds, by their hash. */
  schedules: Record<string, Schedule>;
  /** Answers questions with filters. */
  finder?: (filter: string, limit: number) => Task[];
  /** Reckons with cron expressions. */
  matcher?: (cron: string, timeZone: string | null, after: number) => number | undefined;
  /** Answers of services, by their name. */
  services: Record<string, (request: unknown) => { status?: number; contentType?: string; body?: unknown }>;
  /** Writes a value, as the plugin would; what is neither bytes nor text as JSON. */
  keep(key: string, value: unknown): void;
  /** A value of the plugin's state, as JSON. */
  keptJson(key: string): unknown;
}

/** A scheduler plugin, natively. Throws `Rejected`, `Reject` or `RetryAfter`, as the plugin does. */
export class SchedulerTest {
  constructor(plugin: unknown, settings?: Record<string, unknown>, options?: { now?: number });
  readonly host: FakeHost;
  /** The time of the calls, in milliseconds since the epoch. */
  now: number;
  /** What the plugin says of itself, as the host hears it. */
  describe(): { taskType: string; dataSchema: string; interests: { tag: string; val?: unknown }[] };
  /** Pushes a task over the API. */
  admit(data: unknown, draft?: { organisation?: string; priority?: number }): Admitted;
  /** A message comes in; what is neither bytes nor text as JSON. */
  message(source: string, body: unknown, contentType?: string): Command[];
  /** Time passed. */
  tick(everyMs: number): Command[];
  /** A schedule is due. */
  due(organisation: string, hash: string, data: unknown): Command[];
  /** A task of organisation `acme` came to its end. */
  finished(hash: string, data: unknown, status: "completed" | "failed" | "cancelled"): Command[];
}
