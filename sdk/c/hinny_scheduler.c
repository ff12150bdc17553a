// From the generated bindings to `hinny_scheduler.h` and back. The builder compiles it with each
// plugin, and defines HINNY_NAME and HINNY_VERSION.

#include "hinny_scheduler.h"

#include <string.h>

#include "hinny_inner.h"
#include "hinny_memory.h"

// The names of the bindings, shortened.
#define WIRE(name) exports_hinny_plugin_scheduler_##name##_t
typedef WIRE(interest) wire_interest;
typedef WIRE(command) wire_command;
typedef WIRE(failure) wire_failure;
typedef WIRE(trigger) wire_trigger;
typedef WIRE(result_admitted_rejection) wire_admission;

// Wait before the next try, when only time helps. The host takes no less than its own back-off.
enum { LATER_MS = 1000 };

struct hinny_interests {
    wire_interest *entries;
    size_t len;
};

struct hinny_admission {
    bool is_given;
    wire_admission told;
};

struct hinny_answer {
    wire_command *commands;
    size_t len;
    size_t room;
    bool has_failed;
    wire_failure failure;
};

// Texts on the wire. What is answered is freed by the bindings, piece by piece: it has memory of its
// own, and none for nothing.

static wire_string owned(hinny_text text) {
    wire_string copy = {NULL, text.len};
    if (text.len > 0) {
        copy.ptr = resized(NULL, text.len);
        memcpy(copy.ptr, text.bytes, text.len);
    }
    return copy;
}

static scheduler_plugin_option_string_t owned_maybe(hinny_text text) {
    scheduler_plugin_option_string_t told = {text.bytes != NULL, {NULL, 0}};
    if (told.is_some) {
        told.val = owned(text);
    }
    return told;
}

static wire_string lent(hinny_text text) { return (wire_string){(uint8_t *)text.bytes, text.len}; }

static hinny_text maybe_text(scheduler_plugin_option_string_t told) {
    return told.is_some ? text_of(told.val) : HINNY_NONE;
}

// What a plugin may leave out

static void is_unwanted(hinny_answer *answer, const char *kind) {
    hinny_reject(answer, hinny_format("this plugin has nothing to do with %s", kind));
}

__attribute__((weak)) const char *hinny_configure(const hinny_settings *settings) {
    return hinny_settings_known(settings, NULL, 0);
}

__attribute__((weak)) void hinny_on_message(
    const hinny_message *message, int64_t now, hinny_answer *answer) {
    (void)now;
    hinny_text kind = hinny_format("messages of `%.*s`%c", HINNY_ARG(message->source), 0);
    is_unwanted(answer, kind.bytes);
}

__attribute__((weak)) void hinny_on_tick(
    const hinny_tick *tick, int64_t now, hinny_answer *answer) {
    (void)tick;
    (void)now;
    is_unwanted(answer, "ticks");
}

__attribute__((weak)) void hinny_on_due(
    const hinny_due_schedule *schedule, int64_t now, hinny_answer *answer) {
    (void)schedule;
    (void)now;
    is_unwanted(answer, "due schedules");
}

__attribute__((weak)) void hinny_on_finished(
    const hinny_finished_task *task, int64_t now, hinny_answer *answer) {
    (void)task;
    (void)now;
    is_unwanted(answer, "finished tasks");
}

// Interests

static wire_interest *new_interest(hinny_interests *wants, uint8_t tag) {
    size_t bytes = (wants->len + 1) * sizeof *wants->entries;
    wants->entries = resized(wants->entries, bytes);
    wire_interest *interest = &wants->entries[wants->len++];
    memset(interest, 0, sizeof *interest);
    interest->tag = tag;
    return interest;
}

void hinny_wants_messages(hinny_interests *wants, hinny_text source) {
    wire_interest *interest = new_interest(wants, EXPORTS_HINNY_PLUGIN_SCHEDULER_INTEREST_MESSAGES);
    interest->val.messages = owned(source);
}

void hinny_wants_ticks(hinny_interests *wants, uint64_t every_ms) {
    new_interest(wants, EXPORTS_HINNY_PLUGIN_SCHEDULER_INTEREST_TICKS)->val.ticks = every_ms;
}

void hinny_wants_due_schedules(hinny_interests *wants) {
    new_interest(wants, EXPORTS_HINNY_PLUGIN_SCHEDULER_INTEREST_DUE_SCHEDULES);
}

void hinny_wants_finished_tasks(hinny_interests *wants) {
    new_interest(wants, EXPORTS_HINNY_PLUGIN_SCHEDULER_INTEREST_FINISHED_TASKS);
}

// Admission

// The last answer counts.
static wire_admission *new_admission(hinny_admission *answer, bool is_err) {
    if (answer->is_given) {
        exports_hinny_plugin_scheduler_result_admitted_rejection_free(&answer->told);
    }
    memset(answer, 0, sizeof *answer);
    answer->is_given = true;
    answer->told.is_err = is_err;
    return &answer->told;
}

void hinny_take(hinny_admission *answer, const hinny_draft *draft, hinny_text hash) {
    WIRE(admitted) *taken = &new_admission(answer, false)->val.ok;
    taken->id = owned(draft->sent_id.bytes != NULL ? draft->sent_id : draft->fresh_id);
    taken->hash = owned(hash);
    taken->data = owned(draft->data);
    taken->priority.is_some = draft->priority.is_some;
    taken->priority.val = draft->priority.value;
}

void hinny_refuse(hinny_admission *answer, const char *field, hinny_text reason) {
    WIRE(rejection) *rejection = &new_admission(answer, true)->val.err;
    rejection->field = owned(hinny_text_from(field));
    rejection->reason = owned(reason);
}

// Commands

static wire_command *new_command(hinny_answer *answer, uint8_t tag) {
    if (answer->len == answer->room) {
        answer->room = answer->room == 0 ? 4 : 2 * answer->room;
        answer->commands = resized(answer->commands, answer->room * sizeof *answer->commands);
    }
    wire_command *command = &answer->commands[answer->len++];
    memset(command, 0, sizeof *command);
    command->tag = tag;
    return command;
}

void hinny_push(hinny_answer *answer, hinny_task task) {
    wire_command *command = new_command(answer, EXPORTS_HINNY_PLUGIN_SCHEDULER_COMMAND_PUSH);
    WIRE(push) *push = &command->val.push;
    push->id = owned_maybe(task.id);
    push->organisation = owned(task.organisation);
    push->hash = owned(task.hash);
    push->data = owned(task.data);
    push->priority.is_some = task.priority.is_some;
    push->priority.val = task.priority.value;
    push->not_before.is_some = task.not_before.is_some;
    push->not_before.val = task.not_before.value;
    push->schedule = owned_maybe(task.schedule);
}

void hinny_upsert_schedule(hinny_answer *answer, hinny_schedule schedule) {
    wire_command *command =
        new_command(answer, EXPORTS_HINNY_PLUGIN_SCHEDULER_COMMAND_UPSERT_SCHEDULE);
    WIRE(upsert_schedule) *upsert = &command->val.upsert_schedule;
    upsert->organisation = owned(schedule.organisation);
    upsert->hash = owned(schedule.hash);
    upsert->data = owned(schedule.data);
    upsert->cron = owned_maybe(schedule.cron);
    upsert->time_zone = owned_maybe(schedule.time_zone);
    upsert->deadline_at.is_some = schedule.deadline_at.is_some;
    upsert->deadline_at.val = schedule.deadline_at.value;
    // Numbered as in the contract.
    upsert->missed = (uint8_t)schedule.missed;
}

void hinny_disable_schedule(hinny_answer *answer, hinny_text hash, hinny_text reason) {
    wire_command *command =
        new_command(answer, EXPORTS_HINNY_PLUGIN_SCHEDULER_COMMAND_DISABLE_SCHEDULE);
    command->val.disable_schedule.hash = owned(hash);
    command->val.disable_schedule.reason = owned(reason);
}

void hinny_cancel(hinny_answer *answer, hinny_text filter, hinny_text reason) {
    wire_command *command = new_command(answer, EXPORTS_HINNY_PLUGIN_SCHEDULER_COMMAND_CANCEL);
    command->val.cancel.filter = owned(filter);
    command->val.cancel.reason = owned(reason);
}

// Failures: the first one counts, as what comes after it is often its fault.

void hinny_reject(hinny_answer *answer, hinny_text reason) {
    if (answer->has_failed) {
        return;
    }
    answer->has_failed = true;
    answer->failure.tag = EXPORTS_HINNY_PLUGIN_SCHEDULER_FAILURE_REJECT;
    answer->failure.val.reject = owned(reason);
}

void hinny_retry_after(hinny_answer *answer, uint64_t after_ms, hinny_text reason) {
    if (answer->has_failed) {
        return;
    }
    answer->has_failed = true;
    answer->failure.tag = EXPORTS_HINNY_PLUGIN_SCHEDULER_FAILURE_RETRY_AFTER;
    answer->failure.val.retry_after.after_ms = after_ms;
    answer->failure.val.retry_after.reason = owned(reason);
}

// What the host lends

void hinny_log(hinny_level level, hinny_text message) {
    wire_string line = lent(message);
    // Numbered as in the contract.
    hinny_plugin_log_write((hinny_plugin_log_level_t)level, &line);
}

// Says that the state could not be had: later, if that may help.
static bool state_failed(hinny_answer *answer, hinny_plugin_state_state_error_t *error) {
    switch (error->tag) {
        case HINNY_PLUGIN_STATE_STATE_ERROR_CONFLICT:
            hinny_retry_after(answer, 0, HINNY_TEXT("the state was changed in between"));
            break;
        case HINNY_PLUGIN_STATE_STATE_ERROR_UNAVAILABLE: {
            hinny_text why = text_of(error->val.unavailable);
            hinny_text told = hinny_format("the state cannot be had: %.*s", HINNY_ARG(why));
            hinny_retry_after(answer, LATER_MS, told);
            break;
        }
        default: {
            hinny_text why = text_of(error->val.other);
            hinny_reject(answer, hinny_format("the state: %.*s", HINNY_ARG(why)));
            break;
        }
    }
    hinny_plugin_state_state_error_free(error);
    return false;
}

bool hinny_state_get(hinny_answer *answer, hinny_text key, hinny_text *value, uint64_t *revision) {
    wire_string wire_key = lent(key);
    hinny_plugin_state_option_entry_t found;
    hinny_plugin_state_state_error_t error;
    if (!hinny_plugin_state_get(&wire_key, &found, &error)) {
        return state_failed(answer, &error);
    }
    *value = HINNY_NONE;
    *revision = 0;
    if (found.is_some) {
        scheduler_plugin_list_u8_t bytes = found.val.value;
        *value = hinny_copied((hinny_text){(const char *)bytes.ptr, bytes.len});
        *revision = found.val.revision;
    }
    hinny_plugin_state_option_entry_free(&found);
    return true;
}

bool hinny_state_set(hinny_answer *answer, hinny_text key, hinny_text value, uint64_t expected) {
    wire_string wire_key = lent(key);
    scheduler_plugin_list_u8_t bytes = {(uint8_t *)value.bytes, value.len};
    scheduler_plugin_list_u8_t *maybe = value.bytes != NULL ? &bytes : NULL;
    hinny_plugin_state_state_error_t error;
    if (!hinny_plugin_state_set(&wire_key, maybe, &expected, &error)) {
        return state_failed(answer, &error);
    }
    return true;
}

bool hinny_send(hinny_answer *answer, hinny_text source, hinny_text body, hinny_maybe not_before) {
    hinny_plugin_messages_outgoing_t message = {
        lent(source),
        {(uint8_t *)body.bytes, body.len},
        {not_before.is_some, not_before.value}};
    hinny_plugin_messages_send_error_t error;
    if (hinny_plugin_messages_send(&message, &error)) {
        return true;
    }
    hinny_text why = text_of(error.val.other);
    hinny_reject(answer, hinny_format("a message to itself: %.*s", HINNY_ARG(why)));
    hinny_plugin_messages_send_error_free(&error);
    return false;
}

// Exports

static hinny_settings configured;

bool exports_hinny_plugin_scheduler_configure(
    exports_hinny_plugin_scheduler_list_setting_t *settings, scheduler_plugin_string_t *err) {
    // Kept for good: a plugin may hold on to the texts in them.
    configured = (hinny_settings){settings->ptr, settings->len};
    const char *wrong = hinny_configure(&configured);
    if (wrong != NULL) {
        scheduler_plugin_string_dup(err, wrong);
    }
    return wrong == NULL;
}

void exports_hinny_plugin_scheduler_describe(exports_hinny_plugin_scheduler_descriptor_t *told) {
    memset(told, 0, sizeof *told);
    scheduler_plugin_string_dup(&told->name, HINNY_NAME);
    scheduler_plugin_string_dup(&told->version, HINNY_VERSION);
    scheduler_plugin_string_dup(&told->task_type, hinny_task_type);
    scheduler_plugin_string_dup(&told->data_schema, hinny_data_schema);
    hinny_interests wants = {NULL, 0};
    hinny_wants(&wants);
    told->interests.ptr = wants.entries;
    told->interests.len = wants.len;
    hinny_free_memory();
}

static hinny_draft draft_of(const WIRE(draft) *told) {
    return (hinny_draft){
        .sent_id = maybe_text(told->sent_id),
        .fresh_id = text_of(told->fresh_id),
        .organisation = text_of(told->organisation),
        .priority = {told->priority.is_some, told->priority.val},
        .data = text_of(told->data)};
}

void exports_hinny_plugin_scheduler_admit(
    exports_hinny_plugin_scheduler_unix_ms_t now,
    exports_hinny_plugin_scheduler_list_draft_t *drafts,
    exports_hinny_plugin_scheduler_list_result_admitted_rejection_t *ret) {
    wire_admission *answers = resized(NULL, drafts->len * sizeof *answers);
    for (size_t at = 0; at < drafts->len; at++) {
        hinny_draft draft = draft_of(&drafts->ptr[at]);
        hinny_admission answer;
        memset(&answer, 0, sizeof answer);
        hinny_admit(&draft, now, &answer);
        if (!answer.is_given) {
            hinny_refuse(&answer, "", HINNY_TEXT("the plugin says nothing of it"));
        }
        answers[at] = answer.told;
    }
    ret->ptr = answers;
    ret->len = drafts->len;
    exports_hinny_plugin_scheduler_list_draft_free(drafts);
    hinny_free_memory();
}

static void on_message(const WIRE(message) *told, int64_t now, hinny_answer *answer) {
    hinny_message message = {
        .id = text_of(told->id),
        .source = text_of(told->source),
        .at = told->at,
        .content_type = text_of(told->content_type),
        .body = {(const char *)told->body.ptr, told->body.len},
        .delivery = told->delivery};
    hinny_on_message(&message, now, answer);
}

static void on_due(const WIRE(due_schedule) *told, int64_t now, hinny_answer *answer) {
    hinny_due_schedule schedule = {
        .id = text_of(told->id),
        .organisation = text_of(told->organisation),
        .hash = text_of(told->hash),
        .data = text_of(told->data),
        .cron = maybe_text(told->cron),
        .deadline_at = told->deadline_at};
    hinny_on_due(&schedule, now, answer);
}

static void on_finished(const WIRE(finished_task) *told, int64_t now, hinny_answer *answer) {
    hinny_finished_task task = {
        .id = text_of(told->id),
        .organisation = text_of(told->organisation),
        .hash = text_of(told->hash),
        .data = text_of(told->data),
        .status = text_of(told->status),
        .attempts = told->attempts,
        .finished_at = told->finished_at,
        .reason = maybe_text(told->reason)};
    hinny_on_finished(&task, now, answer);
}

static void on_trigger(const wire_trigger *trigger, int64_t now, hinny_answer *answer) {
    switch (trigger->tag) {
        case EXPORTS_HINNY_PLUGIN_SCHEDULER_TRIGGER_MESSAGE:
            on_message(&trigger->val.message, now, answer);
            break;
        case EXPORTS_HINNY_PLUGIN_SCHEDULER_TRIGGER_TICK: {
            hinny_tick tick = {trigger->val.tick.planned_at, trigger->val.tick.every_ms};
            hinny_on_tick(&tick, now, answer);
            break;
        }
        case EXPORTS_HINNY_PLUGIN_SCHEDULER_TRIGGER_DUE:
            on_due(&trigger->val.due, now, answer);
            break;
        case EXPORTS_HINNY_PLUGIN_SCHEDULER_TRIGGER_FINISHED:
            on_finished(&trigger->val.finished, now, answer);
            break;
        default: is_unwanted(answer, "such triggers"); break;
    }
}

bool exports_hinny_plugin_scheduler_handle(
    exports_hinny_plugin_scheduler_unix_ms_t now,
    exports_hinny_plugin_scheduler_trigger_t *trigger,
    exports_hinny_plugin_scheduler_list_command_t *ret,
    exports_hinny_plugin_scheduler_failure_t *err) {
    hinny_answer answer;
    memset(&answer, 0, sizeof answer);
    on_trigger(trigger, now, &answer);
    exports_hinny_plugin_scheduler_list_command_t commands = {answer.commands, answer.len};
    if (answer.has_failed) {
        exports_hinny_plugin_scheduler_list_command_free(&commands);
        *err = answer.failure;
    } else {
        *ret = commands;
    }
    exports_hinny_plugin_scheduler_trigger_free(trigger);
    hinny_free_memory();
    return !answer.has_failed;
}
