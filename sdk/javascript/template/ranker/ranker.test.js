// `npm test` runs these natively, in a moment.

import assert from "node:assert/strict";
import { test } from "node:test";

import { RankerTest } from "hinny-plugin/testing";

import mine from "./ranker.js";

const queue = (settings) =>
  new RankerTest(mine, settings)
    .task({ name: "plain", createdAt: 30_000 })
    .task({ name: "deep", data: { level: 2 }, createdAt: 90_000 })
    .task({ name: "deeper", data: { level: 3 }, createdAt: 99_000 });

test("a level is worth as many seconds as the settings say", () => {
  const order = (seconds) => queue({ seconds_per_level: seconds }).order();
  assert.deepEqual(order(60), ["deeper", "deep", "plain"]);
  assert.deepEqual(order(5), ["plain", "deep", "deeper"]);
});

test("the terms of an explanation add up", () => {
  for (const { priority, terms } of queue({}).explanations()) {
    assert.equal(terms.reduce((sum, { contribution }) => sum + contribution, 0), priority);
  }
});

test("a setting that does not exist is refused", () => {
  assert.throws(() => queue({ seconds: 60 }), /setting `seconds` is unknown/);
});
