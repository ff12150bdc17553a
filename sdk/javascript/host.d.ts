/**
 * What the host refuses. Where it is not caught it becomes the right failure by itself: *later* when
 * the database or a service cannot be asked now, *never* when the question is wrong.
 */
export class HostError extends Error {
  constructor(reason: string, afterMs?: number, kind?: string);
  readonly afterMs?: number;
  /** The case of the contract, such as `conflict`. */
  readonly kind: string;
}

/** Lines in the host's log. */
export const log: Record<"trace" | "debug" | "info" | "warn" | "error", (message: string) => void>;

/** Small values that the plugin keeps. They are written with the commands, or not at all. */
export const state: {
  /** A value and its revision, which is 0 where nothing is kept. */
  get(key: string): { value?: Uint8Array; revision: number };
  /** Writes a value; `undefined` deletes it. `expected` is the revision that it must have. */
  set(key: string, value: Uint8Array | string | undefined, expected?: number): void;
  /** The same as JSON; `absent` where nothing is kept. */
  getJson(key: string, absent?: unknown): { value: any; revision: number };
  setJson(key: string, value: unknown, expected?: number): void;
};

/** A task of the plugin's own scheduler. */
export interface Task {
  id: string;
  organisation: string;
  hash: string;
  data: string;
  status: string;
  priority: number;
  attempts: number;
  createdAt: number;
  modifiedAt: number;
  finishedAt: number | null;
}

export const tasks: {
  /** The newest task of each hash. */
  newestOf(hashes: string[]): (Task | undefined)[];
  /** Tasks that match `{"filters": [...]}`, newest first. */
  find(filter: unknown, limit: number): Task[];
};

/** A schedule of the plugin's own scheduler. */
export interface Schedule {
  id: string;
  organisation: string;
  hash: string;
  data: string;
  enabled: boolean;
  cron: string | null;
  timeZone: string;
  deadlineAt: number | null;
}

/** What becomes of a task's schedule when the task is queued. */
export interface Plan {
  cron?: string | null;
  timeZone?: string | null;
  deadlineAt?: number | null;
}

export const schedules: {
  /** The schedule of each hash. */
  find(hashes: string[]): (Schedule | undefined)[];
  /** The first match of a cron expression after a moment. */
  nextMatch(cron: string, after: number, timeZone?: string): number | undefined;
  /** In `admit`: makes or changes the schedule of an admitted task, given by its id. */
  planFor(task: string, plan: Plan): void;
};

/** Messages to oneself. They are kept with the commands, or not at all. */
export const messages: { send(source: string, body: Uint8Array | string, notBefore?: number): void };

/** What a service answered, whatever its status. */
export interface Response {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** The same, when its status is 2xx; else a failure: later for 5xx and 429, else never. */
  success(): Response;
  /** The same, or `undefined` for 404. */
  found(): Response | undefined;
  text(): string;
  json(): any;
}

/** Services that the operator configured and granted, asked by name. */
export const connector: {
  get(service: string, path: string, query?: Record<string, unknown>): Response;
  send(request: {
    service: string;
    method?: "get" | "post" | "put" | "patch" | "delete";
    path: string;
    query?: Record<string, unknown>;
    /** A JSON document, or anything that makes one. */
    body?: unknown;
  }): Response;
};

/** Text as one part of a path, whatever is in it. */
export function segment(text: string): string;
