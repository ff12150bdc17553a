// The rule of tests/guests/four-inputs, in C.

#include "hinny_ranker.h"

enum { CREATED_MS, LEVEL, URGENT, TEAM };

HINNY_INPUTS(
    {"created_ms", HINNY_CREATED_AT, HINNY_INTEGER},
    {"level", HINNY_POINTER("/level"), HINNY_INTEGER},
    {"urgent", HINNY_POINTER("/urgent"), HINNY_FLAG},
    {"team", HINNY_POINTER("/team"), HINNY_TEXT})

int64_t hinny_rank(const hinny_task *task) {
    int64_t level = hinny_integer(task, LEVEL, 0);
    level = level < 0 ? 0 : level > 4 ? 4 : level;
    hinny_text team = hinny_text_of(task, TEAM, "");
    bool ours = hinny_text_is(team, "red") || hinny_text_is(team, "rød");
    int64_t urgent = hinny_flag(task, URGENT, false) ? 500 : 0;
    return hinny_integer(task, CREATED_MS, 0) / 60000 - 100 * level - urgent - (ours ? 50 : 0);
}
