// The order that the ranker gives, natively.

import assert from "node:assert/strict";
import { test } from "node:test";

import { RankerTest } from "hinny-plugin/testing";

import deepFirst from "./ranker.js";

test("the deepest scan goes first, and among equals the oldest", () => {
  const queue = new RankerTest(deepFirst)
    .task({ name: "late", data: { scan_level: 2 }, createdAt: 3_000 })
    .task({ name: "early", data: { scan_level: 2 }, createdAt: 2_000 })
    .task({ name: "unknown level", data: {}, createdAt: 1_000 })
    .task({ name: "deepest", data: { scan_level: 4 }, createdAt: 4_000 });
  assert.deepEqual(queue.order(), ["deepest", "early", "late", "unknown level"]);
});

test("no level is beyond all others", () => {
  const queue = new RankerTest(deepFirst)
    .task({ name: "absurd", data: { scan_level: -(2 ** 63) } })
    .task({ name: "absurd, too", data: { scan_level: 2 ** 63 } });
  assert.deepEqual(queue.priorities().map((priority) => priority + 0), [0, -4]);
});
