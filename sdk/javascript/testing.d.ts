import type { Explanation } from "./index.js";

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
