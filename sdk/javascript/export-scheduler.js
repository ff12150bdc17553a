// From the wire to the scheduler plugin of an author and back. Plugins do not need this: the builder
// writes the module that calls it, as for rankers.

import { noSettings, plain, told } from "./export.js";
import { HostError, lend } from "./host.js";
import { Reject, Rejected, RetryAfter, TRIGGERS, draft } from "./scheduler.js";
import { SettingError, Settings } from "./settings.js";
import { document } from "./text.js";

/** The exports of the contract, for a scheduler plugin of an author. What is thrown is an error there. */
export function exported(plugin, name, version, lent) {
  let config;
  let descriptor;
  lend(lent);

  function admit(now, record) {
    try {
      const { id, hash, data, priority } = plugin.admit(draft(record), { now }, config);
      return { tag: "ok", val: { id, hash, data: document(data), priority: priority ?? null } };
    } catch (error) {
      return { tag: "err", val: rejection(error) };
    }
  }

  return {
    configure(settings) {
      try {
        const values = new Settings(Object.fromEntries(settings.map(({ key, value }) => [key, plain(value)])));
        config = (plugin.configure ?? noSettings)(values);
        // What may fail must not fail in `describe`, which has no way to say so.
        descriptor = { name, version, ...described(plugin.describe(config)) };
      } catch (error) {
        throw error instanceof SettingError ? error.message : told(error);
      }
    },

    describe() {
      return descriptor;
    },

    admit(now, drafts) {
      return drafts.map((record) => admit(now, record));
    },

    handle(now, { tag, val }) {
      const kind = TRIGGERS[tag];
      try {
        if (kind === undefined || typeof plugin[tag] !== "function") {
          throw new Reject(`this plugin has nothing to do with ${kind ? kind.called(val) : val}`);
        }
        return plugin[tag](kind.read(val), { now }, config);
      } catch (error) {
        throw failure(error);
      }
    },
  };
}

function described({ taskType, schema = true, messages = [], ticks = [], dueSchedules, finishedTasks }) {
  const interests = [
    ...messages.map((source) => ({ tag: "messages", val: source })),
    ...ticks.map((everyMs) => ({ tag: "ticks", val: everyMs })),
    ...(dueSchedules ? [{ tag: "due-schedules" }] : []),
    ...(finishedTasks ? [{ tag: "finished-tasks" }] : []),
  ];
  return { taskType, dataSchema: document(schema), interests };
}

function rejection(error) {
  if (error instanceof Rejected) {
    return { reason: error.message, field: error.field };
  }
  const reason = error instanceof HostError ? error.message : `the plugin failed: ${told(error)}`;
  return { reason, field: "" };
}

function failure(error) {
  const { message, afterMs } = error ?? {};
  if (error instanceof RetryAfter || (error instanceof HostError && afterMs !== undefined)) {
    return { tag: "retry-after", val: { afterMs, reason: message } };
  }
  if (error instanceof Reject || error instanceof HostError) {
    return { tag: "reject", val: message };
  }
  return { tag: "other", val: told(error) };
}
