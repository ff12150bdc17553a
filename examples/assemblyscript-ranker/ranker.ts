// A whole ranker: the deepest scans first, and among equals the oldest, as always.

import { Input, Kind, Task, pointer } from "./hinny-plugin";

export function inputs(): Array<Input> {
  return [pointer("level", "/scan_level", Kind.Integer)];
}

export function rank(task: Task): i64 {
  return -min(max(task.integer(0, 0), 0), 4);
}
