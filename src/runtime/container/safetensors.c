/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/container/safetensors.h"

#include <string.h>

#include <jansson.h>

#include "base/content.h"
#include "base/file.h"
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
    const char *name; /* of the file */
    const uint8_t *data;
    size_t data_size;
};

static octet_status damaged(const struct parsing *p, const char *tensor, const char *why)
{
    return oct_fail(p->ctx, OCTET_BAD_FORMAT, "%s: damaged container: tensor \"%.80s\" %s", p->name,
                    tensor, why);
}

/* A JSON integer that is an index or size: 0 to the size of the address space. */
static bool as_size(const json_t *value, size_t *size)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *size = (size_t)json_integer_value(value);
    return true;
}

static octet_status parse_tensor(const struct parsing *p, const char *name, const json_t *value,
                                 struct oct_safetensors_tensor *tensor)
{
    const char *type = json_string_value(json_object_get(value, "dtype"));
    const json_t *shape = json_object_get(value, "shape"),
                 *offsets = json_object_get(value, "data_offsets");
    if (!type || !json_is_array(shape) || !json_is_array(offsets) || json_array_size(offsets) != 2)
        return damaged(p, name, "lacks dtype, shape or data_offsets");
    size_t element = 0;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(types[i].name, type) == 0) {
            tensor->type = types[i].type;
            element = types[i].bytes;
        }
    }
    if (element == 0)
        return damaged(p, name, "has an unknown dtype");
    if (json_array_size(shape) > OCT_SAFETENSORS_RANK_MAX)
        return damaged(p, name, "has too many dimensions");
    tensor->rank = (int)json_array_size(shape);
    size_t bytes = element;
    for (int d = 0; d < tensor->rank; d++)
        if (!as_size(json_array_get(shape, (size_t)d), &tensor->shape[d]) ||
            !oct_mul(bytes, tensor->shape[d], &bytes))
            return damaged(p, name, "has a bad shape");
    size_t begin, end;
    if (!as_size(json_array_get(offsets, 0), &begin) ||
        !as_size(json_array_get(offsets, 1), &end) || begin > end || end > p->data_size)
        return damaged(p, name, "lies outside the file (truncated?)");
    if (end - begin != bytes)
        return damaged(p, name, "has a size that does not fit its shape");
    tensor->bytes = p->data + begin;
    tensor->size = bytes;
    tensor->name = oct_arena_strdup(p->arena, name);
    return tensor->name ? OCTET_OK : oct_fail_memory(p->ctx, p->name);
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
        return oct_fail(p->ctx, OCTET_BAD_FORMAT,
                        "%s: damaged container: %zu bytes behind the last tensor", p->name, behind);
    return OCTET_OK;
}

static octet_status parse_metadata(const struct parsing *p, const json_t *metadata,
                                   struct oct_safetensors *parsed)
{
    const size_t count = json_object_size(metadata);
    parsed->keys = oct_arena_calloc(p->arena, count, sizeof *parsed->keys);
    parsed->values = oct_arena_calloc(p->arena, count, sizeof *parsed->values);
    if (!parsed->keys || !parsed->values)
        return oct_fail_memory(p->ctx, p->name);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value)
    {
        if (!json_is_string(value))
            return oct_fail(p->ctx, OCTET_BAD_FORMAT,
                            "%s: damaged container: metadata \"%.80s\" is no text", p->name, key);
        parsed->keys[parsed->metadata_count] = oct_arena_strdup(p->arena, key);
        parsed->values[parsed->metadata_count] =
            oct_arena_strdup(p->arena, json_string_value(value));
        if (!parsed->keys[parsed->metadata_count] || !parsed->values[parsed->metadata_count])
            return oct_fail_memory(p->ctx, p->name);
        parsed->metadata_count++;
    }
    return OCTET_OK;
}

static octet_status parse_header(const struct parsing *p, const json_t *header,
                                 struct oct_safetensors *parsed)
{
    if (json_object_size(header) > TENSORS_MAX)
        return oct_fail(p->ctx, OCTET_BAD_FORMAT, "%s: damaged container: more than %d tensors",
                        p->name, TENSORS_MAX);
    parsed->tensors = oct_arena_calloc(p->arena, json_object_size(header), sizeof *parsed->tensors);
    if (!parsed->tensors)
        return oct_fail_memory(p->ctx, p->name);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)header, key, value)
    {
        octet_status status;
        if (!json_is_object(value))
            status = damaged(p, key, "is no object");
        else if (strcmp(key, "__metadata__") == 0)
            status = parse_metadata(p, value, parsed);
        else
            status = parse_tensor(p, key, value, &parsed->tensors[parsed->tensor_count++]);
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
    json_error_t error;
    json_t *header = json_loadb((const char *)text, (size_t)length, JSON_REJECT_DUPLICATES, &error);
    if (!header || !json_is_object(header)) {
        json_decref(header);
        return oct_fail(ctx, OCTET_BAD_FORMAT,
                        "%s: damaged container: header is no JSON object (%s)", name, error.text);
    }
    const struct parsing p = {ctx, arena, name, reader.bytes + reader.position,
                              size - reader.position};
    const octet_status status = parse_header(&p, header, parsed);
    json_decref(header);
    return status;
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

static const char *type_name(enum oct_safetensors_type type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (types[i].type == type)
            return types[i].name;
    return "";
}

static json_t *tensor_entry(const struct oct_safetensors_tensor *tensor, size_t begin)
{
    json_t *shape = json_array();
    for (int d = 0; d < tensor->rank; d++)
        json_array_append_new(shape, json_integer((json_int_t)tensor->shape[d]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", type_name(tensor->type), "shape", shape,
                     "data_offsets", (json_int_t)begin, (json_int_t)(begin + tensor->size));
}

/* The header's text, padded with spaces to a multiple of 8 bytes; NULL when out of memory. Freed
 * with oct_free. */
static char *header_text(octet_context *ctx, const struct oct_safetensors *contents, size_t *length)
{
    json_t *header = json_object(), *metadata = json_object();
    int failed = !header || !metadata;
    for (int i = 0; i < contents->metadata_count && !failed; i++)
        failed = json_object_set_new(metadata, contents->keys[i], json_string(contents->values[i]));
    failed = failed || json_object_set(header, "__metadata__", metadata);
    size_t begin = 0;
    for (int i = 0; i < contents->tensor_count && !failed; i++) {
        failed = json_object_set_new(header, contents->tensors[i].name,
                                     tensor_entry(&contents->tensors[i], begin));
        begin += contents->tensors[i].size;
    }
    const size_t bytes = failed ? 0 : json_dumpb(header, NULL, 0, JSON_COMPACT);
    *length = oct_align(bytes, 8);
    char *text = bytes ? oct_malloc(ctx, *length, 1) : NULL;
    if (text) {
        memset(text, ' ', *length);
        json_dumpb(header, text, bytes, JSON_COMPACT);
    }
    json_decref(metadata);
    json_decref(header);
    return text;
}

octet_status oct_safetensors_write(octet_context *ctx, const char *path,
                                   const struct oct_safetensors *contents)
{
    size_t length;
    char *text = header_text(ctx, contents, &length);
    const size_t count = (size_t)contents->tensor_count + 2;
    struct oct_piece *pieces = oct_calloc(ctx, count, sizeof *pieces);
    if (!text || !pieces) {
        oct_free(ctx, text);
        oct_free(ctx, pieces);
        return oct_fail_memory(ctx, path);
    }
    uint8_t prefix[8];
    for (int i = 0; i < 8; i++)
        prefix[i] = (uint8_t)((uint64_t)length >> (8 * i));
    pieces[0] = (struct oct_piece){prefix, sizeof prefix};
    pieces[1] = (struct oct_piece){text, length};
    for (int i = 0; i < contents->tensor_count; i++)
        pieces[i + 2] = (struct oct_piece){contents->tensors[i].bytes, contents->tensors[i].size};
    const octet_status status = oct_file_write(ctx, path, pieces, count);
    oct_free(ctx, text);
    oct_free(ctx, pieces);
    return status;
}
