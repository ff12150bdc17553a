// What plugins of both worlds have to do with: texts, and the settings of an operator.

#ifndef HINNY_PLUGIN_H
#define HINNY_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Text: UTF-8, not ended by a zero.
typedef struct {
    const char *bytes;
    size_t len;
} hinny_text;

// Whether a text is the same as one that is ended by a zero.
bool hinny_text_is(hinny_text text, const char *other);

// The settings of an operator. Tables are flattened: `{"weights": {"age": 2}}` is `weights.age`.
typedef struct hinny_settings hinny_settings;

// Each of these gives NULL, or what is wrong, for `hinny_configure` to pass on. What is not set has
// the value that stands in the variable before.
const char *hinny_setting_integer(
    const hinny_settings *settings, const char *key, int64_t least, int64_t most, int64_t *value);
const char *hinny_setting_flag(const hinny_settings *settings, const char *key, bool *value);
const char *hinny_setting_number(const hinny_settings *settings, const char *key, double *value);
const char *hinny_setting_text(const hinny_settings *settings, const char *key, hinny_text *value);
// Refuses settings that are not in a list of `count` names.
const char *hinny_settings_known(
    const hinny_settings *settings, const char *const *known, size_t count);

#endif
