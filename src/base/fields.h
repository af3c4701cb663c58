/* SPDX-License-Identifier: Apache-2.0 */
/* Members of JSON objects by table: each has its type and bounds and must be there, and there is no
 * other. A field that is missing, of another type, out of bounds or unknown is refused by name. */
#ifndef OCTET_BASE_FIELDS_H
#define OCTET_BASE_FIELDS_H

#include "base/json.h"

/* What the target points to. */
enum oct_field_type {
    OCT_FIELD_INTEGER, /* int */
    OCT_FIELD_LONG,    /* int64_t */
    OCT_FIELD_FLOAT,   /* float; whole numbers are numbers, too */
    OCT_FIELD_DOUBLE,  /* double; the same */
    OCT_FIELD_BOOLEAN, /* int, 0 or 1 */
    OCT_FIELD_TEXT,    /* const char * */
    OCT_FIELD_ARRAY,   /* const struct oct_json_value *; bounds are those of its count */
    OCT_FIELD_OBJECT   /* const struct oct_json_value * */
};

struct oct_field {
    const char *name;
    enum oct_field_type type;
    double low, high; /* both allowed */
    void *target;     /* untouched where an optional field is not there */
    unsigned cases;   /* the cases in which an object has this field; 0: in all */
    bool optional;
};

/* The object at hand, for messages: "WHAT: WHERE: ...". */
struct oct_field_place {
    octet_context *ctx;
    const char *what;  /* "a.octet: damaged engine" */
    const char *where; /* "layer", or NULL */
    int index;         /* "layer 12"; below 0: none */
};

/* Reads an object's fields. `which` is the case (a bit) that it is. Fails with OCTET_BAD_FORMAT. */
octet_status oct_fields_read(const struct oct_field_place *place,
                             const struct oct_json_value *object, unsigned which,
                             const struct oct_field *fields, size_t count);

/* A field that is well-formed but refused: "WHAT: WHERE: "NAME" WHY". */
octet_status oct_field_refuse(const struct oct_field_place *place, const char *name,
                              const char *why);

/* The whole numbers of the list `name`, each from `low` to `high`. */
octet_status oct_field_integers(const struct oct_field_place *place, const char *name,
                                const struct oct_json_value *list, int64_t low, int64_t high,
                                int *numbers);

#define OCT_FIELDS_READ(place, object, which, fields)                                              \
    oct_fields_read(place, object, which, fields, sizeof(fields) / sizeof((fields)[0]))

#endif
