// Looks at each host that a message names, now and every night; so many new ones a day.

#include "hinny_scheduler.h"

HINNY_TASKS(
    "look",
    "{\"type\": \"object\", \"required\": [\"host\"],"
    " \"properties\": {\"host\": {\"type\": \"string\", \"minLength\": 1}}}")

enum { DAY_MS = 86400000 };

static hinny_text source = {"hosts", 5};
static int64_t per_day = 1000;

const char *hinny_configure(const hinny_settings *settings) {
    const char *known[] = {"source", "per_day"};
    const char *wrong = hinny_settings_known(settings, known, 2);
    if (wrong == NULL) {
        wrong = hinny_setting_text(settings, known[0], &source);
    }
    if (wrong == NULL) {
        wrong = hinny_setting_integer(settings, known[1], 1, 100000, &per_day);
    }
    return wrong;
}

void hinny_wants(hinny_interests *wants) {
    hinny_wants_messages(wants, source);
    hinny_wants_due_schedules(wants);
}

void hinny_admit(const hinny_draft *draft, int64_t now, hinny_admission *answer) {
    hinny_text host;
    (void)now;
    if (!hinny_json_text(draft->data, "/host", &host)) {
        return;
    }
    if (hinny_text_is(host, "localhost")) {
        hinny_text why = HINNY_TEXT("`localhost` is nobody's; hint: name the host as others do");
        hinny_refuse(answer, "/host", why);
        return;
    }
    hinny_take(answer, draft, HINNY_IDENTITY(draft->organisation, host));
}

// How many hosts of the organisation there were today; kept with the commands. False: there is an
// answer already.
static bool count(hinny_answer *answer, hinny_text organisation, int64_t now, int64_t *counted) {
    hinny_text key = hinny_format("day/%.*s", HINNY_ARG(organisation)), seen;
    uint64_t revision;
    int64_t today = now / DAY_MS, day = today;
    *counted = 0;
    if (!hinny_state_get(answer, key, &seen, &revision)) {
        return false;
    }
    if (seen.bytes != NULL && (!hinny_json_integer(seen, "/day", &day) ||
                               !hinny_json_integer(seen, "/count", counted))) {
        hinny_reject(answer, hinny_format("state `%.*s` is not as expected", HINNY_ARG(key)));
        return false;
    }
    *counted = day == today ? *counted + 1 : 1;
    if (*counted > per_day) {
        int64_t tomorrow = (today + 1) * DAY_MS;
        hinny_text why = hinny_format(
            "`%.*s` had its %lld hosts today", HINNY_ARG(organisation), (long long)per_day);
        hinny_retry_after(answer, (uint64_t)(tomorrow - now), why);
        return false;
    }
    hinny_text kept = hinny_format(
        "{\"day\":%lld,\"count\":%lld}", (long long)today, (long long)*counted);
    // Refused if somebody else wrote in between.
    return hinny_state_set(answer, key, kept, revision);
}

void hinny_on_message(const hinny_message *message, int64_t now, hinny_answer *answer) {
    hinny_text organisation, host;
    int64_t counted;
    if (!hinny_json_text(message->body, "/organisation", &organisation) ||
        !hinny_json_text(message->body, "/host", &host)) {
        hinny_reject(answer, HINNY_TEXT("the body has no `organisation` and `host` of text"));
        return;
    }
    if (!count(answer, organisation, now, &counted)) {
        return;
    }
    hinny_text line = hinny_format(
        "host %lld of `%.*s` today: `%.*s`", (long long)counted, HINNY_ARG(organisation),
        HINNY_ARG(host));
    hinny_log(HINNY_INFO, line);
    hinny_text hash = HINNY_IDENTITY(organisation, host);
    hinny_text data = hinny_format("{\"host\":%.*s}", HINNY_ARG(hinny_json_quoted(host)));
    hinny_push(answer, (hinny_task){.organisation = organisation, .hash = hash, .data = data});
    hinny_schedule nightly = {
        .organisation = organisation,
        .hash = hash,
        .data = data,
        .cron = HINNY_TEXT("0 3 * * *")};
    hinny_upsert_schedule(answer, nightly);
}

void hinny_on_due(const hinny_due_schedule *schedule, int64_t now, hinny_answer *answer) {
    (void)now;
    hinny_task task = {
        .organisation = schedule->organisation,
        .hash = schedule->hash,
        .data = schedule->data,
        .schedule = schedule->hash};
    hinny_push(answer, task);
}
