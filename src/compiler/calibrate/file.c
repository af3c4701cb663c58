/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics files. The format is described in docs/formats.md. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "compiler/calibrate/statistics.h"
#include "runtime/container/safetensors.h"

#define TENSORS_MAX 4096
#define CHANNELS_MAX 65536
#define PARTS 5

static const struct {
    const char *name;
    enum oct_safetensors_type type;
} parts[PARTS] = {{"histogram", OCT_SAFETENSORS_U64},
                  {"channel_min", OCT_SAFETENSORS_F32},
                  {"channel_max", OCT_SAFETENSORS_F32},
                  {"channel_sum", OCT_SAFETENSORS_I64},
                  {"channel_square", OCT_SAFETENSORS_I64}};

static void *part_of(const struct oct_tensor_record *record, int part)
{
    void *const all[PARTS] = {record->histogram.bins + record->histogram.first,
                              record->channel_minimum, record->channel_maximum, record->channel_sum,
                              record->channel_square};
    return all[part];
}

static size_t part_count(const struct oct_tensor_record *record, int part)
{
    return part == 0 ? (size_t)(record->histogram.last - record->histogram.first)
                     : (size_t)record->channels;
}

static json_t *record_json(const struct oct_tensor_record *record)
{
    const struct oct_histogram *h = &record->histogram;
    json_t *name = json_string(record->name);
    return json_pack("{s:o, s:i, s:i, s:i, s:I, s:f, s:f}", "name", name ? name : json_string("?"),
                     "channels", record->channels, "exponent", h->exponent, "first_bin",
                     h->first - OCT_HISTOGRAM_HALF, "count", (json_int_t)h->count, "min",
                     (double)h->minimum, "max", (double)h->maximum);
}

static char *describe(const octet_statistics *s)
{
    json_t *tensors = json_array();
    for (int i = 0; i < s->tensor_count; i++)
        json_array_append_new(tensors, record_json(&s->tensors[i]));
    json_t *json =
        json_pack("{s:s, s:I, s:s, s:{s:i, s:i}, s:{s:s, s:b, s:i, s:s, s:s, s:b}, s:f, s:o}",
                  "model_hash", s->model_hash, "image_count", (json_int_t)s->image_count,
                  "images_fingerprint", s->fingerprint_text, "input", "height", s->input_height,
                  "width", s->input_width, "preprocessing", "resize", "letterbox", "scale_up", 1,
                  "pad", 114, "channels", "RGB", "range", "0-1", "padding_included",
                  s->include_padding, "sum_unit", OCT_SUM_UNIT, "tensors", tensors);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

octet_status oct_statistics_set_note(octet_statistics *statistics, const char *note)
{
    json_t *json = json_string(note); /* of UTF-8 alone */
    json_decref(json);
    if (!json)
        return OCTET_INVALID_ARGUMENT;
    const char *copy = oct_arena_strdup(&statistics->arena, note);
    if (!copy)
        return OCTET_OUT_OF_MEMORY;
    statistics->note = copy;
    return OCTET_OK;
}

octet_status oct_statistics_write(octet_context *ctx, const octet_statistics *s, const char *path)
{
    struct oct_arena arena;
    oct_arena_init(&arena, ctx);
    char version[16];
    char *description = describe(s);
    snprintf(version, sizeof version, "%d", OCT_STATISTICS_VERSION);
    const char *keys[] = {"octet.kind", "octet.version", "octet.statistics", "octet.note"};
    const char *values[] = {"statistics", version, description, s->note};
    const size_t count = (size_t)s->tensor_count * PARTS;
    struct oct_safetensors file = {.keys = keys, .values = values};
    file.metadata_count = s->note ? 4 : 3;
    file.tensors = oct_arena_calloc(&arena, count, sizeof *file.tensors);
    octet_status status = file.tensors && description ? OCTET_OK : oct_fail_memory(ctx, path);
    for (int i = 0; i < s->tensor_count && !status; i++) {
        for (int p = 0; p < PARTS && !status; p++) {
            struct oct_safetensors_tensor *t = &file.tensors[file.tensor_count++];
            t->name = oct_arena_printf(&arena, "tensor.%03d.%s", i, parts[p].name);
            t->type = parts[p].type;
            t->rank = 1;
            t->shape[0] = part_count(&s->tensors[i], p);
            t->size = t->shape[0] * oct_safetensors_element_bytes(t->type);
            t->bytes = part_of(&s->tensors[i], p);
            if (!t->name)
                status = oct_fail_memory(ctx, path);
        }
    }
    if (!status)
        status = oct_safetensors_write(ctx, path, &file);
    json_malloc_t allocate;
    json_free_t release;
    json_get_alloc_funcs(&allocate, &release);
    release(description);
    oct_arena_clear(&arena);
    return status;
}

struct reading {
    octet_context *ctx;
    const char *name; /* of the file */
    struct oct_safetensors file;
};

static octet_status bad(const struct reading *r, const char *what)
{
    return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: damaged statistics: %s", r->name, what);
}

static json_int_t integer(const json_t *json, const char *key, json_int_t low, json_int_t high)
{
    const json_t *value = json_object_get(json, key);
    const json_int_t number = json_is_integer(value) ? json_integer_value(value) : low - 1;
    return number > high ? low - 1 : number;
}

static octet_status read_parts(const struct reading *r, int index, struct oct_tensor_record *record)
{
    for (int p = 0; p < PARTS; p++) {
        char name[48];
        snprintf(name, sizeof name, "tensor.%03d.%s", index, parts[p].name);
        const struct oct_safetensors_tensor *t = oct_safetensors_find(&r->file, name);
        if (!t || t->type != parts[p].type ||
            t->size != part_count(record, p) * oct_safetensors_element_bytes(t->type))
            return oct_fail(r->ctx, OCTET_BAD_FORMAT,
                            "%s: damaged statistics: tensor \"%s\" is missing or has a wrong size",
                            r->name, name);
        memcpy(part_of(record, p), t->bytes, t->size);
    }
    return OCTET_OK;
}

static octet_status check_record(const struct reading *r, const struct oct_tensor_record *record)
{
    const struct oct_histogram *h = &record->histogram;
    uint64_t sum = 0;
    for (int i = h->first; i < h->last; i++)
        if (__builtin_add_overflow(sum, h->bins[i], &sum))
            return bad(r, "a histogram's counts overflow");
    if (sum != h->count)
        return bad(r, "a histogram does not add up to its count");
    if (!isfinite(h->minimum) || !isfinite(h->maximum) || h->minimum > h->maximum)
        return bad(r, "a tensor's range is not finite");
    for (int c = 0; c < record->channels; c++)
        if (!isfinite(record->channel_minimum[c]) || !isfinite(record->channel_maximum[c]))
            return bad(r, "a channel's range is not finite");
    return OCTET_OK;
}

static octet_status read_record(const struct reading *r, const json_t *json, octet_statistics *s,
                                int index)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    const json_int_t channels = integer(json, "channels", 1, CHANNELS_MAX);
    const json_int_t exponent = integer(json, "exponent", OCT_HISTOGRAM_EXPONENT_MIN, 128);
    const json_int_t first = integer(json, "first_bin", -OCT_HISTOGRAM_HALF, OCT_HISTOGRAM_HALF);
    const json_int_t count = integer(json, "count", 0, INT64_MAX);
    char histogram[48];
    snprintf(histogram, sizeof histogram, "tensor.%03d.histogram", index);
    const struct oct_safetensors_tensor *bins = oct_safetensors_find(&r->file, histogram);
    if (!name || channels < 1 || exponent < OCT_HISTOGRAM_EXPONENT_MIN ||
        first < -OCT_HISTOGRAM_HALF || count < 0 || !bins ||
        bins->size / 8 > (size_t)(OCT_HISTOGRAM_HALF - first))
        return bad(r, "a tensor's record is incomplete or out of range");
    octet_status status = oct_statistics_room(r->ctx, s, index, name, (int)channels);
    if (status)
        return status;
    struct oct_histogram *h = &s->tensors[index].histogram;
    h->exponent = (int)exponent;
    h->first = (int)first + OCT_HISTOGRAM_HALF;
    h->last = h->first + (int)(bins->size / 8);
    h->count = (uint64_t)count;
    h->minimum = (float)json_number_value(json_object_get(json, "min"));
    h->maximum = (float)json_number_value(json_object_get(json, "max"));
    status = read_parts(r, index, &s->tensors[index]);
    return status ? status : check_record(r, &s->tensors[index]);
}

static bool read_hash(const json_t *json, const char *key, char hash[65])
{
    const char *text = json_string_value(json_object_get(json, key));
    if (!text || strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
        return false;
    memcpy(hash, text, 65);
    return true;
}

static octet_status read_header(const struct reading *r, const json_t *json, octet_statistics *s)
{
    const json_t *input = json_object_get(json, "input");
    s->image_count = integer(json, "image_count", 1, INT64_MAX);
    s->input_height = (int)integer(input, "height", 1, 8192);
    s->input_width = (int)integer(input, "width", 1, 8192);
    const json_t *preprocessing = json_object_get(json, "preprocessing");
    const char *resize = json_string_value(json_object_get(preprocessing, "resize"));
    if (!read_hash(json, "model_hash", s->model_hash) ||
        !read_hash(json, "images_fingerprint", s->fingerprint_text) || s->image_count < 1 ||
        s->input_height < 1 || s->input_width < 1)
        return bad(r, "hashes, picture count or input size are missing");
    if (!resize || strcmp(resize, "letterbox") != 0 || integer(preprocessing, "pad", 0, 255) != 114)
        return oct_fail(r->ctx, OCTET_MISMATCH, "%s: made with another preprocessing", r->name);
    s->include_padding = json_is_true(json_object_get(preprocessing, "padding_included"));
    for (int i = 0; i < 32; i++) {
        unsigned byte = 0;
        sscanf(s->fingerprint_text + 2 * i, "%2x", &byte);
        s->fingerprint[i] = (uint8_t)byte;
    }
    return OCTET_OK;
}

static octet_status read_all(struct reading *r, const json_t *json, octet_statistics **statistics)
{
    const json_t *tensors = json_object_get(json, "tensors");
    if (!json_is_array(tensors) || json_array_size(tensors) < 1 ||
        json_array_size(tensors) > TENSORS_MAX)
        return bad(r, "the description is incomplete");
    octet_status status = oct_statistics_create(r->ctx, (int)json_array_size(tensors), statistics);
    const char *note = oct_safetensors_metadata(&r->file, "octet.note");
    if (!status && note && !((*statistics)->note = oct_arena_strdup(&(*statistics)->arena, note)))
        status = oct_fail_memory(r->ctx, r->name);
    if (!status)
        status = read_header(r, json, *statistics);
    for (int i = 0; i < (int)json_array_size(tensors) && !status; i++)
        status = read_record(r, json_array_get(tensors, (size_t)i), *statistics, i);
    return status;
}

octet_status oct_statistics_read(octet_context *ctx, const void *bytes, size_t size,
                                 const char *name, octet_statistics **statistics)
{
    struct oct_arena arena;
    oct_arena_init(&arena, ctx);
    struct reading r = {.ctx = ctx, .name = name};
    *statistics = NULL;
    json_t *json = NULL;
    octet_status status = oct_safetensors_parse(ctx, &arena, bytes, size, name, &r.file);
    if (!status) {
        const char *kind = oct_safetensors_metadata(&r.file, "octet.kind");
        const char *version = oct_safetensors_metadata(&r.file, "octet.version");
        const char *text = oct_safetensors_metadata(&r.file, "octet.statistics");
        if (!kind || strcmp(kind, "statistics") != 0)
            status = oct_fail(ctx, OCTET_UNKNOWN_FORMAT, "%s: not a statistics file but %s%s", name,
                              kind ? "an octet file of kind " : "another safetensors file",
                              kind ? kind : "");
        else if (!version || strcmp(version, OCT_TEXT(OCT_STATISTICS_VERSION)) != 0)
            status = oct_fail(
                ctx, OCTET_UNSUPPORTED_VERSION,
                "%s: statistics format version %.20s; this octet reads version %d: calibrate again",
                name, version ? version : "(none)", OCT_STATISTICS_VERSION);
        else if (!text || !(json = json_loads(text, JSON_REJECT_DUPLICATES, NULL)))
            status = bad(&r, "the description is no JSON");
    }
    if (!status)
        status = read_all(&r, json, statistics);
    json_decref(json);
    oct_arena_clear(&arena);
    if (status) {
        oct_statistics_free(*statistics);
        *statistics = NULL;
    }
    return status;
}
