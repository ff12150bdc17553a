// What plugins of both worlds stand on: texts for people, and settings.

#include "hinny_inner.h"

#include <stdlib.h>
#include <string.h>

// Texts for people

char said[SAID_MAX];

void say(const char *text) {
    size_t length = strlen(said);
    size_t more = strlen(text);
    size_t room = SAID_MAX - 1 - length;
    memcpy(said + length, text, more < room ? more : room);
    said[length + (more < room ? more : room)] = 0;
}

void say_text(hinny_text text) {
    char copy[81];
    size_t length = text.len < 80 ? text.len : 80;
    // A cut never goes through a character: the rest of one begins with the bits 10.
    while (length < text.len && length > 0 && ((uint8_t)text.bytes[length] & 0xC0) == 0x80) {
        length -= 1;
    }
    memcpy(copy, text.bytes, length);
    copy[length] = 0;
    say(copy);
}

void say_number(int64_t number) {
    char digits[21];
    size_t at = sizeof digits - 1;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) {
        digits[--at] = '-';
    }
    say(digits + at);
}

hinny_text text_of(wire_string string) {
    return (hinny_text){(const char *)string.ptr, string.len};
}

void *resized(void *memory, size_t bytes) {
    void *found = realloc(memory, bytes);
    if (found == NULL && bytes > 0) {
        abort();
    }
    return found;
}

bool hinny_text_is(hinny_text text, const char *other) {
    return text.len == strlen(other) && memcmp(text.bytes, other, text.len) == 0;
}

// Settings

static const wire_setting *find(const hinny_settings *settings, const char *key) {
    for (size_t at = 0; at < settings->len; at++) {
        if (hinny_text_is(text_of(settings->entries[at].key), key)) {
            return &settings->entries[at];
        }
    }
    return NULL;
}

static void say_setting(const wire_setting *setting) {
    switch (setting->value.tag) {
        case HINNY_PLUGIN_TYPES_SETTING_VALUE_INTEGER: say_number(setting->value.val.integer); break;
        case HINNY_PLUGIN_TYPES_SETTING_VALUE_FLAG:
            say(setting->value.val.flag ? "true" : "false");
            break;
        case HINNY_PLUGIN_TYPES_SETTING_VALUE_FLOAT: say("a float"); break;
        case HINNY_PLUGIN_TYPES_SETTING_VALUE_TEXT:
            say("\"");
            say_text(text_of(setting->value.val.text));
            say("\"");
            break;
        default: say_text(text_of(setting->value.val.other)); break;
    }
}

static const char *refuse(const char *key, const wire_setting *setting, const char *expected) {
    said[0] = 0;
    say("setting `");
    say(key);
    say("` is ");
    say_setting(setting);
    say(", expected ");
    say(expected);
    return said;
}

const char *hinny_setting_integer(
    const hinny_settings *settings, const char *key, int64_t least, int64_t most, int64_t *value) {
    const wire_setting *setting = find(settings, key);
    if (setting == NULL) {
        return NULL;
    }
    bool is_integer = setting->value.tag == HINNY_PLUGIN_TYPES_SETTING_VALUE_INTEGER;
    int64_t found = is_integer ? setting->value.val.integer : 0;
    if (is_integer && found >= least && found <= most) {
        *value = found;
        return NULL;
    }
    refuse(key, setting, "an integer from ");
    say_number(least);
    say(" to ");
    say_number(most);
    return said;
}

const char *hinny_setting_number(const hinny_settings *settings, const char *key, double *value) {
    const wire_setting *setting = find(settings, key);
    if (setting == NULL) {
        return NULL;
    }
    switch (setting->value.tag) {
        case HINNY_PLUGIN_TYPES_SETTING_VALUE_FLOAT: *value = setting->value.val.float_; return NULL;
        case HINNY_PLUGIN_TYPES_SETTING_VALUE_INTEGER:
            *value = (double)setting->value.val.integer;
            return NULL;
        default: return refuse(key, setting, "a number");
    }
}

const char *hinny_setting_flag(const hinny_settings *settings, const char *key, bool *value) {
    const wire_setting *setting = find(settings, key);
    if (setting == NULL) {
        return NULL;
    }
    if (setting->value.tag != HINNY_PLUGIN_TYPES_SETTING_VALUE_FLAG) {
        return refuse(key, setting, "true or false");
    }
    *value = setting->value.val.flag;
    return NULL;
}

const char *hinny_setting_text(const hinny_settings *settings, const char *key, hinny_text *value) {
    const wire_setting *setting = find(settings, key);
    if (setting == NULL) {
        return NULL;
    }
    if (setting->value.tag != HINNY_PLUGIN_TYPES_SETTING_VALUE_TEXT) {
        return refuse(key, setting, "text");
    }
    *value = text_of(setting->value.val.text);
    return NULL;
}

const char *hinny_settings_known(
    const hinny_settings *settings, const char *const *known, size_t count) {
    for (size_t at = 0; at < settings->len; at++) {
        hinny_text key = text_of(settings->entries[at].key);
        bool is_known = false;
        for (size_t name = 0; name < count && !is_known; name++) {
            is_known = hinny_text_is(key, known[name]);
        }
        if (is_known) {
            continue;
        }
        said[0] = 0;
        say("setting `");
        say_text(key);
        say(count == 0 ? "` is unknown, there are none" : "` is unknown, expected one of `");
        for (size_t name = 0; name < count; name++) {
            say(known[name]);
            say(name + 1 < count ? "`, `" : "`");
        }
        return said;
    }
    return NULL;
}
