// What is deep goes ahead of what is shallow, but nothing waits forever. See README.md.

import { createdAt, pointer, ranker } from "hinny-plugin";

/** In seconds. The level is kept within bounds: data is written by others. */
const headStart = (task, secondsPerLevel) => Math.min(Math.max(task.level, 0), 10) * secondsPerLevel;

export default ranker({
  // What it reads of each task; the host sends this and nothing else.
  inputs: {
    createdMs: createdAt(),
    level: pointer("/level", "integer", 0),
  },

  configure(settings) {
    settings.denyUnknown("seconds_per_level");
    return settings.integer("seconds_per_level", { absent: 3600, least: 0, most: 86_400 });
  },

  // Lower goes first.
  rank: (task, _context, secondsPerLevel) =>
    Math.floor(task.createdMs / 1000) - headStart(task, secondsPerLevel),

  explain(task, _context, secondsPerLevel) {
    const created = Math.floor(task.createdMs / 1000);
    const ahead = headStart(task, secondsPerLevel);
    return {
      priority: created - ahead,
      terms: [
        { label: "time of creation in seconds", contribution: created, input: "createdMs" },
        { label: "head start for its level", contribution: -ahead, input: "level" },
      ],
    };
  },
});
