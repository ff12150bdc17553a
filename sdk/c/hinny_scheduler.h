// Scheduler plugins for hinny in C: triggers in, commands out.
//
//     #include "hinny_scheduler.h"
//
//     HINNY_TASKS("ping", "{\"type\": \"object\", \"required\": [\"host\"]}")
//
//     void hinny_wants(hinny_interests *wants) { hinny_wants_messages(wants, HINNY_TEXT("hosts")); }
//
//     void hinny_admit(const hinny_draft *draft, int64_t now, hinny_admission *answer) {
//         (void)now;
//         hinny_text host;
//         if (hinny_json_text(draft->data, "/host", &host)) {
//             hinny_take(answer, draft, HINNY_IDENTITY(draft->organisation, host));
//         } else {
//             hinny_refuse(answer, "/host", HINNY_TEXT("expected the name of a host"));
//         }
//     }
//
//     void hinny_on_message(const hinny_message *message, int64_t now, hinny_answer *answer) {
//         (void)now;
//         hinny_text host = message->body, who = HINNY_TEXT("acme");
//         hinny_text data = hinny_format("{\"host\":%.*s}", HINNY_ARG(hinny_json_quoted(host)));
//         hinny_task task = {.organisation = who, .hash = HINNY_IDENTITY(who, host), .data = data};
//         hinny_push(answer, task);
//     }
//
// `hinny plugin build` makes a component of it, together with the other files here. Texts that the
// SDK makes or hands in live until the call ends. `now` is in milliseconds since the epoch.
//
// What happens to a trigger happens once: the commands and what was written to the state are
// committed together, or not at all. An instance may serve one call or many: what must last belongs
// in the state.

#ifndef HINNY_SCHEDULER_H
#define HINNY_SCHEDULER_H

#include "hinny_plugin.h"

// Texts

// A text of a literal, and none at all.
#define HINNY_TEXT(literal) ((hinny_text){literal, sizeof literal - 1})
#define HINNY_NONE ((hinny_text){NULL, 0})
// A text as the two arguments of `%.*s`.
#define HINNY_ARG(text) (int)(text).len, (text).bytes

// A text of something that is ended by a zero.
hinny_text hinny_text_from(const char *text);
// As `printf` writes it, without floats.
__attribute__((format(printf, 1, 2))) hinny_text hinny_format(const char *format, ...);

// JSON

// The value at a JSON pointer of a document, as it stands there; false when there is none, or the
// document is broken. The empty pointer finds the whole document.
bool hinny_json_find(hinny_text document, const char *pointer, hinny_text *found);
// The same, when it is text, or an integer.
bool hinny_json_text(hinny_text document, const char *pointer, hinny_text *value);
bool hinny_json_integer(hinny_text document, const char *pointer, int64_t *value);
// A text as JSON, in quotes.
hinny_text hinny_json_quoted(hinny_text text);

// Identity

// What makes two tasks the same work: the first 32 hex digits of a SHA-256 over parts, each framed by
// its length. The same parts have the same hash in the SDKs of all languages.
#define HINNY_IDENTITY(...)                        \
    hinny_identity((const hinny_text[]){__VA_ARGS__}, \
                   sizeof((const hinny_text[]){__VA_ARGS__}) / sizeof(hinny_text))
hinny_text hinny_identity(const hinny_text *parts, size_t count);

// What comes in

// An integer that may not be there.
typedef struct {
    bool is_some;
    int64_t value;
} hinny_maybe;

// A task that is pushed over the API. Texts that may not be there have the bytes NULL.
typedef struct {
    // The id that was sent, if any, and an unused one.
    hinny_text sent_id;
    hinny_text fresh_id;
    hinny_text organisation;
    hinny_maybe priority;
    // A JSON document, as it was sent. It fits the schema already.
    hinny_text data;
} hinny_draft;

typedef struct {
    // A repeated delivery has the same one.
    hinny_text id;
    hinny_text source;
    // When the host took it.
    int64_t at;
    hinny_text content_type;
    hinny_text body;
    // 1 for the first delivery.
    uint32_t delivery;
} hinny_message;

typedef struct {
    int64_t planned_at;
    uint64_t every_ms;
} hinny_tick;

typedef struct {
    hinny_text id;
    hinny_text organisation;
    // The hash and data of the tasks that it makes.
    hinny_text hash;
    hinny_text data;
    // None when it has only a deadline.
    hinny_text cron;
    int64_t deadline_at;
} hinny_due_schedule;

typedef struct {
    hinny_text id;
    hinny_text organisation;
    hinny_text hash;
    hinny_text data;
    // `completed`, `failed` or `cancelled`.
    hinny_text status;
    uint32_t attempts;
    int64_t finished_at;
    hinny_text reason;
} hinny_finished_task;

// What is answered

// What becomes of a draft. Without an answer it is refused.
typedef struct hinny_admission hinny_admission;
// Takes the draft as it was sent, under the id that was sent or else the fresh one.
void hinny_take(hinny_admission *answer, const hinny_draft *draft, hinny_text hash);
// Refuses it: say why, and how to mend it. `field` is a JSON pointer; empty for the whole.
void hinny_refuse(hinny_admission *answer, const char *field, hinny_text reason);

// Commands, or why there are none.
typedef struct hinny_answer hinny_answer;

// A task to queue. Nothing happens when a queued task has the same hash.
typedef struct {
    hinny_text organisation;
    // 1 to 128 bytes.
    hinny_text hash;
    // A JSON document.
    hinny_text data;
    // All of these may be left out.
    hinny_text id;
    hinny_maybe priority;
    hinny_maybe not_before;
    // The hash of the schedule that it comes from.
    hinny_text schedule;
} hinny_task;

typedef enum { HINNY_MISSED_ONCE, HINNY_MISSED_SKIP, HINNY_MISSED_ALL } hinny_missed;

// A schedule to make, or to change. It needs `cron` or `deadline_at` to fire.
typedef struct {
    hinny_text organisation;
    hinny_text hash;
    hinny_text data;
    hinny_text cron;
    // IANA zone of the expression; UTC when there is none.
    hinny_text time_zone;
    hinny_maybe deadline_at;
    // What to do about fires that were missed.
    hinny_missed missed;
} hinny_schedule;

void hinny_push(hinny_answer *answer, hinny_task task);
void hinny_upsert_schedule(hinny_answer *answer, hinny_schedule schedule);
void hinny_disable_schedule(hinny_answer *answer, hinny_text hash, hinny_text reason);
// Takes queued tasks off the queue: those that match a filter, `{"filters": [...]}`.
void hinny_cancel(hinny_answer *answer, hinny_text filter, hinny_text reason);
// Sets the trigger aside, or has it handled again later; drops the commands so far.
void hinny_reject(hinny_answer *answer, hinny_text reason);
void hinny_retry_after(hinny_answer *answer, uint64_t after_ms, hinny_text reason);

// What the host lends, each only when it is granted. A component imports what is called, and nothing
// else. What is not here, `tasks`, `schedules` and `connector`, is in the bindings that are generated
// for each build, `scheduler_plugin.h`.

typedef enum { HINNY_TRACE, HINNY_DEBUG, HINNY_INFO, HINNY_WARN, HINNY_ERROR } hinny_level;
void hinny_log(hinny_level level, hinny_text message);

// Small values that the plugin keeps. False: it could not be had, and the answer says so already, as
// later or as never; return. A value that is not there has the bytes NULL and revision 0.
bool hinny_state_get(hinny_answer *answer, hinny_text key, hinny_text *value, uint64_t *revision);
// Writes a value, if it has the expected revision; one without bytes deletes it.
bool hinny_state_set(hinny_answer *answer, hinny_text key, hinny_text value, uint64_t expected);

// Messages to oneself, of a source that the plugin wants; kept with the commands.
bool hinny_send(hinny_answer *answer, hinny_text source, hinny_text body, hinny_maybe not_before);

// What a plugin defines

// Kind of the tasks that it makes, and the JSON Schema of their data.
#define HINNY_TASKS(type, schema)       \
    const char *const hinny_task_type = type; \
    const char *const hinny_data_schema = schema;

extern const char *const hinny_task_type;
extern const char *const hinny_data_schema;

// Which triggers it wants.
typedef struct hinny_interests hinny_interests;
void hinny_wants(hinny_interests *wants);
void hinny_wants_messages(hinny_interests *wants, hinny_text source);
void hinny_wants_ticks(hinny_interests *wants, uint64_t every_ms);
void hinny_wants_due_schedules(hinny_interests *wants);
void hinny_wants_finished_tasks(hinny_interests *wants);

// Takes or refuses a task that is pushed over the API.
void hinny_admit(const hinny_draft *draft, int64_t now, hinny_admission *answer);

// What it may define: a trigger without its function is set aside.

void hinny_on_message(const hinny_message *message, int64_t now, hinny_answer *answer);
void hinny_on_tick(const hinny_tick *tick, int64_t now, hinny_answer *answer);
void hinny_on_due(const hinny_due_schedule *schedule, int64_t now, hinny_answer *answer);
void hinny_on_finished(const hinny_finished_task *task, int64_t now, hinny_answer *answer);

// Takes the settings: NULL, or why not. Without it, any setting is refused.
const char *hinny_configure(const hinny_settings *settings);

#endif
