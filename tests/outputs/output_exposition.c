/* SPDX-License-Identifier: Apache-2.0 */
/* Reads metrics line by line and holds them to the format's rules. */
#include "output_exposition.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FAMILIES_MAX 32

struct family {
    char name[64], kind[16];
    bool has_help, has_samples;
};

struct reader {
    struct exposition *to;
    struct family family[FAMILIES_MAX];
    size_t families;
    const char *line; /* for messages */
};

#define REFUSE(reader, why)                                                                        \
    fail_msg("%s: %.*s", why, (int)strcspn((reader)->line, "\n"), (reader)->line)

static size_t name_length(const char *at, bool may_have_colon)
{
    size_t length = 0;
    while ((at[length] >= 'a' && at[length] <= 'z') || (at[length] >= 'A' && at[length] <= 'Z') ||
           at[length] == '_' || (may_have_colon && at[length] == ':') ||
           (length && at[length] >= '0' && at[length] <= '9'))
        length++;
    return length;
}

static struct family *find_family(struct reader *reader, const char *name, size_t length)
{
    for (size_t i = 0; i < reader->families; i++) {
        struct family *family = &reader->family[i];
        if (strlen(family->name) == length && strncmp(family->name, name, length) == 0)
            return family;
    }
    return NULL;
}

static struct family *make_family(struct reader *reader, const char *name, size_t length)
{
    struct family *family = find_family(reader, name, length);
    if (family)
        return family;
    assert_true(reader->families < FAMILIES_MAX && length < sizeof family->name);
    family = &reader->family[reader->families++];
    memset(family, 0, sizeof *family);
    memcpy(family->name, name, length);
    return family;
}

/* "# HELP NAME TEXT" or "# TYPE NAME KIND" */
static void read_comment(struct reader *reader, const char *at, const char *end)
{
    const bool is_help = strncmp(at, "# HELP ", 7) == 0;
    if (!is_help && strncmp(at, "# TYPE ", 7) != 0)
        REFUSE(reader, "neither HELP nor TYPE");
    at += 7;
    const size_t length = name_length(at, true);
    if (!length || at[length] != ' ')
        REFUSE(reader, "no name");
    struct family *family = make_family(reader, at, length);
    if (family->has_samples || (is_help ? family->has_help : family->kind[0] != '\0'))
        REFUSE(reader, "told twice, or behind its samples");
    at += length + 1;
    if (is_help) {
        family->has_help = true;
        for (; at < end; at++)
            if (*at == '\\' && *++at != '\\' && *at != 'n')
                REFUSE(reader, "a wrong escape");
        return;
    }
    snprintf(family->kind, sizeof family->kind, "%.*s", (int)(end - at), at);
    const char *const kinds[] = {"counter", "gauge", "histogram", "summary", "untyped"};
    bool is_known = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        is_known = is_known || strcmp(kinds[i], family->kind) == 0;
    if (!is_known)
        REFUSE(reader, "no such type");
    if (strcmp(family->kind, "counter") == 0 &&
        (length < 6 || strcmp(family->name + length - 6, "_total") != 0))
        REFUSE(reader, "a counter's name");
}

/* {NAME="VALUE",...}; returns what is behind it. */
static const char *read_labels(struct reader *reader, const char *at, char *out, size_t room)
{
    size_t length = 0;
    do {
        at++; /* '{' or ',' */
        const size_t name = name_length(at, false);
        if (!name || strncmp(at, "__", 2) == 0 || strncmp(at + name, "=\"", 2) != 0)
            REFUSE(reader, "a label's name");
        length += (size_t)snprintf(out + length, room - length, "%.*s=", (int)name, at);
        for (at += name + 2; *at != '"'; at++) {
            if (*at == '\n' || !*at)
                REFUSE(reader, "a value without an end");
            char c = *at;
            if (c == '\\') {
                c = *++at == 'n' ? '\n' : *at;
                if (c != '\n' && c != '\\' && c != '"')
                    REFUSE(reader, "a wrong escape");
            }
            assert_true(length + 2 < room);
            out[length++] = c;
        }
        out[length++] = ';';
        out[length] = '\0';
        at++;
    } while (*at == ',');
    if (*at != '}')
        REFUSE(reader, "labels without an end");
    return at + 1;
}

static double read_value(struct reader *reader, const char *at, const char *end)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"+Inf\n", INFINITY}, {"-Inf\n", -INFINITY}, {"NaN\n", NAN}};
    for (size_t i = 0; i < 3; i++)
        if (strncmp(at, words[i].word, strlen(words[i].word)) == 0)
            return words[i].value;
    char *stop;
    const double value = strtod(at, &stop);
    if (stop != end || strspn(at, "0123456789+-.e") != (size_t)(end - at))
        REFUSE(reader, "no number");
    return value;
}

/* A histogram's samples have three names. */
static struct family *family_of_sample(struct reader *reader, const char *name)
{
    static const char *const behind[] = {"", "_bucket", "_sum", "_count"};
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        const size_t all = strlen(name), length = strlen(behind[i]);
        if (all <= length || strcmp(name + all - length, behind[i]) != 0)
            continue;
        struct family *family = find_family(reader, name, all - length);
        if (family && (i > 0) == (strcmp(family->kind, "histogram") == 0))
            return family;
    }
    REFUSE(reader, "a sample without a type");
    return NULL;
}

static void read_sample(struct reader *reader, const char *at, const char *end)
{
    struct exposition *to = reader->to;
    assert_true(to->count < EXPOSITION_SAMPLES_MAX);
    struct exposition_sample *sample = &to->sample[to->count];
    memset(sample, 0, sizeof *sample);
    const size_t length = name_length(at, true);
    if (!length || length >= sizeof sample->name)
        REFUSE(reader, "no name");
    memcpy(sample->name, at, length);
    at += length;
    if (*at == '{')
        at = read_labels(reader, at, sample->labels, sizeof sample->labels);
    if (*at != ' ')
        REFUSE(reader, "no value");
    sample->value = read_value(reader, at + 1, end);
    struct family *family = family_of_sample(reader, sample->name);
    if (!family->has_help || !family->kind[0] || family != &reader->family[reader->families - 1])
        REFUSE(reader, "not with its metric");
    family->has_samples = true;
    if (strcmp(family->kind, "counter") == 0 && !(sample->value >= 0))
        REFUSE(reader, "a counter below 0");
    for (size_t i = 0; i < to->count; i++)
        if (strcmp(to->sample[i].name, sample->name) == 0 &&
            strcmp(to->sample[i].labels, sample->labels) == 0)
            REFUSE(reader, "a sample twice");
    to->count++;
}

/* Buckets of one set of labels stand together, grow, and end with the count. */
static void check_buckets(const struct exposition *exposition)
{
    double last_bound = -INFINITY, last = 0;
    for (size_t i = 0; i < exposition->count; i++) {
        const struct exposition_sample *sample = &exposition->sample[i];
        const char *bound = strstr(sample->labels, "le=");
        const size_t length = strlen(sample->name);
        if (length > 7 && strcmp(sample->name + length - 7, "_bucket") == 0) {
            assert_non_null(bound);
            const bool is_last = strcmp(bound, "le=+Inf;") == 0;
            const double number = is_last ? INFINITY : strtod(bound + 3, NULL);
            if (!(number > last_bound && sample->value >= last))
                fail_msg("buckets do not grow: %s{%s}", sample->name, sample->labels);
            last_bound = number;
            last = sample->value;
        } else if (length > 6 && strcmp(sample->name + length - 6, "_count") == 0) {
            if (last_bound != INFINITY || last != sample->value)
                fail_msg("the count is not the last bucket: %s{%s}", sample->name, sample->labels);
            last_bound = -INFINITY;
            last = 0;
        }
    }
}

void exposition_read(struct exposition *exposition, const char *text)
{
    struct reader reader = {.to = exposition};
    exposition->count = 0;
    for (const char *end; *text; text = end + 1) {
        reader.line = text;
        end = strchr(text, '\n');
        if (!end)
            REFUSE(&reader, "the last line has no end");
        if (*text == '#')
            read_comment(&reader, text, end);
        else
            read_sample(&reader, text, end);
    }
    check_buckets(exposition);
}

double exposition_value(const struct exposition *exposition, const char *name, const char *labels)
{
    for (size_t i = 0; i < exposition->count; i++)
        if (strcmp(exposition->sample[i].name, name) == 0 &&
            strcmp(exposition->sample[i].labels, labels) == 0)
            return exposition->sample[i].value;
    fail_msg("no sample %s{%s}", name, labels);
    return 0;
}
