// What authors of scheduler plugins rely on: triggers, commands, failures, what the host lends.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import {
  HostError,
  Reject,
  Rejected,
  RetryAfter,
  cancel,
  connector,
  disableSchedule,
  identity,
  log,
  messages,
  push,
  schedules,
  scheduler,
  segment,
  state,
  tasks,
  upsertSchedule,
} from "hinny-plugin";
import { SchedulerTest } from "hinny-plugin/testing";

import { lend } from "../host.js";
import { sha256 } from "../sha256.js";
import { decoded, encoded } from "../text.js";

/** Does what a test says when a message comes. */
const doing = (act) =>
  scheduler({
    describe: () => ({ taskType: "all", messages: ["do", "more"], ticks: [1_000], dueSchedules: true, finishedTasks: true }),
    admit(draft) {
      const { hash, bad, cron } = draft.json();
      if (bad) {
        throw new Rejected("it is bad", "/bad");
      }
      if (cron) {
        schedules.planFor(draft.freshId, { cron });
      }
      return draft.admitAs(hash);
    },
    message: (message, { now }) => act(message, now) ?? [],
    tick: ({ plannedAt, everyMs }) => [push({ organisation: "acme", hash: `tick-${plannedAt}`, data: { everyMs } })],
    due: (schedule) => [schedule.push()],
    finished: (task) => [push({ organisation: task.organisation, hash: "after", data: task.json(), priority: 3 })],
  });

const plugin = (act) => new SchedulerTest(doing(act), {}, { now: 5 });
const run = (act) => plugin(act).message("do", "");

test("each trigger goes to its function", () => {
  const all = plugin();
  assert.deepEqual(all.tick(1_000), [push({ organisation: "acme", hash: "tick-5", data: { everyMs: 1_000 } })]);
  assert.deepEqual(all.due("a", "h", { n: 1 }), [push({ organisation: "a", hash: "h", data: { n: 1 }, schedule: "h" })]);
  assert.deepEqual(all.finished("h", { n: 1 }, "failed"), [
    push({ organisation: "acme", hash: "after", data: { n: 1 }, priority: 3 }),
  ]);
});

test("every command is as the contract has it", () => {
  assert.deepEqual(cancel({ filter: { filters: [] }, reason: "old" }).val, { filter: '{"filters":[]}', reason: "old" });
  assert.deepEqual(disableSchedule({ hash: "h", reason: "gone" }).val, { hash: "h", reason: "gone" });
  const made = upsertSchedule({ organisation: "a", hash: "h", data: 1, deadlineAt: 9, missed: "skip" });
  const absent = { cron: null, timeZone: null };
  assert.deepEqual(made.val, { organisation: "a", hash: "h", data: "1", ...absent, deadlineAt: 9, missed: "skip" });
});

test("a trigger without a function is set aside", () => {
  const bare = new SchedulerTest({ ...doing(), message: undefined, tick: undefined });
  assert.throws(() => bare.message("do", ""), /nothing to do with messages of `do`/);
  assert.throws(() => bare.tick(1_000), /nothing to do with ticks/);
});

test("a mistake is told with its place", () => {
  assert.throws(() => run(() => nowhere.at.all), /ReferenceError: nowhere is not defined \(at .*scheduler.test.js/);
  assert.throws(() => plugin().admit("not JSON"), /the plugin failed: SyntaxError/);
  assert.throws(() => plugin().admit({ bad: true }), { message: "it is bad", field: "/bad" });
});

test("a body that is no text, JSON or table is rejected", () => {
  assert.throws(() => plugin((message) => message.text()).message("do", Uint8Array.of(0x61, 0xff)), Reject);
  assert.throws(() => plugin((message) => message.json()).message("do", "{"), /the body is not JSON/);
  assert.throws(() => plugin((message) => message.table({})).message("do", "[]"), /not a JSON table/);
});

test("state lasts, and what a failed call wrote does not", () => {
  let act = () => state.setJson("n", 1);
  const all = plugin(() => act());
  const next = (then) => {
    act = then;
    return all.message("do", "");
  };
  next(() => void state.setJson("n", 1));
  assert.equal(all.host.keptJson("n"), 1);
  assert.throws(() => next(() => state.setJson("n", 2) ?? nowhere));
  assert.equal(all.host.keptJson("n"), 1);
  assert.throws(() => next(() => state.set("n", "3", 9)), { message: "the state was changed in between", afterMs: 0 });
  assert.throws(() => next(() => state.set("n".repeat(257), "")), /the state: the key has 257 bytes/);
  next(() => void state.set("n", undefined, 1));
  assert.equal(all.host.keptJson("n"), undefined);
});

test("what is sent comes later, and only where it is wanted", () => {
  const all = plugin(() => void messages.send("more", "x", 7));
  all.message("do", "");
  assert.deepEqual(all.host.sent, [{ source: "more", body: "x", notBefore: 7 }]);
  assert.throws(() => run(() => messages.send("less", "x")), /does not want messages of `less`/);
});

test("services are asked, and their failures mean later or never", () => {
  const answers = { "/a/b%2Fc": { body: '"d"' }, "/busy": { status: 503 }, "/none": { status: 404 } };
  const asking = (act) => {
    const all = plugin(() => void act());
    all.host.services.store = ({ path }) => answers[path];
    all.message("do", "");
    return all.host.asked;
  };
  const get = (path, query) => connector.get("store", path, query);
  const [asked] = asking(() => assert.equal(get(`/a/${segment("b/c")}`, { q: 1 }).success().json(), "d"));
  assert.deepEqual(asked.query, [["q", "1"]]);
  assert.throws(() => asking(() => get("/busy").success()), RetryAfter);
  asking(() => assert.equal(get("/none").found(), undefined));
  assert.throws(() => asking(() => get("/none").success()), /the service answered 404/);
  assert.throws(() => run(() => connector.get("shop", "/")), { message: /a service: `shop`/, afterMs: 1_000 });
});

test("tasks and schedules are found as the test says", () => {
  const all = plugin((_, now) => {
    const found = [tasks.newestOf(["h", "i"]), tasks.find({}, 3), schedules.find(["h"]), schedules.nextMatch("*", now)];
    assert.deepEqual(found, [["a task", undefined], ["{}", 3], [undefined], 6]);
  });
  all.host.newest.h = "a task";
  all.host.finder = (filter, limit) => [filter, limit];
  all.host.matcher = (cron, zone, after) => after + 1;
  all.message("do", "");
  all.admit({ hash: "h", cron: "0 3 * * *" });
  assert.deepEqual([...all.host.plans.values()], [{ cron: "0 3 * * *", timeZone: null, deadlineAt: null }]);
});

test("what is used and not listed is told by name", () => {
  lend({ log: { write() {} } });
  log.info("this one is listed");
  assert.throws(() => state.get("n"), HostError);
  assert.throws(() => state.get("n"), /hint: "hinny": \{"uses": \["state"\]\} in package.json/);
});

test("an identity is the same in all languages", () => {
  assert.equal(identity("acme", { b: 2.0, a: 1 }), "0dea90a3b9a18fa2b9c57f501e6d02e1");
  assert.notEqual(identity("ab", "c"), identity("a", "bc"));
  assert.notEqual(identity(undefined), identity());
  // Beyond 2^16, letters are sorted as bytes are, not as halves.
  assert.equal(identity({ "\u{1F98C}": 1, "\uFFFD": 2 }), identity('{"\uFFFD":2,"\u{1F98C}":1}'));
});

test("digests and texts are those of the platform, of any length", () => {
  for (let length = 0; length < 200; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, at) => at * 7 + length);
    assert.equal(sha256(bytes), createHash("sha256").update(bytes).digest("hex"));
  }
  const text = "a%\u0000é€\u{1F98C}";
  assert.deepEqual(encoded(text), new TextEncoder().encode(text));
  assert.equal(decoded(encoded(text)), text);
});
