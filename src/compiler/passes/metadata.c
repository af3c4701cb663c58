/* SPDX-License-Identifier: Apache-2.0 */
/* The texts that Ultralytics writes into the metadata: reprs of Python values. */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "compiler/passes/passes.h"

const char *oct_metadata_find(const struct oct_import *import, const char *key)
{
    const OctOnnx__ModelProto *message = import->onnx->message;
    for (size_t i = 0; i < message->n_metadata_props; i++) {
        const OctOnnx__StringStringEntryProto *entry = message->metadata_props[i];
        if (entry->key && entry->value && strcmp(entry->key, key) == 0)
            return entry->value;
    }
    return NULL;
}

static const char *skip_spaces(const char *at)
{
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

/* A number of at most six digits, so that it fits an int; NULL when there is none. */
static const char *read_number(const char *at, int *number)
{
    int digits = 0;
    *number = 0;
    for (at = skip_spaces(at); isdigit((unsigned char)*at); at++) {
        if (++digits > 6)
            return NULL;
        *number = *number * 10 + (*at - '0');
    }
    return digits ? skip_spaces(at) : NULL;
}

bool oct_parse_size(const char *text, int *height, int *width)
{
    const char *at = skip_spaces(text);
    bool list = *at == '[' || *at == '(';
    int first, second;
    at = read_number(at + list, &first);
    if (!at)
        return false;
    second = first;
    if (list && *at == ',' && *skip_spaces(at + 1) != ']' && *skip_spaces(at + 1) != ')') {
        at = read_number(at + 1, &second);
        if (!at)
            return false;
    }
    if (list && *at == ',')
        at = skip_spaces(at + 1);
    if (list && *at != ']' && *at != ')')
        return false;
    if (*skip_spaces(at + list) || first < 1 || second < 1)
        return false;
    *height = first;
    *width = second;
    return true;
}

/* ---- quoted text ---- */

static bool is_surrogate(uint32_t code, uint32_t first)
{
    return code >= first && code < first + 0x400;
}

/* The escape behind a backslash; returns what follows it, or NULL when it is malformed. */
static const char *read_escape(const char *at, uint32_t *code)
{
    static const char letters[] = "ntrabfv0\\'\"/", codes[] = "\n\t\r\a\b\f\v\0\\'\"/";
    const char *letter = *at ? strchr(letters, *at) : NULL;
    int digits = *at == 'x' ? 2 : *at == 'u' ? 4 : *at == 'U' ? 8 : 0;
    uint32_t low;
    if (digits) {
        if (!oct_read_hex(at + 1, digits, code))
            return NULL;
        at += 1 + digits;
        /* JSON writes one character as a pair */
        if (is_surrogate(*code, 0xd800) && at[0] == '\\' && at[1] == 'u' &&
            oct_read_hex(at + 2, 4, &low) && is_surrogate(low, 0xdc00)) {
            *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
            at += 6;
        }
        return at;
    }
    if (!letter)
        return NULL;
    *code = (unsigned char)codes[letter - letters];
    return at + 1;
}

/* Text in single or double quotes, into `out` (as long as the input at least). Returns what
 * follows, or NULL. */
static const char *read_quoted(const char *at, char *out, size_t *length)
{
    char quote = *at++;
    *length = 0;
    if (quote != '\'' && quote != '"')
        return NULL;
    while (*at && *at != quote) {
        uint32_t code;
        if (*at != '\\') {
            out[(*length)++] = *at++;
            continue;
        }
        at = read_escape(at + 1, &code);
        if (!at || code == 0 || code > 0x10ffff || is_surrogate(code, 0xd800) ||
            is_surrogate(code, 0xdc00))
            return NULL;
        *length += oct_utf8_put(out + *length, code);
    }
    return *at ? skip_spaces(at + 1) : NULL;
}

/* ---- names ---- */

/* The key of a dict's entry, a number with or without quotes, and the colon. */
static const char *read_key(const char *at, int *index)
{
    char quote = *at == '\'' || *at == '"' ? *at : '\0';
    at = read_number(at + (quote != '\0'), index);
    if (at && quote)
        at = *at == quote ? skip_spaces(at + 1) : NULL;
    return at && *at == ':' ? skip_spaces(at + 1) : NULL;
}

static const char *read_entries(struct oct_arena *arena, const char *at, char close, char *scratch,
                                const char **names, int count, int *entries, bool *no_memory)
{
    for (*entries = 0; *at != close; (*entries)++) {
        int index = *entries;
        size_t length;
        if (close == '}')
            at = read_key(at, &index);
        at = at ? read_quoted(at, scratch, &length) : NULL;
        if (!at || *entries > 1000000)
            return NULL;
        if (index < count) {
            names[index] = oct_arena_strndup(arena, scratch, length);
            if (!names[index]) {
                *no_memory = true;
                return NULL;
            }
        }
        if (*at == ',')
            at = skip_spaces(at + 1);
        else if (*at != close)
            return NULL;
    }
    return skip_spaces(at + 1);
}

int oct_parse_names(struct oct_arena *arena, const char *text, const char **names, int count)
{
    const char *at = skip_spaces(text);
    char close = *at == '{' ? '}' : *at == '[' ? ']' : *at == '(' ? ')' : '\0';
    if (!close)
        return -1;
    int entries;
    char *scratch = oct_malloc(arena->ctx, strlen(text) + 1, 1);
    if (!scratch)
        return -2;
    bool no_memory = false;
    at = read_entries(arena, skip_spaces(at + 1), close, scratch, names, count, &entries,
                      &no_memory);
    oct_free(arena->ctx, scratch);
    if (no_memory)
        return -2;
    return at && !*at ? entries : -1;
}

/* One name a line, without the blanks around it. */
static int read_lines(struct oct_arena *arena, const char *text, const char **names, int count)
{
    int entries = 0;
    while (*skip_spaces(text)) {
        size_t length = strcspn(text, "\n"), blanks = strspn(text, " \t\r");
        const char *next = text + length + (text[length] == '\n');
        blanks = blanks < length ? blanks : length;
        text += blanks;
        length -= blanks;
        while (length && isspace((unsigned char)text[length - 1]))
            length--;
        if (entries == INT_MAX)
            return -1;
        if (entries < count && length) {
            names[entries] = oct_arena_strndup(arena, text, length);
            if (!names[entries])
                return -2;
        }
        entries++;
        text = next;
    }
    return entries;
}

int oct_parse_given_names(struct oct_arena *arena, const char *text, const char **names, int count)
{
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    return *skip_spaces(text) && strchr("{[(", *skip_spaces(text))
               ? oct_parse_names(arena, text, names, count)
               : read_lines(arena, text, names, count);
}
