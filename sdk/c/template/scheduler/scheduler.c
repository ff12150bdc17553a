// Makes a task of each host that a message names. See README.md.

#include "hinny_scheduler.h"

// What a task's data must look like. The host checks it before `hinny_admit` is asked.
HINNY_TASKS(
    "look",
    "{\"type\": \"object\", \"required\": [\"host\"],"
    " \"properties\": {\"host\": {\"type\": \"string\", \"minLength\": 1}}}")

static hinny_text source = {"hosts", 5};

const char *hinny_configure(const hinny_settings *settings) {
    const char *known[] = {"source"};
    const char *wrong = hinny_settings_known(settings, known, 1);
    return wrong != NULL ? wrong : hinny_setting_text(settings, known[0], &source);
}

void hinny_wants(hinny_interests *wants) { hinny_wants_messages(wants, source); }

// What is pushed over the API.
void hinny_admit(const hinny_draft *draft, int64_t now, hinny_admission *answer) {
    hinny_text host;
    (void)now;
    if (hinny_json_text(draft->data, "/host", &host)) {
        hinny_take(answer, draft, HINNY_IDENTITY(draft->organisation, host));
    }
}

// What comes as a message: each one is handled once in effect, or set aside with the reason.
void hinny_on_message(const hinny_message *message, int64_t now, hinny_answer *answer) {
    hinny_text organisation, host;
    (void)now;
    if (!hinny_json_text(message->body, "/organisation", &organisation) ||
        !hinny_json_text(message->body, "/host", &host)) {
        hinny_reject(answer, HINNY_TEXT("the body has no `organisation` and `host` of text"));
        return;
    }
    hinny_log(HINNY_DEBUG, hinny_format("found `%.*s`", HINNY_ARG(host)));
    // The hash makes two tasks the same work: the same work is not queued twice.
    hinny_text hash = HINNY_IDENTITY(organisation, host);
    hinny_text data = hinny_format("{\"host\":%.*s}", HINNY_ARG(hinny_json_quoted(host)));
    hinny_push(answer, (hinny_task){.organisation = organisation, .hash = hash, .data = data});
}
