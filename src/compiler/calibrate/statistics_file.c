/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics files. The format is described in docs/formats.md. */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fields.h"
#include "base/utf8.h"
#include "compiler/calibrate/statistics.h"
#include "runtime/container/preprocessing.h"
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

static void add_record(struct oct_text *out, const struct oct_tensor_record *record)
{
    const struct oct_histogram *h = &record->histogram;
    oct_text_printf(out, "{\"name\":");
    oct_json_add_text(out, record->name);
    oct_text_printf(out, ",\"channels\":%d,\"exponent\":%d,\"first_bin\":%d,\"count\":%llu",
                    record->channels, h->exponent, h->first - OCT_HISTOGRAM_HALF,
                    (unsigned long long)h->count);
    oct_text_printf(out, ",\"min\":");
    oct_json_add_real(out, (double)h->minimum);
    oct_text_printf(out, ",\"max\":");
    oct_json_add_real(out, (double)h->maximum);
    oct_text_add(out, "}", 1);
}

static void describe(const octet_statistics *s, struct oct_text *out)
{
    oct_text_printf(out,
                    "{\"model_hash\":\"%s\",\"image_count\":%lld,\"images_fingerprint\":\"%s\","
                    "\"input\":{\"height\":%d,\"width\":%d},",
                    s->model_hash, (long long)s->image_count, s->fingerprint_text, s->input_height,
                    s->input_width);
    oct_preprocessing_add(out, &s->include_padding);
    oct_text_printf(out, ",\"sum_unit\":");
    oct_json_add_real(out, OCT_SUM_UNIT);
    oct_text_printf(out, ",\"tensors\":[");
    for (int i = 0; i < s->tensor_count; i++) {
        oct_text_add(out, ",", i > 0);
        add_record(out, &s->tensors[i]);
    }
    oct_text_printf(out, "]}");
}

octet_status oct_statistics_set_note(octet_statistics *statistics, const char *note)
{
    if (!oct_utf8_valid(note))
        return oct_fail(&statistics->own, OCTET_INVALID_ARGUMENT, "the note is not UTF-8");
    const char *copy = oct_arena_strdup(&statistics->arena, note);
    if (!copy)
        return oct_fail_memory(&statistics->own, "the note");
    statistics->note = *note ? copy : NULL;
    return OCTET_OK;
}

static octet_status check_statistics(octet_context *ctx, const void *bytes, size_t size,
                                     const char *name)
{
    octet_statistics *statistics;
    const octet_status status = oct_statistics_read(ctx, bytes, size, name, &statistics);
    oct_statistics_free(statistics);
    return status;
}

octet_status oct_statistics_write(octet_context *ctx, const octet_statistics *s, const char *path)
{
    struct oct_arena arena;
    struct oct_text description;
    oct_arena_init(&arena, ctx);
    oct_text_init(&description, ctx);
    char version[16];
    describe(s, &description);
    snprintf(version, sizeof version, "%d", OCT_STATISTICS_VERSION);
    const char *keys[] = {"octet.kind", "octet.version", "octet.statistics", "octet.note"};
    const char *values[] = {"statistics", version, description.bytes, s->note};
    const size_t count = (size_t)s->tensor_count * PARTS;
    struct oct_safetensors file = {.keys = keys, .values = values};
    file.metadata_count = s->note ? 4 : 3;
    file.tensors = oct_arena_calloc(&arena, count, sizeof *file.tensors);
    octet_status status =
        file.tensors && !description.failed ? OCTET_OK : oct_fail_memory(ctx, path);
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
        status = oct_safetensors_write(ctx, path, &file, check_statistics);
    oct_text_free(&description);
    oct_arena_clear(&arena);
    return status;
}

struct reading {
    octet_context *ctx;
    struct oct_arena *arena; /* of the reading alone; the statistics copy */
    const char *name, *what; /* of the file; "NAME: damaged statistics" */
    struct oct_safetensors file;
};

static octet_status bad(const struct reading *r, const char *what)
{
    return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: %s", r->what, what);
}

static octet_status read_parts(const struct reading *r, int index, struct oct_tensor_record *record)
{
    for (int p = 0; p < PARTS; p++) {
        char name[48];
        snprintf(name, sizeof name, "tensor.%03d.%s", index, parts[p].name);
        const struct oct_safetensors_tensor *t = oct_safetensors_find(&r->file, name);
        if (!t || t->type != parts[p].type || t->rank != 1 || t->shape[0] != part_count(record, p))
            return oct_fail(r->ctx, OCTET_BAD_FORMAT,
                            "%s: tensor \"%s\" is missing or has a wrong size", r->what, name);
        memcpy(part_of(record, p), t->bytes, t->size);
    }
    return OCTET_OK;
}

/* Whether minimum and maximum lie in the outermost bins that are not empty; there is one. */
static bool has_range(const struct oct_histogram *h)
{
    int first = h->first, last = h->last - 1;
    while (!h->bins[first])
        first++;
    while (!h->bins[last])
        last--;
    const double width = oct_histogram_width(h);
    return floor((double)h->minimum / width) == first - OCT_HISTOGRAM_HALF &&
           floor((double)h->maximum / width) == last - OCT_HISTOGRAM_HALF;
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
    if (h->count && !has_range(h))
        return bad(r, "a tensor's range is not that of its histogram");
    for (int c = 0; c < record->channels; c++)
        if (!isfinite(record->channel_minimum[c]) || !isfinite(record->channel_maximum[c]))
            return bad(r, "a channel's range is not finite");
    return OCTET_OK;
}

static octet_status read_record(const struct reading *r, const struct oct_json_value *json,
                                octet_statistics *s, int index)
{
    struct oct_histogram h;
    const char *name;
    int channels, first;
    int64_t count;
    const struct oct_field fields[] = {
        {"name", OCT_FIELD_TEXT, 0, 0, &name, 0, false},
        {"channels", OCT_FIELD_INTEGER, 1, CHANNELS_MAX, &channels, 0, false},
        {"exponent", OCT_FIELD_INTEGER, OCT_HISTOGRAM_EXPONENT_MIN, 128, &h.exponent, 0, false},
        {"first_bin", OCT_FIELD_INTEGER, -OCT_HISTOGRAM_HALF, OCT_HISTOGRAM_HALF, &first, 0, false},
        {"count", OCT_FIELD_LONG, 0, (double)INT64_MAX, &count, 0, false},
        {"min", OCT_FIELD_FLOAT, -(double)FLT_MAX, (double)FLT_MAX, &h.minimum, 0, false},
        {"max", OCT_FIELD_FLOAT, -(double)FLT_MAX, (double)FLT_MAX, &h.maximum, 0, false},
    };
    const struct oct_field_place place = {r->ctx, r->what, "tensor", index};
    octet_status status = OCT_FIELDS_READ(&place, json, 0, fields);
    if (status)
        return status;
    char histogram[48];
    snprintf(histogram, sizeof histogram, "tensor.%03d.histogram", index);
    const struct oct_safetensors_tensor *bins = oct_safetensors_find(&r->file, histogram);
    if (!bins || bins->size / 8 > (size_t)(OCT_HISTOGRAM_HALF - first))
        return oct_fail(r->ctx, OCTET_BAD_FORMAT,
                        "%s: tensor \"%s\" is missing or has more bins than there are", r->what,
                        histogram);
    status = oct_statistics_room(r->ctx, s, index, name, channels);
    if (status)
        return status;
    struct oct_histogram *to = &s->tensors[index].histogram;
    to->exponent = h.exponent;
    to->first = first + OCT_HISTOGRAM_HALF;
    to->last = to->first + (int)(bins->size / 8);
    to->count = (uint64_t)count;
    to->minimum = h.minimum;
    to->maximum = h.maximum;
    status = read_parts(r, index, &s->tensors[index]);
    return status ? status : check_record(r, &s->tensors[index]);
}

static octet_status read_hash(const struct oct_field_place *place, const char *name,
                              const char *text, char hash[65])
{
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
        return oct_field_refuse(place, name, "is no SHA-256");
    memcpy(hash, text, 65);
    return OCTET_OK;
}

static octet_status read_input(const struct reading *r, const struct oct_json_value *input,
                               const struct oct_json_value *preprocessing, octet_statistics *s)
{
    const char *differs = NULL;
    const struct oct_field fields[] = {
        {"height", OCT_FIELD_INTEGER, 1, 8192, &s->input_height, 0, false},
        {"width", OCT_FIELD_INTEGER, 1, 8192, &s->input_width, 0, false},
    };
    const struct oct_field_place place = {r->ctx, r->what, "input", -1},
                                 second = {r->ctx, r->what, "preprocessing", -1};
    octet_status status = OCT_FIELDS_READ(&place, input, 0, fields);
    if (!status)
        status = oct_preprocessing_read(&second, preprocessing, &s->include_padding, &differs);
    if (!status && differs)
        return oct_fail(r->ctx, OCTET_MISMATCH, "%s: made with another preprocessing (\"%s\")",
                        r->name, differs);
    return status;
}

/* Everything but the tensors, which are left in `*tensors`. */
static octet_status read_header(const struct reading *r, const struct oct_json_value *json,
                                octet_statistics *s, const struct oct_json_value **tensors)
{
    const char *hash, *fingerprint;
    float unit;
    const struct oct_json_value *input, *preprocessing;
    const struct oct_field fields[] = {
        {"model_hash", OCT_FIELD_TEXT, 0, 0, &hash, 0, false},
        {"image_count", OCT_FIELD_LONG, 1, (double)INT64_MAX, &s->image_count, 0, false},
        {"images_fingerprint", OCT_FIELD_TEXT, 0, 0, &fingerprint, 0, false},
        {"input", OCT_FIELD_OBJECT, 0, 0, &input, 0, false},
        {"preprocessing", OCT_FIELD_OBJECT, 0, 0, &preprocessing, 0, false},
        {"sum_unit", OCT_FIELD_FLOAT, OCT_SUM_UNIT, OCT_SUM_UNIT, &unit, 0, false},
        {"tensors", OCT_FIELD_ARRAY, 1, TENSORS_MAX, tensors, 0, false},
    };
    const struct oct_field_place place = {r->ctx, r->what, NULL, -1};
    octet_status status = OCT_FIELDS_READ(&place, json, 0, fields);
    if (!status)
        status = read_hash(&place, "model_hash", hash, s->model_hash);
    if (!status)
        status = read_hash(&place, "images_fingerprint", fingerprint, s->fingerprint_text);
    if (!status)
        status = read_input(r, input, preprocessing, s);
    for (int i = 0; i < 32 && !status; i++) {
        uint32_t byte = 0;
        oct_read_hex(s->fingerprint_text + 2 * i, 2, &byte);
        s->fingerprint[i] = (uint8_t)byte;
    }
    return status;
}

/* The tensors' number, which statistics are made for. */
static int count_tensors(const struct oct_json_value *json)
{
    const struct oct_json_value *tensors = oct_json_find(json, "tensors");
    const bool fits = tensors && tensors->kind == OCT_JSON_ARRAY && tensors->count >= 1 &&
                      tensors->count <= TENSORS_MAX;
    return fits ? tensors->count : 1; /* reading says what is wrong */
}

static octet_status read_all(struct reading *r, const struct oct_json_value *json,
                             octet_statistics **statistics)
{
    const struct oct_json_value *tensors = NULL;
    octet_status status = oct_statistics_create(r->ctx, count_tensors(json), statistics);
    const char *note = oct_safetensors_metadata(&r->file, "octet.note");
    if (!status && note && !((*statistics)->note = oct_arena_strdup(&(*statistics)->arena, note)))
        status = oct_fail_memory(r->ctx, r->name);
    if (!status)
        status = read_header(r, json, *statistics, &tensors);
    if (!status && r->file.tensor_count != tensors->count * PARTS)
        status = bad(r, "there are more or fewer tensors than its list has");
    int index = 0;
    const struct oct_json_value *one = status ? NULL : tensors->first;
    for (; one && !status; one = one->next)
        status = read_record(r, one, *statistics, index++);
    return status;
}

static octet_status check_kind(struct reading *r)
{
    static const char *const keys[] = {"octet.kind", "octet.version", "octet.statistics",
                                       "octet.note"};
    const char *kind = oct_safetensors_metadata(&r->file, "octet.kind");
    const char *version = oct_safetensors_metadata(&r->file, "octet.version");
    if (!kind || strcmp(kind, "statistics") != 0)
        return oct_fail(r->ctx, OCTET_UNKNOWN_FORMAT, "%s: not a statistics file but %s%s", r->name,
                        kind ? "an octet file of kind " : "another safetensors file",
                        kind ? kind : "");
    if (!version || strcmp(version, OCT_TEXT(OCT_STATISTICS_VERSION)) != 0)
        return oct_fail(
            r->ctx, OCTET_UNSUPPORTED_VERSION,
            "%s: statistics format version %.20s; this octet reads version %d: calibrate again",
            r->name, version ? version : "(none)", OCT_STATISTICS_VERSION);
    r->what = oct_arena_printf(r->arena, "%s: damaged statistics", r->name);
    if (!r->what)
        return oct_fail_memory(r->ctx, r->name);
    return oct_safetensors_known(r->ctx, &r->file, r->what, keys, sizeof keys / sizeof keys[0]);
}

/* The description, as JSON. */
static octet_status read_description(struct reading *r, const struct oct_json_value **json)
{
    const char *text = oct_safetensors_metadata(&r->file, "octet.statistics");
    if (!text)
        return bad(r, "octet.statistics is missing");
    const octet_status status = oct_json_parse(r->arena, text, strlen(text), r->what, json);
    if (status || (*json)->kind == OCT_JSON_OBJECT)
        return status;
    return bad(r, "octet.statistics is no JSON object");
}

octet_status oct_statistics_read(octet_context *ctx, const void *bytes, size_t size,
                                 const char *name, octet_statistics **statistics)
{
    struct oct_arena arena;
    oct_arena_init(&arena, ctx);
    struct reading r = {.ctx = ctx, .arena = &arena, .name = name};
    const struct oct_json_value *json;
    *statistics = NULL;
    octet_status status = oct_safetensors_parse(ctx, &arena, bytes, size, name, &r.file);
    if (!status)
        status = check_kind(&r);
    if (!status)
        status = read_description(&r, &json);
    if (!status)
        status = read_all(&r, json, statistics);
    oct_arena_clear(&arena);
    if (status) {
        oct_statistics_free(*statistics);
        *statistics = NULL;
    }
    return status;
}
