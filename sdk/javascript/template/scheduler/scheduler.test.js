// `npm test` runs these natively, in a moment.

import assert from "node:assert/strict";
import { test } from "node:test";

import { push } from "hinny-plugin";
import { SchedulerTest } from "hinny-plugin/testing";

import mine from "./scheduler.js";

test("a host in a message is the same work as one that is pushed", () => {
  const plugin = new SchedulerTest(mine);
  const { hash } = plugin.admit({ host: "a.example" });
  const commands = plugin.message("hosts", { organisation: "acme", host: "a.example" });
  assert.deepEqual(commands, [push({ organisation: "acme", hash, data: { host: "a.example" } })]);
});

test("a message that makes no sense is set aside with the reason", () => {
  const plugin = new SchedulerTest(mine);
  assert.throws(() => plugin.message("hosts", { organisation: "acme" }), /no `host` of type `string`/);
});

test("it wants the messages of the source in the settings", () => {
  const { interests } = new SchedulerTest(mine, { source: "found" }).describe();
  assert.deepEqual(interests, [{ tag: "messages", val: "found" }]);
});
