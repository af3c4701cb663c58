/* SPDX-License-Identifier: Apache-2.0 */
/* Makes JSON and prints it, exact and harmless to terminals. */
#include "app/json_print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/terminal_text.h"

#define JSON_FORMAT JSON_REAL_PRECISION(9)

static json_t *checked(json_t *value)
{
    if (value)
        return value;
    fputs("octet: out of memory\n", stderr);
    exit(STATUS_FAILED);
}

static void *allocate(size_t bytes)
{
    return app_alloc(bytes, 1);
}

void json_start(void)
{
    json_set_alloc_funcs(allocate, free);
}

json_t *json_text(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    /* Not UTF-8: replace bytes one by one until it is. */
    size_t length = strlen(text), out = 0;
    char *clean = app_alloc(length * 3 + 1, 1);
    for (size_t i = 0; i < length;) {
        size_t size = 0;
        for (size_t n = 1; n <= 4 && i + n <= length && !size; n++) {
            json_t *piece = json_stringn(text + i, n);
            if (piece)
                size = n;
            json_decref(piece);
        }
        memcpy(clean + out, size ? text + i : "\xef\xbf\xbd", size ? size : 3);
        out += size ? size : 3;
        i += size ? size : 1;
    }
    value = json_string(clean);
    free(clean);
    return checked(value);
}

json_t *json_number(double number)
{
    return checked(isfinite(number) ? json_real(number) : json_null());
}

void json_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, checked(value)) != 0)
        checked(NULL);
}

void json_push(json_t *array, json_t *value)
{
    if (json_array_append_new(array, checked(value)) != 0)
        checked(NULL);
}

json_t *json_new_object(void)
{
    return checked(json_object());
}

json_t *json_new_array(void)
{
    return checked(json_array());
}

/* The text of `root`, which is freed. */
static char *make_text(json_t *root, size_t flags)
{
    char *text = json_dumps(root, flags);
    if (!text)
        checked(NULL);
    json_decref(root);
    return text;
}

/* As json_write() prints it. A character of two to four bytes becomes at most three times as
 * long. */
static char *make_clean_text(json_t *root, size_t flags)
{
    char *text = make_text(root, flags), *clean = app_alloc(strlen(text) + 1, 3), *to = clean;
    uint32_t character;
    for (const char *at = text; *at;) {
        const int size = text_character(at, &character);
        if (character < 0x7f || !is_control(character)) { /* jansson escapes the others itself */
            memcpy(to, at, (size_t)size);
            to += size;
        } else if (character > 0xffff) {
            to += sprintf(to, "\\u%04x\\u%04x", 0xd7c0 + (character >> 10),
                          0xdc00 | (character & 0x3ff));
        } else {
            to += sprintf(to, "\\u%04x", character);
        }
        at += size;
    }
    free(text);
    return clean;
}

void json_write(json_t *root, size_t flags)
{
    char *text = make_clean_text(root, flags);
    fputs(text, stdout);
    free(text);
}

int json_print(struct app *app, json_t *root)
{
    json_write(root, JSON_FORMAT | JSON_INDENT(2));
    putchar('\n');
    return app_flush(app);
}

void json_print_compact(json_t *root)
{
    json_write(root, JSON_FORMAT);
}

char *json_line(json_t *root)
{
    return make_text(root, JSON_COMPACT);
}

char *json_clean_line(json_t *root)
{
    return make_clean_text(root, JSON_FORMAT);
}
