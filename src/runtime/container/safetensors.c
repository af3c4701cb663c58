/* SPDX-License-Identifier: Apache-2.0 */
/* Reading safetensors files; nothing in them is trusted. */
#include "runtime/container/safetensors.h"

#include <stdio.h>
#include <string.h>

#include "base/content.h"
#include "base/fields.h"
#include "base/reader.h"

#define HEADER_BYTES_MAX (64u << 20)
#define TENSORS_MAX 65536 /* far more than any engine or statistics file has */

static const struct {
    const char *name;
    size_t bytes;
    enum oct_safetensors_type type;
} types[] = {
    {"I8", 1, OCT_SAFETENSORS_I8},     {"U8", 1, OCT_SAFETENSORS_U8},
    {"I32", 4, OCT_SAFETENSORS_I32},   {"F32", 4, OCT_SAFETENSORS_F32},
    {"I64", 8, OCT_SAFETENSORS_I64},   {"U64", 8, OCT_SAFETENSORS_U64},
    {"F64", 8, OCT_SAFETENSORS_F64},   {"BOOL", 1, OCT_SAFETENSORS_OTHER},
    {"I16", 2, OCT_SAFETENSORS_OTHER}, {"U16", 2, OCT_SAFETENSORS_OTHER},
    {"F16", 2, OCT_SAFETENSORS_OTHER}, {"BF16", 2, OCT_SAFETENSORS_BF16},
    {"U32", 4, OCT_SAFETENSORS_OTHER},
};
#define TYPE_COUNT (sizeof types / sizeof types[0])

size_t oct_safetensors_element_bytes(enum oct_safetensors_type type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (types[i].type == type && type != OCT_SAFETENSORS_OTHER)
            return types[i].bytes;
    return 0;
}

struct parsing {
    octet_context *ctx;
    struct oct_arena *arena;
    const char *name, *what; /* of the file; "NAME: damaged container" */
    const uint8_t *data;
    size_t data_size;
};

static octet_status damaged(const struct parsing *p, const char *tensor, const char *why)
{
    return oct_fail(p->ctx, OCTET_BAD_FORMAT, "%s: tensor \"%.80s\" %s", p->what, tensor, why);
}

/* An element of a list of sizes, 0 to the size of the address space; the next one follows. */
static bool take_size(const struct oct_json_value **value, size_t *size)
{
    if (!*value || (*value)->kind != OCT_JSON_INTEGER || (*value)->integer < 0)
        return false;
    *size = (size_t)(*value)->integer;
    *value = (*value)->next;
    return true;
}

static octet_status parse_tensor(const struct parsing *p, const struct oct_json_value *value,
                                 struct oct_safetensors_tensor *tensor)
{
    const char *name = value->key, *type;
    const struct oct_json_value *shape, *offsets;
    const struct oct_field fields[] = {
        {"dtype", OCT_FIELD_TEXT, 0, 0, &type, 0, false},
        {"shape", OCT_FIELD_ARRAY, 0, OCT_SAFETENSORS_RANK_MAX, &shape, 0, false},
        {"data_offsets", OCT_FIELD_ARRAY, 2, 2, &offsets, 0, false},
    };
    char where[120];
    snprintf(where, sizeof where, "tensor \"%.80s\"", name);
    const struct oct_field_place place = {p->ctx, p->what, where, -1};
    const octet_status status = OCT_FIELDS_READ(&place, value, 0, fields);
    if (status)
        return status;
    size_t element = 0;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(types[i].name, type) == 0) {
            tensor->type = types[i].type;
            element = types[i].bytes;
        }
    }
    if (element == 0)
        return damaged(p, name, "has an unknown \"dtype\"");
    tensor->rank = shape->count;
    size_t bytes = element;
    const struct oct_json_value *side = shape->first;
    for (int d = 0; d < tensor->rank; d++)
        if (!take_size(&side, &tensor->shape[d]) || !oct_mul(bytes, tensor->shape[d], &bytes))
            return damaged(p, name, "has a bad \"shape\"");
    size_t begin, end;
    const struct oct_json_value *offset = offsets->first;
    if (!take_size(&offset, &begin) || !take_size(&offset, &end))
        return damaged(p, name, "has bad \"data_offsets\"");
    if (begin > end || end > p->data_size)
        return damaged(p, name, "lies outside the file (truncated?)");
    if (end - begin != bytes)
        return damaged(p, name, "has a size that does not fit its shape");
    tensor->bytes = p->data + begin;
    tensor->size = bytes;
    tensor->name = name;
    return OCTET_OK;
}

/* Shell sort by begin, with Knuth's gaps: needs no memory, and no order makes it slow. */
static void sort_tensors(struct oct_safetensors *parsed)
{
    struct oct_safetensors_tensor *tensors = parsed->tensors;
    int gap = 1;
    while (gap < parsed->tensor_count / 3)
        gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3) {
        for (int i = gap; i < parsed->tensor_count; i++) {
            const struct oct_safetensors_tensor moving = tensors[i];
            int at = i;
            for (; at >= gap && tensors[at - gap].bytes > moving.bytes; at -= gap)
                tensors[at] = tensors[at - gap];
            tensors[at] = moving;
        }
    }
}

/* Tensors cover the data from end to end: none shares bytes, and nothing lies between or behind. */
static octet_status check_coverage(const struct parsing *p, struct oct_safetensors *parsed)
{
    const uint8_t *expected = p->data;
    sort_tensors(parsed);
    for (int i = 0; i < parsed->tensor_count; i++) {
        const struct oct_safetensors_tensor *tensor = &parsed->tensors[i];
        if (tensor->bytes < expected)
            return damaged(p, tensor->name, "overlaps another");
        if (tensor->bytes > expected)
            return damaged(p, tensor->name, "lies behind bytes that belong to no tensor");
        expected += tensor->size;
    }
    const size_t behind = p->data_size - (size_t)(expected - p->data);
    if (behind > 0)
        return oct_fail(p->ctx, OCTET_BAD_FORMAT, "%s: %zu bytes behind the last tensor", p->what,
                        behind);
    return OCTET_OK;
}

static octet_status parse_metadata(const struct parsing *p, const struct oct_json_value *metadata,
                                   struct oct_safetensors *parsed)
{
    const size_t count = (size_t)metadata->count;
    parsed->keys = oct_arena_calloc(p->arena, count, sizeof *parsed->keys);
    parsed->values = oct_arena_calloc(p->arena, count, sizeof *parsed->values);
    if (!parsed->keys || !parsed->values)
        return oct_fail_memory(p->ctx, p->name);
    for (const struct oct_json_value *value = metadata->first; value; value = value->next) {
        if (value->kind != OCT_JSON_TEXT)
            return oct_fail(p->ctx, OCTET_BAD_FORMAT, "%s: metadata \"%.80s\" is no text", p->what,
                            value->key);
        parsed->keys[parsed->metadata_count] = value->key;
        parsed->values[parsed->metadata_count++] = value->text;
    }
    return OCTET_OK;
}

static octet_status parse_header(const struct parsing *p, const struct oct_json_value *header,
                                 struct oct_safetensors *parsed)
{
    if (header->count > TENSORS_MAX)
        return oct_fail(p->ctx, OCTET_BAD_FORMAT, "%s: more than %d tensors", p->what, TENSORS_MAX);
    parsed->tensors = oct_arena_calloc(p->arena, (size_t)header->count, sizeof *parsed->tensors);
    if (!parsed->tensors)
        return oct_fail_memory(p->ctx, p->name);
    for (const struct oct_json_value *value = header->first; value; value = value->next) {
        octet_status status;
        if (value->kind != OCT_JSON_OBJECT)
            status = damaged(p, value->key, "is no object");
        else if (strcmp(value->key, "__metadata__") == 0)
            status = parse_metadata(p, value, parsed);
        else
            status = parse_tensor(p, value, &parsed->tensors[parsed->tensor_count++]);
        if (status)
            return status;
    }
    return check_coverage(p, parsed);
}

static octet_status refuse_content(octet_context *ctx, const void *bytes, size_t size,
                                   const char *name)
{
    const struct oct_content *content = oct_recognise_content(bytes, size);
    return oct_fail(ctx, OCTET_UNKNOWN_FORMAT, "%s: not an octet file%s%s (no safetensors header)",
                    name, content ? " but " : "", content ? content->name : "");
}

octet_status oct_safetensors_parse(octet_context *ctx, struct oct_arena *arena, const void *bytes,
                                   size_t size, const char *name, struct oct_safetensors *parsed)
{
    memset(parsed, 0, sizeof *parsed);
    struct oct_reader reader = oct_reader_of(bytes, size);
    const uint64_t length = oct_read_le(&reader, 8);
    if (reader.failed || length < 2 || length > HEADER_BYTES_MAX ||
        (size > 8 && ((const char *)bytes)[8] != '{'))
        return refuse_content(ctx, bytes, size, name);
    const uint8_t *text = oct_read_bytes(&reader, (size_t)length);
    if (!text)
        return oct_fail(ctx, OCTET_BAD_FORMAT,
                        "%s: truncated: the header alone should have %llu bytes, the file has %zu",
                        name, (unsigned long long)length, size);
    struct parsing p = {.ctx = ctx, .arena = arena, .name = name};
    p.data = reader.bytes + reader.position;
    p.data_size = size - reader.position;
    p.what = oct_arena_printf(arena, "%s: damaged container", name);
    if (!p.what)
        return oct_fail_memory(ctx, name);
    const struct oct_json_value *header;
    const octet_status status =
        oct_json_parse(arena, (const char *)text, (size_t)length, p.what, &header);
    return status ? status : parse_header(&p, header, parsed);
}

octet_status oct_safetensors_known(octet_context *ctx, const struct oct_safetensors *parsed,
                                   const char *what, const char *const *keys, int count)
{
    for (int i = 0; i < parsed->metadata_count; i++) {
        int known = 0;
        while (known < count && strcmp(keys[known], parsed->keys[i]) != 0)
            known++;
        if (known == count)
            return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: metadata \"%.80s\" is unknown", what,
                            parsed->keys[i]);
    }
    return OCTET_OK;
}

const char *oct_safetensors_metadata(const struct oct_safetensors *parsed, const char *key)
{
    for (int i = 0; i < parsed->metadata_count; i++)
        if (strcmp(parsed->keys[i], key) == 0)
            return parsed->values[i];
    return NULL;
}

const struct oct_safetensors_tensor *oct_safetensors_find(const struct oct_safetensors *parsed,
                                                          const char *name)
{
    for (int i = 0; i < parsed->tensor_count; i++)
        if (strcmp(parsed->tensors[i].name, name) == 0)
            return &parsed->tensors[i];
    return NULL;
}

const char *oct_safetensors_type_name(enum oct_safetensors_type type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (types[i].type == type)
            return types[i].name;
    return "";
}
