// Makes a task of each host that a message names. See README.md.

import { identity, log, push, scheduler } from "hinny-plugin";

// What a task's data must look like. The host checks it before `admit` is asked.
const schema = {
  type: "object",
  required: ["host"],
  properties: { host: { type: "string", minLength: 1 } },
};

export default scheduler({
  configure(settings) {
    settings.denyUnknown("source");
    return { source: settings.text("source", "hosts") };
  },

  describe: ({ source }) => ({ taskType: "look", schema, messages: [source] }),

  // What is pushed over the API.
  admit: (draft) => draft.admitAs(identity(draft.organisation, draft.json().host)),

  // What comes as a message: each one is handled once in effect, or set aside with the reason.
  message(message) {
    const { organisation, host } = message.table({ organisation: "string", host: "string" });
    log.debug(`found \`${host}\` of \`${organisation}\``);
    // The hash makes two tasks the same work: the same work is not queued twice.
    return [push({ organisation, hash: identity(organisation, host), data: { host } })];
  },
});
