// What the plugin commands, natively.

import assert from "node:assert/strict";
import { test } from "node:test";

import { push, upsertSchedule } from "hinny-plugin";
import { SchedulerTest } from "hinny-plugin/testing";

import look from "./scheduler.js";

const DAY_MS = 86_400_000;

const found = (host) => ({ organisation: "acme", host });

test("a host is looked at now and every night", () => {
  const plugin = new SchedulerTest(look, {}, { now: 5 * DAY_MS });
  const { hash } = plugin.admit({ host: "a.example" });
  const task = { organisation: "acme", hash, data: { host: "a.example" } };
  const commands = plugin.message("hosts", found("a.example"));
  assert.deepEqual(commands, [push(task), upsertSchedule({ ...task, cron: "0 3 * * *" })]);
  assert.deepEqual(plugin.due("acme", hash, task.data), [push({ ...task, schedule: hash })]);
  assert.deepEqual(plugin.host.lines, [["info", "host 1 of `acme` today: `a.example`"]]);
});

test("what is too much for a day waits for the next", () => {
  const plugin = new SchedulerTest(look, { per_day: 2 }, { now: 5 * DAY_MS + 1 });
  plugin.message("hosts", found("a.example"));
  plugin.message("hosts", found("b.example"));
  assert.throws(() => plugin.message("hosts", found("c.example")), {
    message: "`acme` had its 2 hosts today",
    afterMs: DAY_MS - 1,
  });
  plugin.now = 6 * DAY_MS;
  plugin.message("hosts", found("c.example"));
  assert.deepEqual(plugin.host.keptJson("day/acme"), { day: 6, count: 1 });
});

test("a name that means another host everywhere is not taken", () => {
  assert.throws(() => new SchedulerTest(look).admit({ host: "localhost" }), { field: "/host" });
});
