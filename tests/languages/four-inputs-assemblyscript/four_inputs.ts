// The rule of tests/guests/four-inputs, in AssemblyScript.

import { Input, Kind, Task, createdAt, pointer } from "./hinny-plugin";

const CREATED_MS = 0;
const LEVEL = 1;
const URGENT = 2;
const TEAM = 3;

export function inputs(): Array<Input> {
  return [
    createdAt("created_ms"),
    pointer("level", "/level", Kind.Integer),
    pointer("urgent", "/urgent", Kind.Flag),
    pointer("team", "/team", Kind.Text),
  ];
}

export function rank(task: Task): i64 {
  const level = min(max(task.integer(LEVEL, 0), 0), 4);
  const team = task.text(TEAM, "");
  const ours: i64 = team == "red" || team == "rød" ? 50 : 0;
  const urgent: i64 = task.flag(URGENT, false) ? 500 : 0;
  return task.integer(CREATED_MS, 0) / 60_000 - 100 * level - urgent - ours;
}
