// JSON, as far as a plugin needs it: places in documents, and texts in quotes.

#include <string.h>

#include "hinny_memory.h"
#include "hinny_scheduler.h"

// Deepest document that is read; the stack is small.
enum { DEPTH_MAX = 64 };

// What is left of a document.
typedef struct {
    const char *at;
    const char *end;
} rest;

static bool skip_value(rest *json, int depth);

static void skip_space(rest *json) {
    while (json->at < json->end && strchr(" \t\r\n", *json->at) != NULL && *json->at != 0) {
        json->at += 1;
    }
}

static bool skip_char(rest *json, char wanted) {
    if (json->at < json->end && *json->at == wanted) {
        json->at += 1;
        return true;
    }
    return false;
}

static bool skip_word(rest *json, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(json->end - json->at) < len || memcmp(json->at, word, len) != 0) {
        return false;
    }
    json->at += len;
    return true;
}

static int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    char small = digit | 0x20;
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

// Four hex digits; -1 when there are none.
static int32_t skip_hex(rest *json) {
    int32_t unit = 0;
    for (int nth = 0; nth < 4; nth++) {
        int digit = json->at < json->end ? hex_digit(*json->at) : -1;
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
        json->at += 1;
    }
    return unit;
}

// Leaves the text without its quotes, as it stands there.
static bool skip_text(rest *json, hinny_text *inner) {
    if (!skip_char(json, '"')) {
        return false;
    }
    const char *begin = json->at;
    while (json->at < json->end && (unsigned char)*json->at >= 0x20) {
        char letter = *json->at++;
        if (letter == '"') {
            *inner = (hinny_text){begin, (size_t)(json->at - 1 - begin)};
            return true;
        }
        if (letter != '\\') {
            continue;
        }
        if (json->at == json->end) {
            return false;
        }
        char kind = *json->at++;
        if (kind == 'u' ? skip_hex(json) < 0 : kind == 0 || strchr("\"\\/bfnrt", kind) == NULL) {
            return false;
        }
    }
    return false;
}

static bool skip_digits(rest *json) {
    const char *begin = json->at;
    while (json->at < json->end && *json->at >= '0' && *json->at <= '9') {
        json->at += 1;
    }
    return json->at > begin;
}

static bool skip_number(rest *json) {
    skip_char(json, '-');
    if (!skip_char(json, '0') && !skip_digits(json)) {
        return false;
    }
    if (skip_char(json, '.') && !skip_digits(json)) {
        return false;
    }
    if (skip_char(json, 'e') || skip_char(json, 'E')) {
        if (!skip_char(json, '+')) {
            skip_char(json, '-');
        }
        return skip_digits(json);
    }
    return true;
}

// A name of a table, with the colon behind it.
static bool skip_name(rest *json, hinny_text *name) {
    skip_space(json);
    if (!skip_text(json, name)) {
        return false;
    }
    skip_space(json);
    return skip_char(json, ':');
}

// The rest of a list or a table, whose first bracket was skipped.
static bool skip_items(rest *json, char end, int depth) {
    skip_space(json);
    if (skip_char(json, end)) {
        return true;
    }
    do {
        hinny_text name;
        if ((end == '}' && !skip_name(json, &name)) || !skip_value(json, depth)) {
            return false;
        }
        skip_space(json);
    } while (skip_char(json, ','));
    return skip_char(json, end);
}

static bool skip_value(rest *json, int depth) {
    hinny_text inner;
    skip_space(json);
    if (json->at == json->end || depth == 0) {
        return false;
    }
    switch (*json->at) {
        case '"': return skip_text(json, &inner);
        case '[': json->at += 1; return skip_items(json, ']', depth - 1);
        case '{': json->at += 1; return skip_items(json, '}', depth - 1);
        case 't': return skip_word(json, "true");
        case 'f': return skip_word(json, "false");
        case 'n': return skip_word(json, "null");
        default: return skip_number(json);
    }
}

static char *write_utf8(char *to, uint32_t letter) {
    if (letter < 0x80) {
        *to++ = (char)letter;
    } else if (letter < 0x800) {
        *to++ = (char)(0xC0 | letter >> 6);
        *to++ = (char)(0x80 | (letter & 0x3F));
    } else if (letter < 0x10000) {
        *to++ = (char)(0xE0 | letter >> 12);
        *to++ = (char)(0x80 | (letter >> 6 & 0x3F));
        *to++ = (char)(0x80 | (letter & 0x3F));
    } else {
        *to++ = (char)(0xF0 | letter >> 18);
        *to++ = (char)(0x80 | (letter >> 12 & 0x3F));
        *to++ = (char)(0x80 | (letter >> 6 & 0x3F));
        *to++ = (char)(0x80 | (letter & 0x3F));
    }
    return to;
}

// The letter of `\u`, whose hex digits come next: one beyond 2^16 has two halves. A half alone is
// replaced, as it cannot be written.
static uint32_t escaped_letter(rest *json) {
    uint32_t unit = (uint32_t)skip_hex(json);
    if (unit < 0xD800 || unit > 0xDFFF) {
        return unit;
    }
    rest ahead = *json;
    if (unit < 0xDC00 && skip_word(&ahead, "\\u")) {
        int32_t low = skip_hex(&ahead);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *json = ahead;
            return 0x10000 + ((unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
        }
    }
    return 0xFFFD;
}

// What the inside of a text means. No escape is shorter than what it stands for.
static hinny_text unescaped(hinny_text inner) {
    char *copy = hinny_take_memory(inner.len);
    char *to = copy;
    rest json = {inner.bytes, inner.bytes + inner.len};
    while (json.at < json.end) {
        char letter = *json.at++;
        if (letter != '\\') {
            *to++ = letter;
            continue;
        }
        switch (letter = *json.at++) {
            case 'b': *to++ = '\b'; break;
            case 'f': *to++ = '\f'; break;
            case 'n': *to++ = '\n'; break;
            case 'r': *to++ = '\r'; break;
            case 't': *to++ = '\t'; break;
            case 'u': to = write_utf8(to, escaped_letter(&json)); break;
            default: *to++ = letter; break;
        }
    }
    return (hinny_text){copy, (size_t)(to - copy)};
}

// The next part of a pointer, and what is behind it.
static hinny_text next_part(const char **pointer) {
    const char *begin = *pointer + 1;
    const char *end = begin + strcspn(begin, "/");
    char *part = hinny_take_memory((size_t)(end - begin));
    size_t len = 0;
    for (const char *at = begin; at < end; at++) {
        bool is_escape = *at == '~' && at + 1 < end && (at[1] == '0' || at[1] == '1');
        part[len++] = is_escape ? (*++at == '1' ? '/' : '~') : *at;
    }
    *pointer = end;
    return (hinny_text){part, len};
}

static bool is_same(hinny_text one, hinny_text other) {
    return one.len == other.len && memcmp(one.bytes, other.bytes, one.len) == 0;
}

// Goes to the value of a name, or of a place, in the table or list that comes next.
static bool enter(rest *json, hinny_text part) {
    skip_space(json);
    bool is_table = skip_char(json, '{');
    if (!is_table && !skip_char(json, '[')) {
        return false;
    }
    for (size_t at = 0;; at++) {
        hinny_text name = is_table ? HINNY_NONE : hinny_format("%zu", at);
        if (is_table) {
            if (!skip_name(json, &name)) {
                return false;
            }
            name = unescaped(name);
        }
        if (is_same(name, part)) {
            return true;
        }
        if (!skip_value(json, DEPTH_MAX)) {
            return false;
        }
        skip_space(json);
        if (!skip_char(json, ',')) {
            return false;
        }
    }
}

bool hinny_json_find(hinny_text document, const char *pointer, hinny_text *found) {
    rest json = {document.bytes, document.bytes + document.len};
    // A document that is broken behind the place is broken all the same.
    rest whole = json;
    bool is_whole = skip_value(&whole, DEPTH_MAX);
    skip_space(&whole);
    if (!is_whole || whole.at != whole.end) {
        return false;
    }
    while (*pointer == '/') {
        if (!enter(&json, next_part(&pointer))) {
            return false;
        }
    }
    skip_space(&json);
    const char *begin = json.at;
    if (*pointer != 0 || !skip_value(&json, DEPTH_MAX)) {
        return false;
    }
    *found = (hinny_text){begin, (size_t)(json.at - begin)};
    return true;
}

bool hinny_json_text(hinny_text document, const char *pointer, hinny_text *value) {
    hinny_text found;
    if (!hinny_json_find(document, pointer, &found) || found.bytes[0] != '"') {
        return false;
    }
    *value = unescaped((hinny_text){found.bytes + 1, found.len - 2});
    return true;
}

bool hinny_json_integer(hinny_text document, const char *pointer, int64_t *value) {
    hinny_text found;
    if (!hinny_json_find(document, pointer, &found)) {
        return false;
    }
    size_t at = found.bytes[0] == '-' ? 1 : 0;
    bool is_negative = at == 1;
    uint64_t limit = is_negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    uint64_t size = 0;
    if (at == found.len) {
        return false;
    }
    for (; at < found.len; at++) {
        uint64_t digit = (uint64_t)(found.bytes[at] - '0');
        if (found.bytes[at] < '0' || digit > 9 || size > (limit - digit) / 10) {
            return false;
        }
        size = size * 10 + digit;
    }
    *value = is_negative ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}

hinny_text hinny_json_quoted(hinny_text text) {
    static const char hex[] = "0123456789abcdef";
    static const char names[] = "\b\f\n\r\t\"\\";
    static const char letters[] = "bfnrt\"\\";
    char *copy = hinny_take_memory(6 * text.len + 2);
    char *to = copy;
    *to++ = '"';
    for (size_t at = 0; at < text.len; at++) {
        unsigned char letter = (unsigned char)text.bytes[at];
        const char *named = letter == 0 ? NULL : strchr(names, letter);
        if (named != NULL) {
            *to++ = '\\';
            *to++ = letters[named - names];
        } else if (letter < 0x20) {
            memcpy(to, "\\u00", 4);
            to[4] = hex[letter >> 4];
            to[5] = hex[letter & 15];
            to += 6;
        } else {
            *to++ = (char)letter;
        }
    }
    *to++ = '"';
    return (hinny_text){copy, (size_t)(to - copy)};
}
