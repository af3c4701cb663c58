/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259), read strictly into an arena and written into a text. octet's files hang on it:
 * lack of memory is always told as such and never changes a value, which the libraries for JSON do
 * not promise (jansson tells it as a syntax error, and may lose a digit of a long number).
 */
#ifndef OCTET_BASE_JSON_H
#define OCTET_BASE_JSON_H

#include "base/arena.h"
#include "base/text.h"

#define OCT_JSON_DEPTH_MAX 64
#define OCT_JSON_VALUES_MAX (1 << 20)

enum oct_json_kind {
    OCT_JSON_NULL,
    OCT_JSON_BOOLEAN,
    OCT_JSON_INTEGER, /* a number without fraction and exponent, of 64 bits */
    OCT_JSON_REAL,    /* any other, finite */
    OCT_JSON_TEXT,    /* UTF-8 without NUL */
    OCT_JSON_ARRAY,
    OCT_JSON_OBJECT /* keys differ */
};

struct oct_json_value {
    enum oct_json_kind kind;
    int count;                         /* ARRAY, OBJECT: values in it */
    const char *key;                   /* of an object's member */
    const struct oct_json_value *next; /* in the same array or object, as they stand in the file */
    union {
        bool boolean;
        int64_t integer;
        double real;
        const char *text;
        const struct oct_json_value *first; /* ARRAY, OBJECT; NULL when empty */
    };
};

/* Reads one value with nothing but white space around it. `what` says for messages what the text
 * is, for instance "a.octet: damaged engine: the plan". Fails with OCTET_BAD_FORMAT ("WHAT: byte
 * 12: WHY") or for lack of memory. */
octet_status oct_json_parse(struct oct_arena *arena, const char *bytes, size_t size,
                            const char *what, const struct oct_json_value **value);

/* The member `key` of an object; NULL when there is none, or `object` is NULL or no object. */
const struct oct_json_value *oct_json_find(const struct oct_json_value *object, const char *key);

/* The number that an INTEGER or REAL is; false for all else. */
bool oct_json_number(const struct oct_json_value *value, double *number);

/* "a text", "a list", ... */
const char *oct_json_kind_name(enum oct_json_kind kind);

/* Adds a text in quotes; one that is not UTF-8 cannot stand in JSON and becomes "?". */
void oct_json_add_text(struct oct_text *out, const char *text);

/* Adds a number (finite) so that the same double is read again. */
void oct_json_add_real(struct oct_text *out, double number);

#endif
