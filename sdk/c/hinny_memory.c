// Memory that lives until the call ends, and texts in it.

#include "hinny_memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hinny_inner.h"
#include "hinny_scheduler.h"

// What was taken, the newest first.
typedef struct block {
    struct block *before;
    char bytes[];
} block;

static block *newest;

char *hinny_take_memory(size_t bytes) {
    block *taken = resized(NULL, sizeof *taken + bytes);
    taken->before = newest;
    newest = taken;
    return taken->bytes;
}

void hinny_free_memory(void) {
    while (newest != NULL) {
        block *before = newest->before;
        free(newest);
        newest = before;
    }
}

hinny_text hinny_copied(hinny_text text) {
    char *copy = hinny_take_memory(text.len);
    memcpy(copy, text.bytes, text.len);
    return (hinny_text){copy, text.len};
}

hinny_text hinny_text_from(const char *text) { return (hinny_text){text, strlen(text)}; }

hinny_text hinny_format(const char *format, ...) {
    va_list measured, written;
    va_start(measured, format);
    va_copy(written, measured);
    int len = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    if (len < 0) {
        abort();
    }
    char *text = hinny_take_memory((size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, written);
    va_end(written);
    return (hinny_text){text, (size_t)len};
}
