// From the wire to the functions of an author and back, as the canonical ABI lays things out: there
// is no generator of bindings for AssemblyScript. The builder compiles it with each plugin.

import { Column, Context, Input, PRIORITY_MAX, PRIORITY_MIN, Settings, Task, Term } from "./hinny-plugin";
import * as plugin from "./{{main}}";

/** What was taken for a call, by the host and here: given back when the host has read the answer. */
const taken = new Array<usize>();

function take(size: usize): usize {
  const made = heap.alloc(size);
  taken.push(made);
  return made;
}

export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  const made = take(size);
  if (oldSize != 0) memory.copy(made, old, oldSize);
  return made;
}

function given_back(): void {
  while (taken.length > 0) heap.free(taken.pop());
  // Nothing is on the stack between two calls, which is when this may be done.
  __collect();
}

export function post_configure(answer: usize): void {
  given_back();
}

export function post_describe(answer: usize): void {
  given_back();
}

export function post_rank(answer: usize): void {
  given_back();
}

export function post_explain(answer: usize): void {
  given_back();
}

/** There is no console to tell it on. */
export function hinny_abort(message: usize, file: usize, line: u32, column: u32): void {
  unreachable();
}

function area(size: usize): usize {
  const made = take(size);
  memory.fill(made, 0, size);
  return made;
}

function text(at: usize, value: string): void {
  const bytes = String.UTF8.encode(value);
  store<usize>(at, changetype<usize>(bytes));
  store<u32>(at, <u32>bytes.byteLength, 4);
}

function read(at: usize): string {
  return String.UTF8.decodeUnsafe(load<usize>(at), load<usize>(at, 4));
}

function declared(): Array<Input> {
  return plugin.inputs();
}

export function configure(entries: usize, count: u32): usize {
  const settings = new Settings();
  for (let at: u32 = 0; at < count; at++) {
    const entry = entries + 24 * (<usize>at);
    settings.keys.push(read(entry));
    settings.values.push(entry + 8);
  }
  if (isDefined(plugin.configure)) {
    plugin.configure(settings);
  } else {
    settings.denyUnknown([]);
  }
  const told = area(12);
  if (settings.wrong.length > 0) {
    store<u8>(told, 1);
    text(told + 4, settings.wrong);
  }
  return told;
}

export function describe(): usize {
  const told = area(40);
  const inputs = declared();
  text(told, "{{name}}");
  text(told + 8, "{{version}}");
  const list = area(24 * <usize>inputs.length + 1);
  store<usize>(told, list, 16);
  store<u32>(told, inputs.length, 20);
  for (let at = 0; at < inputs.length; at++) {
    const place = list + 24 * (<usize>at);
    text(place, inputs[at].name);
    store<u8>(place, inputs[at].source, 8);
    text(place + 12, inputs[at].place);
    store<u8>(place, <u8>inputs[at].kind, 20);
  }
  if (isDefined(plugin.refreshMs)) {
    store<u8>(told, 1, 24);
    store<u64>(told, plugin.refreshMs(), 32);
  }
  return told;
}

/** What is wrong with a batch: empty when nothing is. */
let wrong: string = "";

function columnOf(place: usize, len: u32): Column {
  const kind = load<u8>(place);
  const isText = kind == 2;
  const column = new Column(
    kind,
    load<usize>(place + (isText ? 12 : 4)),
    load<u32>(place + (isText ? 16 : 8)),
    isText ? load<usize>(place, 4) : 0,
    isText ? load<u32>(place, 8) : 0,
  );
  const count = load<u32>(place, 24);
  if (count > 0) {
    const absent = area(len);
    const places = load<usize>(place, 20);
    for (let nth: u32 = 0; nth < count; nth++) {
      const at = load<u32>(places + 4 * (<usize>nth));
      if (at < len) store<u8>(absent + at, 1);
    }
    column.absent = absent;
  }
  return column;
}

function columnsOf(columns: usize, count: u32, len: u32): Array<Column> {
  const inputs = declared();
  const found = new Array<Column>();
  wrong = "";
  if (<i32>count != inputs.length) {
    wrong = "the batch has " + count.toString() + " columns, " + inputs.length.toString() + " inputs are declared";
    return found;
  }
  for (let at: u32 = 0; at < count; at++) {
    const column = columnOf(columns + 28 * (<usize>at), len);
    if (column.kind != <u8>inputs[at].kind || column.length != len) {
      wrong = "column `" + inputs[at].name + "` is of another type or length than declared";
    }
    found.push(column);
  }
  return found;
}

/** The answer of a call that failed. */
function refused(tag: u8): usize {
  const told = area(16);
  store<u8>(told, 1);
  store<u8>(told, tag, 4);
  text(told + 8, wrong);
  return told;
}

/** The answer of a call that went well. */
function listed(list: usize, len: u32): usize {
  const told = area(16);
  store<usize>(told, list, 4);
  store<u32>(told, len, 8);
  return told;
}

function contextOf(now: i64, scheduler: usize, length: usize, seed: i64): Context {
  return new Context(now, String.UTF8.decodeUnsafe(scheduler, length), <u64>seed);
}

export function rank(now: i64, scheduler: usize, length: usize, seed: i64, len: u32, columns: usize, count: u32): usize {
  const known = columnsOf(columns, count, len);
  if (wrong.length > 0) return refused(0);
  const task = new Task(0, contextOf(now, scheduler, length, seed), known);
  const list = take(8 * <usize>len + 8);
  for (let at: u32 = 0; at < len; at++) {
    task.at = at;
    const priority: i64 = plugin.rank(task);
    if (priority < PRIORITY_MIN || priority > PRIORITY_MAX) {
      wrong = "`rank` gave " + priority.toString() + " for task " + at.toString();
      wrong += ", expected an integer from -9007199254740991 to 9007199254740991";
      return refused(1);
    }
    store<i64>(list + 8 * (<usize>at), priority);
  }
  return listed(list, len);
}

export function explain(now: i64, scheduler: usize, length: usize, seed: i64, len: u32, columns: usize, count: u32): usize {
  const known = columnsOf(columns, count, len);
  if (wrong.length > 0) return refused(0);
  const task = new Task(0, contextOf(now, scheduler, length, seed), known);
  const list = area(32 * <usize>len + 8);
  for (let at: u32 = 0; at < len; at++) {
    task.at = at;
    const priority: i64 = plugin.rank(task);
    let terms: Array<Term>;
    if (isDefined(plugin.explain)) {
      terms = plugin.explain(task);
    } else {
      terms = [new Term("priority", <f64>priority)];
    }
    const place = list + 32 * (<usize>at);
    store<i64>(place, priority);
    store<usize>(place, termsOf(terms), 8);
    store<u32>(place, terms.length, 12);
  }
  return listed(list, len);
}

function termsOf(terms: Array<Term>): usize {
  const list = area(32 * <usize>terms.length + 8);
  for (let at = 0; at < terms.length; at++) {
    const place = list + 32 * (<usize>at);
    text(place, terms[at].label);
    store<f64>(place, terms[at].contribution, 8);
    if (terms[at].input.length > 0) {
      store<u8>(place, 1, 16);
      text(place + 20, terms[at].input);
    }
  }
  return list;
}
