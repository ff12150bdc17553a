/**
 * Plugins for hinny in JavaScript and TypeScript: an object that says what goes first, or which tasks
 * there are.
 *
 * ```js
 * import { pointer, ranker } from "hinny-plugin";
 *
 * export default ranker({
 *   inputs: { level: pointer("/scan_level", "integer", 0) },
 *   rank: (task) => -Math.min(Math.max(task.level, 0), 4),
 * });
 * ```
 *
 * `hinny plugin build` makes a component of it.
 */

export * from "./host.js";
export * from "./scheduler.js";

/**
 * What makes two tasks the same work: the first 32 hex digits of a SHA-256 over parts, each framed by
 * its length. Text counts as it is, anything else as JSON in a canonical form, in which order and
 * spaces do not matter; `undefined` is a part that is not there.
 */
export function identity(...parts: unknown[]): string;

/** The types of inputs, by the names that the contract gives them. */
export interface Kinds {
  /** Beyond 2^53 the nearest number. */
  integer: number;
  float: number;
  text: string;
  flag: boolean;
}

/** A declared input, with the type that the task has there. */
export interface Input<T> {
  readonly source: { readonly tag: string; readonly val?: string };
  readonly kind: keyof Kinds;
  readonly absent: T | undefined;
}

/** Declared inputs, by the names that a task has them under. */
export type Inputs = Record<string, Input<unknown>>;

/** One task, as far as it is read. */
export type Task<I extends Inputs> = {
  readonly [Name in keyof I]: I[Name] extends Input<infer T> ? T : never;
};

/**
 * A place in the task's data, as a JSON pointer such as `/scan/level`. Data of another type counts as
 * absent, but an integer fits `float`, and everything fits `text`. The empty pointer is the whole
 * document, as text. Absent is `undefined`, or what is given for it.
 */
export function pointer<K extends keyof Kinds>(place: string, kind: K): Input<Kinds[K] | undefined>;
export function pointer<K extends keyof Kinds, A>(place: string, kind: K, absent: A): Input<Kinds[K] | A>;

/** When the task was pushed, in milliseconds since the epoch. Never absent. */
export function createdAt(): Input<number>;
/** Milliseconds since then. Never absent. Declare a refresh, or it stands still. */
export function wait(): Input<number>;
/** The priority that was asked for; absent when none was. */
export function basePriority<A = undefined>(absent?: A): Input<number | A>;
/** How often it was handed to a worker. Never absent. */
export function attempts(): Input<number>;
/** Whose work it is. Never absent. */
export function organisation(): Input<string>;
/** Kind of work. Never absent. */
export function taskType(): Input<string>;
/** When the last finished task of the same hash ended, in milliseconds since the epoch. */
export function lastRunAt<A = undefined>(absent?: A): Input<number | A>;
/** How that one ended: `completed`, `failed` or `cancelled`. */
export function lastRunStatus<A = undefined>(absent?: A): Input<string | A>;
/** How long that one took, from hand-out to end, in milliseconds. */
export function lastRunDuration<A = undefined>(absent?: A): Input<number | A>;

/** What the ranker knows beside the tasks. */
export interface Context {
  /** Now, in milliseconds since the epoch. There is no other clock. */
  readonly now: number;
  /** The scheduler whose tasks these are. */
  readonly scheduler: string;
  /** For rankers that want chance: the same seed must give the same answer. */
  readonly seed: bigint | number;
}

/** One contribution to a priority. */
export interface Term {
  /** What it is, for people. */
  label: string;
  /** How much it adds to the priority; negative moves the task forward. */
  contribution: number;
  /** The declared input that it comes from, if it is one. */
  input?: string;
}

/** Why a task has its priority. */
export interface Explanation {
  /** The same as `rank` gives. */
  priority: number;
  /** What contributed to it, most important first. */
  terms?: Term[];
  /** A sentence for people. */
  note?: string;
}

/**
 * Gives each task its priority; lower goes first.
 *
 * A pure function of the declared inputs, the settings and the context: asked twice the same, it must
 * answer the same. Nothing is to be remembered from one call to the next.
 */
export interface Ranker<I extends Inputs, Config> {
  /** What it reads of each task; a function of what `configure` made, when it depends on that. */
  inputs?: I | ((config: Config) => I);
  /**
   * Takes the operator's settings, and makes of them what the other functions get. A `SettingError`
   * refuses the version. Without it there are no settings, and any is refused.
   */
  configure?(settings: Settings): Config;
  /** Milliseconds after which priorities change without the tasks changing, at least 1000. */
  refreshMs?: number | ((config: Config) => number | undefined);
  /** The priority of a task, from `PRIORITY_MIN` to `PRIORITY_MAX`. */
  rank(task: Task<I>, context: Context, config: Config): number;
  /** Why the task has its priority: one term, unless given. */
  explain?(task: Task<I>, context: Context, config: Config): Explanation;
}

/** A ranker; the default export of a plugin is one. */
export function ranker<I extends Inputs, Config = undefined>(definition: Ranker<I, Config>): Ranker<I, Config>;

/** Least priority: the most urgent. */
export const PRIORITY_MIN: number;
/** Greatest priority: the least urgent. */
export const PRIORITY_MAX: number;

/** The nearest priority to a score: rounded, kept in range. What is not a number goes last. */
export function roundPriority(score: number): number;

/** A setting that a plugin does not take. Say which, what it is and what it may be. */
export class SettingError extends Error {
  /** Refuses a value, in the words that all SDKs use. */
  static of(key: string, value: unknown, expected: string): SettingError;
}

/**
 * The settings of a plugin. Tables are flattened: `{"weights": {"age": 2}}` is `weights.age`. Every
 * getter tells a wrong value with its name, what it is and what it may be.
 */
export class Settings {
  constructor(values?: Record<string, unknown>);
  /** One of them, as it came. */
  get(key: string): unknown;
  /** The names of all. */
  keys(): string[];
  /** Refuses settings that are not listed. `weights.*` lists everything in a table. */
  denyUnknown(...known: string[]): void;
  /** An integer within bounds, or what is given for absent: 0, unless said otherwise. */
  integer(key: string, options?: { absent?: number; least?: number; most?: number }): number;
  /** A number within bounds. */
  number(key: string, options?: { absent?: number; least?: number; most?: number }): number;
  /** Text, or what is given for absent: empty, unless said otherwise. */
  text(key: string, absent?: string): string;
  /** True or false. */
  flag(key: string, absent?: boolean): boolean;
  /** A list; empty when it is not set. */
  list(key: string): unknown[];
  /** The settings of a flattened table, with the rest of their names. */
  table(name: string): Record<string, unknown>;
}
