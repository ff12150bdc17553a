// A whole ranker: the deepest scans first, and among equals the oldest, as always.

import { pointer, ranker } from "hinny-plugin";

export default ranker({
  inputs: { level: pointer("/scan_level", "integer", 0) },
  rank: (task) => -Math.min(Math.max(task.level, 0), 4),
});
