// What is deep goes ahead of what is shallow, but nothing waits forever. See README.md.

#include "hinny_ranker.h"

// What it reads of each task; the host sends this and nothing else.
enum { CREATED_MS, LEVEL };
HINNY_INPUTS(
    {"created_ms", HINNY_CREATED_AT, HINNY_INTEGER},
    {"level", HINNY_POINTER("/level"), HINNY_INTEGER})

static int64_t seconds_per_level = 3600;

const char *hinny_configure(const hinny_settings *settings) {
    const char *known[] = {"seconds_per_level"};
    const char *wrong = hinny_settings_known(settings, known, 1);
    if (wrong == NULL) {
        wrong = hinny_setting_integer(settings, known[0], 0, 86400, &seconds_per_level);
    }
    return wrong;
}

static int64_t created(const hinny_task *task) { return hinny_integer(task, CREATED_MS, 0) / 1000; }

// In seconds. The level is kept within bounds: data is written by others.
static int64_t head_start(const hinny_task *task) {
    int64_t level = hinny_integer(task, LEVEL, 0);
    return (level < 0 ? 0 : level > 10 ? 10 : level) * seconds_per_level;
}

// Lower goes first.
int64_t hinny_rank(const hinny_task *task) { return created(task) - head_start(task); }

void hinny_explain(const hinny_task *task, hinny_explanation *explanation) {
    hinny_term(explanation, "time of creation in seconds", (double)created(task), "created_ms");
    hinny_term(explanation, "head start for its level", -(double)head_start(task), "level");
}
