// From the wire to the object of an author and back. Plugins do not need this: the builder writes
// the module that calls it, with the name and version of the plugin.

import { BadInput, reader } from "./batch.js";
import { PRIORITY_MAX, PRIORITY_MIN } from "./priority.js";
import { SettingError, Settings } from "./settings.js";

/** The exports of the contract, for a ranker of an author. What is thrown is an error there. */
export function exported(plugin, name, version) {
  let config;
  let inputs;
  let read;
  let descriptor;

  function each(answer, context, batch) {
    const answers = new Array(batch.len);
    let at = 0;
    try {
      const task = read(batch);
      for (; at < batch.len; at += 1) {
        answers[at] = answer(task(at), context, config);
      }
    } catch (error) {
      throw refusal(error, at);
    }
    return answers;
  }

  return {
    configure(settings) {
      try {
        const values = new Settings(Object.fromEntries(settings.map(({ key, value }) => [key, plain(value)])));
        config = (plugin.configure ?? noSettings)(values);
        inputs = typeof plugin.inputs === "function" ? plugin.inputs(config) : plugin.inputs;
        read = reader(inputs);
        // What may fail must not fail in `describe`, which has no way to say so.
        descriptor = { name, version, inputs: Object.entries(inputs).map(declared), refresh: refresh(plugin, config) };
      } catch (error) {
        throw error instanceof SettingError ? error.message : told(error);
      }
    },

    describe() {
      return descriptor;
    },

    rank(context, batch) {
      const answers = each(plugin.rank, context, batch);
      const wrong = answers.findIndex((answer) => !isPriority(answer));
      if (wrong >= 0) {
        throw { tag: "other", val: noPriority(answers[wrong], wrong) };
      }
      return answers;
    },

    explain(context, batch) {
      return each(plugin.explain ?? briefly, context, batch).map(explanation);
    },
  };

  function briefly(task, context, config) {
    const priority = plugin.rank(task, context, config);
    return { priority, terms: [{ label: "priority", contribution: priority }] };
  }
}

export function noSettings(settings) {
  settings.denyUnknown();
}

/** A setting as JavaScript has it; what is neither number, text nor flag comes as JSON. */
export function plain({ tag, val }) {
  return tag === "other" ? JSON.parse(val) : val;
}

function declared([name, { source, kind }]) {
  return { name, source, kind };
}

function refresh(plugin, config) {
  const every = typeof plugin.refreshMs === "function" ? plugin.refreshMs(config) : plugin.refreshMs;
  return every === undefined ? { tag: "never" } : { tag: "every-ms", val: every };
}

function isPriority(answer) {
  return Number.isInteger(answer) && answer >= PRIORITY_MIN && answer <= PRIORITY_MAX;
}

function noPriority(answer, at) {
  const shown = typeof answer === "bigint" ? `${answer}n` : String(JSON.stringify(answer) ?? answer);
  return (
    `\`rank\` gave ${shown} for task ${at}, expected an integer from ${PRIORITY_MIN} to ` +
    `${PRIORITY_MAX}; hint: \`roundPriority\` makes one of any number`
  );
}

function explanation({ priority, terms = [], note }) {
  const full = ({ label, contribution, input }) => ({ label, contribution, input });
  return { priority, terms: terms.map(full), note };
}

function refusal(error, at) {
  if (error instanceof BadInput) {
    return { tag: "bad-input", val: error.message };
  }
  return { tag: "other", val: `${told(error)}, at task ${at} of the batch` };
}

/** What was thrown, and where. There is no other way to see it: no console. */
export function told(error) {
  if (!(error instanceof Error)) {
    return `thrown: ${error}`;
  }
  const place = (error.stack ?? "").split("\n").find((line) => line.trim().startsWith("at "));
  return `${error.name}: ${error.message}${place ? ` (${place.trim()})` : ""}`;
}
