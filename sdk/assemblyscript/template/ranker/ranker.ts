// What is deep goes ahead of what is shallow, but nothing waits forever. See README.md.

import { Input, Kind, Settings, Task, Term, createdAt, pointer } from "./hinny-plugin";

// The places of what it reads of each task; the host sends this and nothing else.
const CREATED_MS = 0;
const LEVEL = 1;

export function inputs(): Array<Input> {
  return [createdAt("created_ms"), pointer("level", "/level", Kind.Integer)];
}

let secondsPerLevel: i64 = 3600;

export function configure(settings: Settings): void {
  settings.denyUnknown(["seconds_per_level"]);
  secondsPerLevel = settings.integer("seconds_per_level", 3600, 0, 86_400);
}

function created(task: Task): i64 {
  return task.integer(CREATED_MS, 0) / 1000;
}

// In seconds. The level is kept within bounds: data is written by others.
function headStart(task: Task): i64 {
  return min(max(task.integer(LEVEL, 0), 0), 10) * secondsPerLevel;
}

// Lower goes first.
export function rank(task: Task): i64 {
  return created(task) - headStart(task);
}

export function explain(task: Task): Array<Term> {
  return [
    new Term("time of creation in seconds", <f64>created(task), "created_ms"),
    new Term("head start for its level", -(<f64>headStart(task)), "level"),
  ];
}
