// A whole ranker: the deepest scans first, and among equals the oldest, as always.

#include "hinny_ranker.h"

enum { LEVEL };

HINNY_INPUTS({"level", HINNY_POINTER("/scan_level"), HINNY_INTEGER})

int64_t hinny_rank(const hinny_task *task) {
    int64_t level = hinny_integer(task, LEVEL, 0);
    return level < 0 ? 0 : level > 4 ? -4 : -level;
}
