// From the generated bindings to `hinny_ranker.h` and back. The builder compiles it with each
// plugin, and defines HINNY_NAME and HINNY_VERSION.

#include "hinny_ranker.h"

#include <stdlib.h>
#include <string.h>

#include "hinny_inner.h"

// The names of the bindings, shortened.
typedef exports_hinny_plugin_ranker_batch_t wire_batch;
typedef exports_hinny_plugin_ranker_context_t wire_context;
typedef exports_hinny_plugin_ranker_column_t wire_column;
typedef exports_hinny_plugin_ranker_column_values_t wire_values;
typedef exports_hinny_plugin_ranker_rank_error_t wire_error;
typedef exports_hinny_plugin_ranker_explanation_t wire_explanation;
typedef exports_hinny_plugin_ranker_term_t wire_term;
typedef exports_hinny_plugin_ranker_input_t wire_input;

struct hinny_explanation {
    wire_term *terms;
    size_t len;
    size_t room;
};

// A batch, with one byte per task where values are absent, so that looking is one read.
typedef struct hinny_columns {
    const wire_column *columns;
    uint8_t **absent;
} hinny_columns;

// What a ranker may leave out

__attribute__((weak)) const char *hinny_configure(const hinny_settings *settings) {
    return hinny_settings_known(settings, NULL, 0);
}

__attribute__((weak)) uint64_t hinny_refresh_ms(void) { return 0; }

__attribute__((weak)) void hinny_explain(const hinny_task *task, hinny_explanation *explanation) {
    hinny_term(explanation, "priority", (double)hinny_rank(task), NULL);
}

// Values

bool hinny_is_absent(const hinny_task *task, size_t input) {
    const uint8_t *absent = task->columns->absent[input];
    return absent != NULL && absent[task->at];
}

// The values of an input, or NULL when it has none of this type for this task.
static const wire_values *values(const hinny_task *task, size_t input, uint8_t tag) {
    const wire_values *values = &task->columns->columns[input].values;
    return values->tag == tag && !hinny_is_absent(task, input) ? values : NULL;
}

int64_t hinny_integer(const hinny_task *task, size_t input, int64_t absent) {
    const wire_values *found =
        values(task, input, EXPORTS_HINNY_PLUGIN_RANKER_COLUMN_VALUES_INTEGERS);
    return found ? found->val.integers.ptr[task->at] : absent;
}

double hinny_float(const hinny_task *task, size_t input, double absent) {
    const wire_values *found = values(task, input, EXPORTS_HINNY_PLUGIN_RANKER_COLUMN_VALUES_FLOATS);
    return found ? found->val.floats.ptr[task->at] : absent;
}

bool hinny_flag(const hinny_task *task, size_t input, bool absent) {
    const wire_values *found = values(task, input, EXPORTS_HINNY_PLUGIN_RANKER_COLUMN_VALUES_FLAGS);
    return found ? found->val.flags.ptr[task->at] : absent;
}

hinny_text hinny_text_of(const hinny_task *task, size_t input, const char *absent) {
    const wire_values *found = values(task, input, EXPORTS_HINNY_PLUGIN_RANKER_COLUMN_VALUES_TEXTS);
    if (found == NULL) {
        return (hinny_text){absent, strlen(absent)};
    }
    return text_of(found->val.texts.dictionary.ptr[found->val.texts.codes.ptr[task->at]]);
}

int64_t hinny_round_priority(double score) {
    if (score != score || score >= (double)HINNY_PRIORITY_MAX) {
        return HINNY_PRIORITY_MAX;
    }
    if (score <= (double)HINNY_PRIORITY_MIN) {
        return HINNY_PRIORITY_MIN;
    }
    int64_t whole = (int64_t)score;
    double rest = score - (double)whole;
    // Halves go away from zero, as in the SDKs of other languages.
    return rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole;
}

// Explanations

void hinny_term(
    hinny_explanation *explanation, const char *label, double contribution, const char *input) {
    if (explanation->len == explanation->room) {
        explanation->room = explanation->room == 0 ? 4 : 2 * explanation->room;
        explanation->terms =
            resized(explanation->terms, explanation->room * sizeof *explanation->terms);
    }
    wire_term *term = &explanation->terms[explanation->len++];
    memset(term, 0, sizeof *term);
    ranker_plugin_string_dup(&term->label, label);
    term->contribution = contribution;
    if (input != NULL) {
        term->input.is_some = true;
        ranker_plugin_string_dup(&term->input.val, input);
    }
}

// Exports

static hinny_settings configured;

bool exports_hinny_plugin_ranker_configure(
    exports_hinny_plugin_ranker_list_setting_t *settings, ranker_plugin_string_t *err) {
    // Kept for good: a plugin may hold on to the texts in them.
    configured = (hinny_settings){settings->ptr, settings->len};
    const char *wrong = hinny_configure(&configured);
    if (wrong != NULL) {
        ranker_plugin_string_dup(err, wrong);
    }
    return wrong == NULL;
}

static void describe_input(const hinny_input *input, wire_input *told) {
    memset(told, 0, sizeof *told);
    ranker_plugin_string_dup(&told->name, input->name);
    // Sources and types are numbered as in the contract.
    told->source.tag = (uint8_t)input->place.source;
    if (input->place.source == HINNY_SOURCE_POINTER) {
        ranker_plugin_string_dup(&told->source.val.pointer, input->place.pointer);
    }
    told->kind = (uint8_t)input->type;
}

void exports_hinny_plugin_ranker_describe(exports_hinny_plugin_ranker_descriptor_t *told) {
    memset(told, 0, sizeof *told);
    ranker_plugin_string_dup(&told->name, HINNY_NAME);
    ranker_plugin_string_dup(&told->version, HINNY_VERSION);
    told->inputs.len = hinny_inputs_len;
    told->inputs.ptr = resized(NULL, hinny_inputs_len * sizeof *told->inputs.ptr);
    for (size_t at = 0; at < hinny_inputs_len; at++) {
        describe_input(&hinny_inputs[at], &told->inputs.ptr[at]);
    }
    uint64_t every_ms = hinny_refresh_ms();
    if (every_ms > 0) {
        told->refresh.tag = EXPORTS_HINNY_PLUGIN_RANKER_REFRESH_EVERY_MS;
        told->refresh.val.every_ms = every_ms;
    }
}

static const uint8_t tags[] = {
    [HINNY_INTEGER] = EXPORTS_HINNY_PLUGIN_RANKER_COLUMN_VALUES_INTEGERS,
    [HINNY_FLOAT] = EXPORTS_HINNY_PLUGIN_RANKER_COLUMN_VALUES_FLOATS,
    [HINNY_TEXT] = EXPORTS_HINNY_PLUGIN_RANKER_COLUMN_VALUES_TEXTS,
    [HINNY_FLAG] = EXPORTS_HINNY_PLUGIN_RANKER_COLUMN_VALUES_FLAGS,
};

static size_t length(const wire_values *values) {
    switch (values->tag) {
        case EXPORTS_HINNY_PLUGIN_RANKER_COLUMN_VALUES_INTEGERS: return values->val.integers.len;
        case EXPORTS_HINNY_PLUGIN_RANKER_COLUMN_VALUES_FLOATS: return values->val.floats.len;
        case EXPORTS_HINNY_PLUGIN_RANKER_COLUMN_VALUES_TEXTS: return values->val.texts.codes.len;
        case EXPORTS_HINNY_PLUGIN_RANKER_COLUMN_VALUES_FLAGS: return values->val.flags.len;
        default: return 0;
    }
}

// Whether a batch is what was declared; what is wrong is said.
static bool fits(const wire_batch *batch) {
    said[0] = 0;
    if (batch->columns.len != hinny_inputs_len) {
        say("the batch has ");
        say_number((int64_t)batch->columns.len);
        say(" columns, declared are ");
        say_number((int64_t)hinny_inputs_len);
        return false;
    }
    for (size_t at = 0; at < hinny_inputs_len; at++) {
        const wire_values *values = &batch->columns.ptr[at].values;
        if (values->tag == tags[hinny_inputs[at].type] && length(values) == batch->len) {
            continue;
        }
        say("column `");
        say(hinny_inputs[at].name);
        say("` is of another type or length than declared");
        return false;
    }
    return true;
}

// One byte per task; NULL when none is absent.
static uint8_t *absences(const wire_column *column, uint32_t len) {
    if (column->absent.len == 0) {
        return NULL;
    }
    uint8_t *absent = resized(NULL, len);
    memset(absent, 0, len);
    for (size_t at = 0; at < column->absent.len; at++) {
        if (column->absent.ptr[at] < len) {
            absent[column->absent.ptr[at]] = 1;
        }
    }
    return absent;
}

static hinny_columns open_columns(const wire_batch *batch) {
    uint8_t **absent = resized(NULL, (hinny_inputs_len + 1) * sizeof *absent);
    for (size_t at = 0; at < hinny_inputs_len; at++) {
        absent[at] = absences(&batch->columns.ptr[at], batch->len);
    }
    return (hinny_columns){batch->columns.ptr, absent};
}

static void close_columns(hinny_columns *columns) {
    for (size_t at = 0; at < hinny_inputs_len; at++) {
        free(columns->absent[at]);
    }
    free(columns->absent);
}

static hinny_context context_of(const wire_context *context) {
    return (hinny_context){context->now, text_of(context->scheduler), context->seed};
}

// What came with a call belongs to it: an instance may live for many.
static bool done(wire_context *context, wire_batch *batch, bool answered) {
    exports_hinny_plugin_ranker_context_free(context);
    exports_hinny_plugin_ranker_batch_free(batch);
    return answered;
}

static bool refused(wire_error *err, uint8_t tag) {
    err->tag = tag;
    ranker_plugin_string_dup(&err->val.other, said);
    return false;
}

static bool in_range(int64_t priority, uint32_t at) {
    if (priority >= HINNY_PRIORITY_MIN && priority <= HINNY_PRIORITY_MAX) {
        return true;
    }
    said[0] = 0;
    say("`hinny_rank` gave ");
    say_number(priority);
    say(" for task ");
    say_number(at);
    say(", expected an integer from -9007199254740991 to 9007199254740991");
    return false;
}

bool exports_hinny_plugin_ranker_rank(
    wire_context *context, wire_batch *batch, exports_hinny_plugin_ranker_list_priority_t *ret,
    wire_error *err) {
    if (!fits(batch)) {
        return done(
            context, batch, refused(err, EXPORTS_HINNY_PLUGIN_RANKER_RANK_ERROR_BAD_INPUT));
    }
    hinny_context known = context_of(context);
    hinny_columns columns = open_columns(batch);
    int64_t *priorities = resized(NULL, batch->len * sizeof *priorities);
    bool answered = true;
    for (uint32_t at = 0; at < batch->len && answered; at++) {
        hinny_task task = {at, &known, &columns};
        priorities[at] = hinny_rank(&task);
        answered = in_range(priorities[at], at);
    }
    close_columns(&columns);
    if (!answered) {
        free(priorities);
        return done(context, batch, refused(err, EXPORTS_HINNY_PLUGIN_RANKER_RANK_ERROR_OTHER));
    }
    ret->ptr = priorities;
    ret->len = batch->len;
    return done(context, batch, true);
}

bool exports_hinny_plugin_ranker_explain(
    wire_context *context, wire_batch *batch, exports_hinny_plugin_ranker_list_explanation_t *ret,
    wire_error *err) {
    if (!fits(batch)) {
        return done(
            context, batch, refused(err, EXPORTS_HINNY_PLUGIN_RANKER_RANK_ERROR_BAD_INPUT));
    }
    hinny_context known = context_of(context);
    hinny_columns columns = open_columns(batch);
    wire_explanation *told = resized(NULL, batch->len * sizeof *told);
    for (uint32_t at = 0; at < batch->len; at++) {
        hinny_task task = {at, &known, &columns};
        hinny_explanation explanation = {NULL, 0, 0};
        hinny_explain(&task, &explanation);
        memset(&told[at], 0, sizeof told[at]);
        told[at].priority = hinny_rank(&task);
        told[at].terms.ptr = explanation.terms;
        told[at].terms.len = explanation.len;
    }
    close_columns(&columns);
    ret->ptr = told;
    ret->len = batch->len;
    return done(context, batch, true);
}
