// The rule of tests/guests/four-inputs, in TypeScript.

import { createdAt, pointer, ranker, type Context } from "hinny-plugin";

const clamped = (level: number): number => Math.min(Math.max(level, 0), 4);

export default ranker({
  inputs: {
    createdMs: createdAt(),
    level: pointer("/level", "integer", 0),
    urgent: pointer("/urgent", "flag", false),
    team: pointer("/team", "text"),
  },
  rank(task, _context: Context): number {
    const team = task.team === "red" || task.team === "rød" ? 50 : 0;
    const urgent = task.urgent ? 500 : 0;
    return Math.floor(task.createdMs / 60_000) - 100 * clamped(task.level) - urgent - team;
  },
});
