/* SPDX-License-Identifier: Apache-2.0 */
/* Cleans, measures, shortens and quotes text for terminals. */
#include "app/terminal_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "app/allocate.h"

#define NO_CHARACTER 0xffffffffu
#define GAP "..."

/* Joiners (U+200C, U+200D) are not among them: Persian and emoji are written with them. */
static const struct {
    uint32_t first, last;
} controls[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},  {0x180e, 0x180e},
                {0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e},  {0x2060, 0x206f},
                {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

bool is_control(uint32_t character)
{
    for (size_t i = 0; i < sizeof controls / sizeof *controls; i++)
        if (character >= controls[i].first && character <= controls[i].last)
            return true;
    return false;
}

int text_character(const char *text, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* of a size: no longer forms */
    const unsigned char *byte = (const unsigned char *)text;
    int size = byte[0] < 0x80   ? 1
               : byte[0] < 0xc0 ? 0
               : byte[0] < 0xe0 ? 2
               : byte[0] < 0xf0 ? 3
                                : 4;
    uint32_t code = size == 1 ? byte[0] : byte[0] & (0x7fu >> size);
    for (int i = 1; i < size; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            size = 0;
        code = code << 6 | (byte[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    bool valid =
        size > 0 && byte[0] < 0xf8 && code >= least[size] && code <= 0x10ffff && !surrogate;
    *character = valid ? code : NO_CHARACTER;
    return valid ? size : 1;
}

/* The bytes of the first character, and whether it must not reach a terminal. */
static int next_character(const char *text, bool *unclean)
{
    uint32_t character;
    const int size = text_character(text, &character);
    *unclean = (character == NO_CHARACTER && (unsigned char)*text < 0xa0) || is_control(character);
    return size;
}

void text_clean(char *text)
{
    char *out = text;
    for (int size; *text; text += size) {
        bool unclean;
        size = next_character(text, &unclean);
        if (unclean) {
            *out++ = '?';
            continue;
        }
        memmove(out, text, (size_t)size);
        out += size;
    }
    *out = '\0';
}

static int columns_of(uint32_t character)
{
    int columns = character == NO_CHARACTER ? 1 : wcwidth((wchar_t)character);
    return columns < 0 ? 1 : columns;
}

int text_columns(const char *text)
{
    int columns = 0;
    uint32_t character;
    while (*text) {
        text += text_character(text, &character);
        columns += columns_of(character);
    }
    return columns;
}

size_t text_cut(const char *text, size_t most)
{
    size_t length = strlen(text);
    if (length <= most)
        return length;
    for (length = most; length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80;)
        length--;
    return length;
}

void text_shorten(char *text, int columns)
{
    int whole = text_columns(text), at = 0, size;
    if (whole <= columns)
        return;
    uint32_t character;
    int kept = columns - (int)strlen(GAP), head = kept / 2, tail_from = whole - (kept - head);
    char *out = text;
    while (text_character(out, &character) && at + columns_of(character) <= head) {
        at += columns_of(character);
        out += text_character(out, &character);
    }
    const char *tail = out;
    for (; at < tail_from; tail += size) {
        size = text_character(tail, &character);
        at += columns_of(character);
    }
    while (*tail && text_character(tail, &character) && columns_of(character) == 0)
        tail += text_character(tail, &character); /* what combines with a character that went */
    /* What goes takes more bytes than the gap: at least four columns. */
    memmove(out + strlen(GAP), tail, strlen(tail) + 1);
    memcpy(out, GAP, strlen(GAP));
}

/* What the shell, awk or Python's split() split at. */
static bool is_blank(uint32_t character)
{
    static const uint32_t no_break[] = {0xa0, 0x2007, 0x202f};
    for (size_t i = 0; i < sizeof no_break / sizeof *no_break; i++)
        if (character == no_break[i])
            return true;
    return character != NO_CHARACTER && iswspace((wint_t)character);
}

static bool needs_quotes(const char *text)
{
    uint32_t character;
    if (!*text)
        return true;
    while (*text) {
        text += text_character(text, &character);
        if (is_blank(character) || (character < 0x80 && strchr("\"'\\", (int)character)))
            return true;
    }
    return false;
}

char *text_quoted(const char *text)
{
    char *clean = app_strdup(text);
    text_clean(clean);
    if (!needs_quotes(clean))
        return clean;
    char *quoted = app_alloc(2 * strlen(clean) + 3, 1), *out = quoted;
    *out++ = '"';
    for (const char *c = clean; *c; c++) {
        if (*c == '"' || *c == '\\')
            *out++ = '\\';
        *out++ = *c;
    }
    *out = '"';
    free(clean);
    return quoted;
}

/* Without memory: what was written is told of even where there is none left. */
void print_clean(const char *text)
{
    for (int size; *text; text += size) {
        bool unclean;
        size = next_character(text, &unclean);
        if (unclean)
            putchar('?');
        else
            fwrite(text, 1, (size_t)size, stdout);
    }
}

int terminal_columns(int descriptor)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    if (!isatty(descriptor))
        return 0;
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    int given = columns ? atoi(columns) : 0;
    return given > 0 ? given : 80;
}
