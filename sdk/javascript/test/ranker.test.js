// What authors rely on: rows, settings, answers, and what is said when something is wrong.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  PRIORITY_MAX,
  PRIORITY_MIN,
  Settings,
  createdAt,
  lastRunStatus,
  pointer,
  ranker,
  roundPriority,
} from "hinny-plugin";
import { exported } from "hinny-plugin/export";
import { RankerTest } from "hinny-plugin/testing";

const inputs = {
  createdMs: createdAt(),
  level: pointer("/scan/level", "integer", 0),
  ratio: pointer("/ratio", "float"),
  urgent: pointer("/urgent", "flag", false),
  "team name": pointer("/team", "text", "nobody"),
  ended: lastRunStatus(),
};

const weighted = ranker({
  inputs,
  configure(settings) {
    settings.denyUnknown("weight", "teams.*");
    return {
      weight: settings.integer("weight", { absent: 60, least: 0, most: 86_400 }),
      teams: settings.table("teams"),
    };
  },
  refreshMs: 300_000,
  rank: (task, context, { weight, teams }) =>
    context.now - weight * task.level + (teams[task["team name"]] ?? 0),
  explain: (task, context, config) => ({
    priority: weighted.rank(task, context, config),
    terms: [{ label: "level", contribution: -config.weight * task.level, input: "level" }],
  }),
});

test("a task has its values and what stands for absent ones", () => {
  const seen = [];
  const queue = new RankerTest({ inputs, rank: (task) => seen.push(task) * 0 })
    .task({
      name: "full",
      data: { scan: { level: 3 }, ratio: 1, urgent: true, team: "été" },
      createdAt: 9,
      lastRun: { endedAt: 5, status: "failed", durationMs: 7 },
    })
    .task({ name: "empty", data: { scan: { level: "3" }, ratio: "1", urgent: 1, team: null } });
  assert.deepEqual(queue.priorities(), [0, 0]);
  const full = { createdMs: 9, level: 3, ratio: 1, urgent: true, "team name": "été", ended: "failed" };
  assert.deepEqual(seen[0], full);
  const empty = { createdMs: 0, level: 0, ratio: undefined, urgent: false, "team name": "nobody", ended: undefined };
  assert.deepEqual(seen[1], empty);
});

test("data is converted as the host does it", () => {
  const seen = [];
  const kinds = ["integer", "float", "flag", "text"];
  const all = Object.fromEntries(kinds.map((kind) => [kind, pointer("/v", kind)]));
  for (const v of [2.5, true, [1, "é"], "x"]) {
    new RankerTest({ inputs: all, rank: (task) => (seen.push(Object.values(task)), 0) })
      .task({ name: "a", data: { v } })
      .explanations();
  }
  assert.deepEqual(seen.filter((_, at) => at % 3 === 0), [
    [undefined, 2.5, undefined, "2.5"],
    [undefined, undefined, true, "true"],
    [undefined, undefined, undefined, '[1,"é"]'],
    [undefined, undefined, undefined, "x"],
  ]);
});

test("settings are taken, and wrong ones are told", () => {
  const queue = new RankerTest(weighted, { weight: 5, teams: { red: 1000 } }, { now: 7 });
  queue.task({ name: "a", data: { scan: { level: 2 }, team: "red" } });
  assert.deepEqual(queue.priorities(), [7 - 10 + 1000]);
  for (const [settings, message] of [
    [{ weight: -1 }, "setting `weight` is -1, expected an integer from 0 to 86400"],
    [{ weight: "x" }, 'setting `weight` is "x", expected an integer from 0 to 86400'],
    [{ heavy: 1 }, "setting `heavy` is unknown, expected one of `weight`, `teams.*`"],
  ]) {
    assert.throws(() => new RankerTest(weighted, settings), { message });
  }
  const message = "setting `a` is unknown, there are none";
  assert.throws(() => new RankerTest({ inputs, rank: () => 0 }, { a: 1 }), { message });
});

test("getters know their types", () => {
  const settings = new Settings({ n: 1, f: 1.5, t: "x", on: true, l: [1] });
  assert.deepEqual([settings.number("f"), settings.text("t"), settings.flag("on")], [1.5, "x", true]);
  assert.deepEqual([settings.list("l"), settings.list("none")], [[1], []]);
  const wrong = [["integer", "f"], ["integer", "on"], ["number", "t"], ["text", "n"], ["flag", "n"], ["list", "t"]];
  for (const [getter, key] of wrong) {
    assert.throws(() => settings[getter](key), /^SettingError|^Error: setting/);
  }
});

test("explanations have terms", () => {
  const of = (plugin) => new RankerTest(plugin).task({ name: "a", data: { scan: { level: 2 } } }).explanations()[0];
  assert.equal(of(weighted).terms[0].input, "level");
  assert.deepEqual(of({ inputs, rank: (task) => -task.level }).terms[0].contribution, -2);
});

test("an answer that is no priority is told with its task", () => {
  for (const answer of [1.5, true, 2 ** 53, undefined, "1", Number.NaN]) {
    const queue = new RankerTest({ inputs, rank: (task) => (task.level ? answer : 1) });
    queue.task({ name: "fine" }).task({ name: "not", data: { scan: { level: 1 } } });
    assert.throws(() => queue.priorities(), /gave .* for task 1, expected an integer/);
  }
});

test("what is thrown is told with its task and its place", () => {
  const queue = new RankerTest({ inputs, rank: (task) => task.ratio.length });
  queue.task({ name: "a" });
  assert.throws(() => queue.priorities(), /TypeError: .*ranker\.test\.js:\d+.*, at task 0/);
});

test("a ranker that is not pure is found out", () => {
  let calls = 0;
  const queue = new RankerTest({ inputs, rank: () => (calls += 1) });
  assert.throws(() => queue.task({ name: "a" }).priorities(), /asked twice the same/);
});

test("a declaration that makes no sense is refused where it stands", () => {
  assert.throws(() => pointer("level", "integer"), /expected `\/level`/);
  assert.throws(() => pointer("/level", "int"), /expected one of integer, float, text, flag/);
  assert.throws(() => ranker({ inputs }), /has a function `rank\(task\)`/);
});

test("a batch that is not what was declared is refused", () => {
  const plugin = exported({ inputs: { level: pointer("/level", "integer") }, rank: () => 0 }, "a", "1.0.0");
  plugin.configure([]);
  const refused = (...columns) => {
    try {
      return plugin.rank({ now: 0 }, { len: 2, columns });
    } catch (error) {
      return `${error.tag}: ${error.val}`;
    }
  };
  const column = (tag, val) => ({ values: { tag, val }, absent: [] });
  assert.equal(refused(), "bad-input: the batch has 0 columns, 1 inputs are declared");
  assert.match(refused(column("flags", [true, true])), /declared as integer, it holds flag/);
  assert.match(refused(column("integers", [1])), /has 1 values, the batch has 2 tasks/);
});

test("a ranker says what it reads and when it is to be asked again", () => {
  const plugin = exported(weighted, "mine", "1.2.3");
  plugin.configure([]);
  const { name, version, refresh, inputs: told } = plugin.describe();
  assert.deepEqual([name, version, refresh], ["mine", "1.2.3", { tag: "every-ms", val: 300_000 }]);
  assert.deepEqual(told[1], { name: "level", source: { tag: "pointer", val: "/scan/level" }, kind: "integer" });
});

test("a score becomes the nearest priority", () => {
  const scores = [2.5, -2.5, 0.49999999999999994, 1e300, -Infinity, Number.NaN, PRIORITY_MAX];
  const rounded = [3, -3, 0, PRIORITY_MAX, PRIORITY_MIN, PRIORITY_MAX, PRIORITY_MAX];
  assert.deepEqual(scores.map(roundPriority), rounded);
});
