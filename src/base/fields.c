/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of JSON against their tables of fields, and the messages about what differs. */
#include "base/fields.h"

#include <stdio.h>
#include <string.h>

/* "WHAT: layer 12", or "WHAT" alone. */
static void name_place(const struct oct_field_place *place, char *text, size_t bytes)
{
    if (place->where && place->index >= 0)
        snprintf(text, bytes, "%s: %s %d", place->what, place->where, place->index);
    else
        snprintf(text, bytes, "%s%s%s", place->what, place->where ? ": " : "",
                 place->where ? place->where : "");
}

octet_status oct_field_refuse(const struct oct_field_place *place, const char *name,
                              const char *why)
{
    char where[OCT_MESSAGE_BYTES];
    name_place(place, where, sizeof where);
    return oct_fail(place->ctx, OCTET_BAD_FORMAT, "%s: \"%.80s\" %s", where, name, why);
}

static octet_status refuse_no_object(const struct oct_field_place *place, enum oct_json_kind is)
{
    char where[OCT_MESSAGE_BYTES];
    name_place(place, where, sizeof where);
    return oct_fail(place->ctx, OCTET_BAD_FORMAT, "%s is %s, not an object", where,
                    oct_json_kind_name(is));
}

static octet_status refuse_kind(const struct oct_field_place *place, const char *name,
                                enum oct_json_kind is, enum oct_json_kind must_be)
{
    char why[80];
    snprintf(why, sizeof why, "is %s, not %s", oct_json_kind_name(is), oct_json_kind_name(must_be));
    return oct_field_refuse(place, name, why);
}

static octet_status check_bounds(const struct oct_field_place *place, const char *name,
                                 double number, double low, double high)
{
    char why[120];
    if (number >= low && number <= high)
        return OCTET_OK;
    snprintf(why, sizeof why, "is %.15g, not from %.15g to %.15g", number, low, high);
    return oct_field_refuse(place, name, why);
}

/* The field's value goes to its target, once it is of the type and within the bounds. */
static octet_status read_field(const struct oct_field_place *place, const struct oct_field *field,
                               const struct oct_json_value *value)
{
    static const enum oct_json_kind kinds[] = {
        [OCT_FIELD_INTEGER] = OCT_JSON_INTEGER, [OCT_FIELD_LONG] = OCT_JSON_INTEGER,
        [OCT_FIELD_FLOAT] = OCT_JSON_REAL,      [OCT_FIELD_DOUBLE] = OCT_JSON_REAL,
        [OCT_FIELD_BOOLEAN] = OCT_JSON_BOOLEAN, [OCT_FIELD_TEXT] = OCT_JSON_TEXT,
        [OCT_FIELD_ARRAY] = OCT_JSON_ARRAY,     [OCT_FIELD_OBJECT] = OCT_JSON_OBJECT};
    double number = 0;
    const enum oct_json_kind kind = kinds[field->type];
    const bool whole = kind == OCT_JSON_REAL && value->kind == OCT_JSON_INTEGER;
    if (value->kind != kind && !whole)
        return refuse_kind(place, field->name, value->kind, kind);
    if (value->kind == OCT_JSON_ARRAY)
        number = value->count;
    if (oct_json_number(value, &number) || value->kind == OCT_JSON_ARRAY) {
        const octet_status status =
            check_bounds(place, field->name, number, field->low, field->high);
        if (status)
            return status;
    }
    switch (field->type) {
    case OCT_FIELD_INTEGER:
        *(int *)field->target = (int)value->integer;
        break;
    case OCT_FIELD_LONG:
        *(int64_t *)field->target = value->integer;
        break;
    case OCT_FIELD_FLOAT:
        *(float *)field->target = (float)number;
        break;
    case OCT_FIELD_DOUBLE:
        *(double *)field->target = number;
        break;
    case OCT_FIELD_BOOLEAN:
        *(int *)field->target = value->boolean;
        break;
    case OCT_FIELD_TEXT:
        *(const char **)field->target = value->text;
        break;
    case OCT_FIELD_ARRAY:
    case OCT_FIELD_OBJECT:
        *(const struct oct_json_value **)field->target = value;
        break;
    }
    return OCTET_OK;
}

octet_status oct_fields_read(const struct oct_field_place *place,
                             const struct oct_json_value *object, unsigned which,
                             const struct oct_field *fields, size_t count)
{
    if (object->kind != OCT_JSON_OBJECT)
        return refuse_no_object(place, object->kind);
    int known = 0;
    for (size_t i = 0; i < count; i++) {
        const struct oct_field *field = &fields[i];
        if (field->cases && !(field->cases & which))
            continue;
        const struct oct_json_value *value = oct_json_find(object, field->name);
        if (!value && !field->optional)
            return oct_field_refuse(place, field->name, "is missing");
        const octet_status status = value ? read_field(place, field, value) : OCTET_OK;
        if (status)
            return status;
        known += value != NULL;
    }
    if (known == object->count)
        return OCTET_OK;
    for (const struct oct_json_value *member = object->first; member; member = member->next) {
        bool found = false;
        for (size_t i = 0; i < count && !found; i++)
            found = strcmp(fields[i].name, member->key) == 0 &&
                    (!fields[i].cases || (fields[i].cases & which));
        if (!found)
            return oct_field_refuse(place, member->key, "is unknown here");
    }
    return OCTET_OK;
}

octet_status oct_field_integers(const struct oct_field_place *place, const char *name,
                                const struct oct_json_value *list, int64_t low, int64_t high,
                                int *numbers)
{
    for (const struct oct_json_value *value = list->first; value; value = value->next) {
        if (value->kind != OCT_JSON_INTEGER)
            return refuse_kind(place, name, value->kind, OCT_JSON_INTEGER);
        const octet_status status =
            check_bounds(place, name, (double)value->integer, (double)low, (double)high);
        if (status)
            return status;
        *numbers++ = (int)value->integer;
    }
    return OCTET_OK;
}
