// What the files of the SDK share. Plugins do not need this.

#ifndef HINNY_INNER_H
#define HINNY_INNER_H

#include "hinny_plugin.h"

// The bindings of the world that is built, under names that do not tell which.
#ifdef HINNY_SCHEDULER
#include "scheduler_plugin.h"
typedef scheduler_plugin_string_t wire_string;
#else
#include "ranker_plugin.h"
typedef ranker_plugin_string_t wire_string;
#endif

typedef hinny_plugin_types_setting_t wire_setting;

// Longest text that is put together for people.
enum { SAID_MAX = 400 };

struct hinny_settings {
    const wire_setting *entries;
    size_t len;
};

// A text that is put together piece by piece; `said[0] = 0` begins a new one.
extern char said[SAID_MAX];
void say(const char *text);
void say_text(hinny_text text);
void say_number(int64_t number);

hinny_text text_of(wire_string string);

// Memory of another size; there is none that could not be had.
void *resized(void *memory, size_t bytes);

#endif
