/* SPDX-License-Identifier: Apache-2.0 */
/* Reads large JSON files element by element, so that no more than one element stands in memory as
 * JSON values, and members that nobody asks for (outlines of objects) are never made values. */
#ifndef OCTET_EVALUATE_JSON_ELEMENTS_H
#define OCTET_EVALUATE_JSON_ELEMENTS_H

#include "base/json.h"

struct oct_json {
    octet_context *ctx;
    const char *name;    /* of the file, for messages */
    const char *skipped; /* a member of elements that is left out, or NULL */
    const uint8_t *bytes;
    size_t size, position;
    struct {
        size_t position, breaks, first; /* line breaks before it; the first byte after the last */
    } counted;                          /* so that places in order cost one pass */
    char *scratch;                      /* the element at hand */
    size_t scratch_size, scratch_capacity;
    struct oct_arena arena; /* of the element's values */
};

/* A failure at the position reached: "FILE: line 3, column 12: WHAT". */
octet_status oct_json_fail(struct oct_json *json, const char *what);

/* Passes over a byte order mark; UTF-16 fails. */
octet_status oct_json_start(struct oct_json *json);

/* Takes `character`, with white space before it; false (and nothing taken) when it is another. */
bool oct_json_take(struct oct_json *json, char character);

/* Takes the next character without white space, which must be `character`. */
octet_status oct_json_expect(struct oct_json *json, char character);

/* After an entry of a list or an object: takes the comma before another entry, or `close`. */
octet_status oct_json_next(struct oct_json *json, char close, bool *more);

/* Takes a member's name and the colon behind it; `*key` (without quotes, escapes as they stand) has
 * `*length` bytes in the file. */
octet_status oct_json_key(struct oct_json *json, const char **key, size_t *length);

/* Passes over a value. Only its brackets and quotes are looked at. */
octet_status oct_json_skip(struct oct_json *json);

/* Called for every element; anything but OCTET_OK ends the reading. */
typedef octet_status oct_json_visit(void *user, size_t index, const struct oct_json_value *element);

/* Takes an array. Its elements must be objects. */
octet_status oct_json_array(struct oct_json *json, oct_json_visit *visit, void *user);

/* Nothing but white space may be left. */
octet_status oct_json_end(struct oct_json *json);

void oct_json_free(struct oct_json *json);

#endif
