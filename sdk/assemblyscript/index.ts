// Rankers for hinny in AssemblyScript: say what is read of each task, and give each its priority.

/** Least priority, the most urgent, and greatest priority. */
export const PRIORITY_MAX: i64 = 9007199254740991;
export const PRIORITY_MIN: i64 = -9007199254740991;

/** The types of inputs, numbered as in the contract. */
export enum Kind {
  Integer,
  Float,
  Text,
  Flag,
}

/** A declared input: its name, its source as numbered in the contract, the place of a pointer. */
export class Input {
  constructor(
    public name: string,
    public source: u8,
    public place: string,
    public kind: Kind,
  ) {}
}

/** A place in the task's data, as a JSON pointer. The empty one is the whole document, as text. */
export function pointer(name: string, place: string, kind: Kind): Input {
  return new Input(name, 9, place, kind);
}

/** When the task was pushed, in milliseconds since the epoch. Never absent. */
export function createdAt(name: string): Input {
  return new Input(name, 0, "", Kind.Integer);
}

/** Milliseconds since then. Never absent. Give a refresh, or it stands still. */
export function wait(name: string): Input {
  return new Input(name, 1, "", Kind.Integer);
}

/** The priority that was asked for; absent when none was. */
export function basePriority(name: string): Input {
  return new Input(name, 2, "", Kind.Integer);
}

/** How often it was handed to a worker. Never absent. */
export function attempts(name: string): Input {
  return new Input(name, 3, "", Kind.Integer);
}

/** Whose work it is. Never absent. */
export function organisation(name: string): Input {
  return new Input(name, 4, "", Kind.Text);
}

/** Kind of work. Never absent. */
export function taskType(name: string): Input {
  return new Input(name, 5, "", Kind.Text);
}

/** When the last finished task of the same hash ended, in milliseconds since the epoch. */
export function lastRunAt(name: string): Input {
  return new Input(name, 6, "", Kind.Integer);
}

/** How that one ended: `completed`, `failed` or `cancelled`. */
export function lastRunStatus(name: string): Input {
  return new Input(name, 7, "", Kind.Text);
}

/** How long that one took, in milliseconds. */
export function lastRunDuration(name: string): Input {
  return new Input(name, 8, "", Kind.Integer);
}

/** What a ranker knows beside the tasks. */
export class Context {
  constructor(
    /** Now, in milliseconds since the epoch. There is no other clock. */
    public now: i64,
    /** The scheduler whose tasks these are. */
    public scheduler: string,
    /** For rankers that want chance: the same seed must give the same answer. */
    public seed: u64,
  ) {}
}

/** The values of one input. Authors do not need it. */
export class Column {
  /** Decoded once, however many tasks have a text. */
  texts: Array<string | null>;
  /** One byte per task; none when no value is absent. */
  absent: usize = 0;

  constructor(
    public kind: u8,
    public values: usize,
    public length: u32,
    public dictionary: usize,
    words: u32,
  ) {
    this.texts = new Array<string | null>(words).fill(null);
  }

  text(at: u32): string {
    const code = load<u32>(this.values + 4 * (<usize>at));
    const known = this.texts[code];
    if (known !== null) return known;
    const place = this.dictionary + 8 * (<usize>code);
    const text = String.UTF8.decodeUnsafe(load<usize>(place), load<usize>(place, 4));
    this.texts[code] = text;
    return text;
  }
}

/** One task, as far as it is read. Inputs go by their places in what `inputs` gives. */
export class Task {
  constructor(
    /** Its place in the batch. */
    public at: u32,
    public context: Context,
    public columns: Array<Column>,
  ) {}

  /** Whether an input is absent; also when it is asked for as another type than declared. */
  isAbsent(input: i32, kind: Kind): bool {
    const column = this.columns[input];
    return column.kind != <u8>kind || (column.absent != 0 && load<u8>(column.absent + this.at) != 0);
  }

  integer(input: i32, absent: i64): i64 {
    if (this.isAbsent(input, Kind.Integer)) return absent;
    return load<i64>(this.columns[input].values + 8 * (<usize>this.at));
  }

  float(input: i32, absent: f64): f64 {
    if (this.isAbsent(input, Kind.Float)) return absent;
    return load<f64>(this.columns[input].values + 8 * (<usize>this.at));
  }

  flag(input: i32, absent: bool): bool {
    if (this.isAbsent(input, Kind.Flag)) return absent;
    return load<u8>(this.columns[input].values + this.at) != 0;
  }

  text(input: i32, absent: string): string {
    return this.isAbsent(input, Kind.Text) ? absent : this.columns[input].text(this.at);
  }
}

/** One contribution to a priority; negative moves the task forward. */
export class Term {
  constructor(
    public label: string,
    public contribution: f64,
    /** The name of the declared input that it comes from; empty when it is none. */
    public input: string = "",
  ) {}
}

/** The settings of an operator. Tables are flattened: `{"weights": {"age": 2}}` is `weights.age`. */
export class Settings {
  /** What is wrong, for the operator: the first wrong value that was asked for. Empty: nothing. */
  wrong: string = "";
  keys: Array<string> = [];
  /** Where the values are, as the contract lays them out. */
  values: Array<usize> = [];

  /** Refuses settings that are not listed. */
  denyUnknown(known: Array<string>): void {
    for (let at = 0; at < this.keys.length; at++) {
      if (known.includes(this.keys[at])) continue;
      const expected = known.length == 0 ? "there are none" : "expected one of `" + known.join("`, `") + "`";
      this.refuse("setting `" + this.keys[at] + "` is unknown, " + expected);
    }
  }

  /** An integer within bounds, or what is given for an absent one. */
  integer(key: string, absent: i64, least: i64, most: i64): i64 {
    const place = this.find(key);
    if (place == 0) return absent;
    const value = load<i64>(place, 8);
    if (load<u8>(place) == 0 && value >= least && value <= most) return value;
    this.refuseValue(key, place, "an integer from " + least.toString() + " to " + most.toString());
    return absent;
  }

  /** A number, or what is given for an absent one. An integer is a number, too. */
  number(key: string, absent: f64): f64 {
    const place = this.find(key);
    if (place == 0) return absent;
    if (load<u8>(place) == 0) return <f64>load<i64>(place, 8);
    if (load<u8>(place) == 1) return load<f64>(place, 8);
    this.refuseValue(key, place, "a number");
    return absent;
  }

  /** Text, or what is given for an absent one. */
  text(key: string, absent: string): string {
    const place = this.find(key);
    if (place == 0) return absent;
    if (load<u8>(place) == 2) return String.UTF8.decodeUnsafe(load<usize>(place, 8), load<usize>(place, 12));
    this.refuseValue(key, place, "text");
    return absent;
  }

  /** True or false, or what is given for an absent one. */
  flag(key: string, absent: bool): bool {
    const place = this.find(key);
    if (place == 0) return absent;
    if (load<u8>(place) == 3) return load<u8>(place, 8) != 0;
    this.refuseValue(key, place, "true or false");
    return absent;
  }

  private find(key: string): usize {
    const at = this.keys.indexOf(key);
    return at < 0 ? 0 : this.values[at];
  }

  private refuse(text: string): void {
    if (this.wrong.length == 0) this.wrong = text;
  }

  private refuseValue(key: string, place: usize, expected: string): void {
    this.refuse("setting `" + key + "` is " + shown(place) + ", expected " + expected);
  }
}

function shown(place: usize): string {
  switch (load<u8>(place)) {
    case 0:
      return load<i64>(place, 8).toString();
    case 1:
      return load<f64>(place, 8).toString();
    case 3:
      return load<u8>(place, 8) != 0 ? "true" : "false";
    default: {
      const text = String.UTF8.decodeUnsafe(load<usize>(place, 8), load<usize>(place, 12)).substring(0, 80);
      return load<u8>(place) == 2 ? '"' + text + '"' : text;
    }
  }
}

/** The nearest priority to a score: rounded, kept in range. What is not a number goes last. */
export function roundPriority(score: f64): i64 {
  if (isNaN(score) || score >= <f64>PRIORITY_MAX) return PRIORITY_MAX;
  if (score <= <f64>PRIORITY_MIN) return PRIORITY_MIN;
  const whole = <i64>trunc(score);
  const rest = score - <f64>whole;
  // Halves go away from zero, as in the SDKs of other languages.
  return rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole;
}
