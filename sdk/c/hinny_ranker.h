// Rankers for hinny in C: say what is read of each task, and give each task its priority.
//
//     #include "hinny_ranker.h"
//
//     enum { LEVEL };
//     HINNY_INPUTS({"level", HINNY_POINTER("/scan_level"), HINNY_INTEGER})
//
//     int64_t hinny_rank(const hinny_task *task) {
//         int64_t level = hinny_integer(task, LEVEL, 0);
//         return level < 0 ? 0 : level > 4 ? -4 : -level;
//     }
//
// `hinny plugin build` makes a component of it, together with `hinny_ranker.c`. Texts and settings are
// those of `hinny_plugin.h`.
//
// A ranker is a pure function of the declared inputs, the settings and the context: asked twice the
// same, it must answer the same. Nothing is to be remembered from one call to the next.

#ifndef HINNY_RANKER_H
#define HINNY_RANKER_H

#include "hinny_plugin.h"

// Least priority, the most urgent, and greatest priority.
#define HINNY_PRIORITY_MIN (-INT64_C(9007199254740991))
#define HINNY_PRIORITY_MAX INT64_C(9007199254740991)

// The types of inputs. Data of another type counts as absent, but an integer fits a float, and
// everything fits text.
typedef enum { HINNY_INTEGER, HINNY_FLOAT, HINNY_TEXT, HINNY_FLAG } hinny_type;

// Where inputs come from.
typedef enum {
    HINNY_SOURCE_CREATED_AT,
    HINNY_SOURCE_WAIT,
    HINNY_SOURCE_BASE_PRIORITY,
    HINNY_SOURCE_ATTEMPTS,
    HINNY_SOURCE_ORGANISATION,
    HINNY_SOURCE_TASK_TYPE,
    HINNY_SOURCE_LAST_RUN_AT,
    HINNY_SOURCE_LAST_RUN_STATUS,
    HINNY_SOURCE_LAST_RUN_DURATION,
    HINNY_SOURCE_POINTER,
} hinny_source;

// A source, with the place in the data if it is one.
typedef struct {
    hinny_source source;
    const char *pointer;
} hinny_place;

// When the task was pushed, in milliseconds since the epoch. Integer, never absent.
#define HINNY_CREATED_AT {HINNY_SOURCE_CREATED_AT, NULL}
// Milliseconds since then. Integer, never absent. Give a refresh, or it stands still.
#define HINNY_WAIT {HINNY_SOURCE_WAIT, NULL}
// The priority that was asked for. Integer, absent when none was.
#define HINNY_BASE_PRIORITY {HINNY_SOURCE_BASE_PRIORITY, NULL}
// How often it was handed to a worker. Integer, never absent.
#define HINNY_ATTEMPTS {HINNY_SOURCE_ATTEMPTS, NULL}
// Whose work it is. Text, never absent.
#define HINNY_ORGANISATION {HINNY_SOURCE_ORGANISATION, NULL}
// Kind of work. Text, never absent.
#define HINNY_TASK_TYPE {HINNY_SOURCE_TASK_TYPE, NULL}
// When the last finished task of the same hash ended, in milliseconds since the epoch. Integer.
#define HINNY_LAST_RUN_AT {HINNY_SOURCE_LAST_RUN_AT, NULL}
// How that one ended: `completed`, `failed` or `cancelled`. Text.
#define HINNY_LAST_RUN_STATUS {HINNY_SOURCE_LAST_RUN_STATUS, NULL}
// How long that one took, in milliseconds. Integer.
#define HINNY_LAST_RUN_DURATION {HINNY_SOURCE_LAST_RUN_DURATION, NULL}
// A place in the task's data, as a JSON pointer. The empty one is the whole document, as text.
#define HINNY_POINTER(place) {HINNY_SOURCE_POINTER, place}

// A declared input.
typedef struct {
    const char *name;
    hinny_place place;
    hinny_type type;
} hinny_input;

// Declares what is read of each task; an `enum` beside it gives the places names.
#define HINNY_INPUTS(...)                            \
    const hinny_input hinny_inputs[] = {__VA_ARGS__}; \
    const size_t hinny_inputs_len = sizeof hinny_inputs / sizeof *hinny_inputs;

extern const hinny_input hinny_inputs[];
extern const size_t hinny_inputs_len;

// What is known beside the tasks.
typedef struct {
    // Now, in milliseconds since the epoch. There is no other clock.
    int64_t now;
    // The scheduler whose tasks these are.
    hinny_text scheduler;
    // For rankers that want chance: the same seed must give the same answer.
    uint64_t seed;
} hinny_context;

// One task, as far as it is read.
typedef struct {
    // Its place in the batch.
    uint32_t at;
    const hinny_context *context;
    const struct hinny_columns *columns;
} hinny_task;

// The value of an input, by its place in `HINNY_INPUTS`, or what is given for an absent one. Asked
// for as another type than declared, a value is absent.
bool hinny_is_absent(const hinny_task *task, size_t input);
int64_t hinny_integer(const hinny_task *task, size_t input, int64_t absent);
double hinny_float(const hinny_task *task, size_t input, double absent);
bool hinny_flag(const hinny_task *task, size_t input, bool absent);
hinny_text hinny_text_of(const hinny_task *task, size_t input, const char *absent);

// The nearest priority to a score: rounded, kept in range. What is not a number goes last.
int64_t hinny_round_priority(double score);

// Why a task has its priority: terms, most important first.
typedef struct hinny_explanation hinny_explanation;

// Adds a contribution. Negative moves the task forward; `input` is the name of the declared input
// that it comes from, or NULL.
void hinny_term(
    hinny_explanation *explanation, const char *label, double contribution, const char *input);

// What a ranker defines: the priority of a task. Lower goes first.
int64_t hinny_rank(const hinny_task *task);

// What it may define.

// Takes the settings: NULL, or why not. Without it, any setting is refused.
const char *hinny_configure(const hinny_settings *settings);
// Milliseconds after which priorities change without the tasks changing, at least 1000; 0: never.
uint64_t hinny_refresh_ms(void);
// Adds the terms of a task's priority. Without it there is one: the priority.
void hinny_explain(const hinny_task *task, hinny_explanation *explanation);

#endif
