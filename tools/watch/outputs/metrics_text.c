/* SPDX-License-Identifier: Apache-2.0 */
/* Puts metrics into lines, with what their text must not hold escaped. */
#include "watch/outputs/metrics_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/allocate.h"
#include "app/terminal_text.h"

#define ROOM_BYTES 4096
#define NUMBER_BYTES 32
#define MS_PER_S 1e3
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define NO_CHARACTER 0xffffffff

static void add(struct metrics_text *text, const char *bytes, size_t count)
{
    if (text->room - text->length <= count) {
        text->room = text->room * 2 + count + ROOM_BYTES;
        text->bytes = app_resize(text->bytes, text->room, 1);
    }
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
    text->bytes[text->length] = '\0';
}

static void add_text(struct metrics_text *text, const char *bytes)
{
    add(text, bytes, strlen(bytes));
}

/* Help and values of labels: a line end and '\' are escaped in both, '"' in values. */
static void add_escaped(struct metrics_text *text, const char *plain, bool is_value)
{
    while (*plain) {
        uint32_t character;
        const int length = text_character(plain, &character);
        if (character == NO_CHARACTER)
            add_text(text, REPLACEMENT);
        else if (character == '\n')
            add_text(text, "\\n");
        else if (character == '\\')
            add_text(text, "\\\\");
        else if (character == '"' && is_value)
            add_text(text, "\\\"");
        else
            add(text, plain, (size_t)length);
        plain += length;
    }
}

void metrics_begin(struct metrics_text *text, enum metrics_kind kind, const char *name,
                   const char *help)
{
    static const char *const kinds[] = {[METRICS_COUNTER] = "counter",
                                        [METRICS_GAUGE] = "gauge",
                                        [METRICS_HISTOGRAM] = "histogram"};
    text->name = name;
    add_text(text, "# HELP ");
    add_text(text, name);
    add_text(text, " ");
    add_escaped(text, help, false);
    add_text(text, "\n# TYPE ");
    add_text(text, name);
    add_text(text, " ");
    add_text(text, kinds[kind]);
    add_text(text, "\n");
}

static void add_label(struct metrics_text *text, const char *separator, const char *name,
                      const char *value)
{
    add_text(text, separator);
    add_text(text, name);
    add_text(text, "=\"");
    add_escaped(text, value, true);
    add_text(text, "\"");
}

/* A line: the metric's name with what is behind it, its labels and `bound` unless that is NULL. */
static void add_sample(struct metrics_text *text, const char *behind,
                       const struct metrics_label *labels, size_t count, const char *bound,
                       const char *value)
{
    add_text(text, text->name);
    add_text(text, behind);
    for (size_t i = 0; i < count; i++)
        add_label(text, i ? "," : "{", labels[i].name, labels[i].value);
    if (bound)
        add_label(text, count ? "," : "{", "le", bound);
    if (count || bound)
        add_text(text, "}");
    add_text(text, " ");
    add_text(text, value);
    add_text(text, "\n");
}

/* As short as it can be with all digits that it has. */
static const char *number_text(double number, char text[NUMBER_BYTES])
{
    if (isnan(number))
        return "NaN";
    if (isinf(number))
        return number > 0 ? "+Inf" : "-Inf";
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, NUMBER_BYTES, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    return text;
}

static const char *integer_text(uint64_t number, char text[NUMBER_BYTES])
{
    snprintf(text, NUMBER_BYTES, "%llu", (unsigned long long)number);
    return text;
}

void metrics_number(struct metrics_text *text, const struct metrics_label *labels, size_t count,
                    double value)
{
    char number[NUMBER_BYTES];
    add_sample(text, "", labels, count, NULL, number_text(value, number));
}

void metrics_integer(struct metrics_text *text, const struct metrics_label *labels, size_t count,
                     uint64_t value)
{
    char number[NUMBER_BYTES];
    add_sample(text, "", labels, count, NULL, integer_text(value, number));
}

void metrics_latencies(struct metrics_text *text, const struct metrics_label *labels, size_t count,
                       const struct latency_counts *latencies)
{
    char number[NUMBER_BYTES], bound[NUMBER_BYTES];
    uint64_t below = 0;
    for (int i = 0; i <= LATENCY_STEPS; i++) {
        below += latencies->bucket[i];
        add_sample(text, "_bucket", labels, count,
                   number_text(latency_bound_ms(i) / MS_PER_S, bound), integer_text(below, number));
    }
    add_sample(text, "_sum", labels, count, NULL,
               number_text(latencies->sum_ms / MS_PER_S, number));
    add_sample(text, "_count", labels, count, NULL, integer_text(latencies->total, number));
}

char *metrics_take(struct metrics_text *text, size_t *length)
{
    char *bytes = text->bytes ? text->bytes : app_strdup("");
    *length = text->length;
    *text = (struct metrics_text){0};
    return bytes;
}
