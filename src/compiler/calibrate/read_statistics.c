/* SPDX-License-Identifier: Apache-2.0 */
/* Reads statistics files of both versions. The format is described in docs/formats.md. */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fields.h"
#include "base/utf8.h"
#include "compiler/calibrate/statistics_file.h"
#include "runtime/container/preprocessing.h"

#define TENSORS_MAX 4096
#define CHANNELS_MAX 65536
#define SIDE_MAX 8192

struct reading {
    octet_context *ctx;
    struct oct_arena *arena; /* of the reading alone; the statistics copy */
    const char *name, *what; /* of the file; "NAME: damaged statistics" */
    struct oct_safetensors file;
    int version;
};

static octet_status bad(const struct reading *r, const char *what)
{
    return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: %s", r->what, what);
}

/* What was read as numbers of 64 bits becomes the wider ones, from the last to the first. */
static void widen_sums(oct_sum *sums, int count)
{
    for (int c = count - 1; c >= 0; c--) {
        int64_t narrow;
        memcpy(&narrow, (const char *)sums + (size_t)c * sizeof narrow, sizeof narrow);
        sums[c] = narrow;
    }
}

static octet_status read_fields(const struct reading *r, struct oct_record_place place,
                                struct oct_tensor_record *record)
{
    for (int f = 0; f < OCT_RECORD_FIELDS; f++) {
        const enum oct_record_field field = (enum oct_record_field)f;
        char name[OCT_FIELD_NAME_BYTES];
        const struct oct_safetensors_tensor wanted = oct_record_tensor(record, place, field, name);
        const struct oct_safetensors_tensor *t = oct_safetensors_find(&r->file, name);
        if (!t || t->type != wanted.type || t->rank != wanted.rank ||
            t->shape[0] != wanted.shape[0] || (t->rank > 1 && t->shape[1] != wanted.shape[1]))
            return oct_fail(r->ctx, OCTET_BAD_FORMAT,
                            "%s: tensor \"%s\" is missing or has a wrong size", r->what, name);
        memcpy(oct_record_field(record, field), t->bytes, t->size);
        if (place.part < 0 &&
            (field == OCT_RECORD_CHANNEL_SUM || field == OCT_RECORD_CHANNEL_SQUARE))
            widen_sums(oct_record_field(record, field), record->channels);
    }
    return OCTET_OK;
}

/* Leaves out empty bins at the ends, as gathering does. */
static void trim(struct oct_histogram *h)
{
    while (h->first < h->last && !h->bins[h->first])
        h->first++;
    while (h->first < h->last && !h->bins[h->last - 1])
        h->last--;
}

/* Whether minimum and maximum lie in the outermost bins; there is one. */
static bool has_range(const struct oct_histogram *h)
{
    const double width = oct_histogram_width(h);
    return floor((double)h->minimum / width) == h->first - OCT_HISTOGRAM_HALF &&
           floor((double)h->maximum / width) == h->last - 1 - OCT_HISTOGRAM_HALF;
}

static octet_status check_record(const struct reading *r, struct oct_tensor_record *record,
                                 int64_t images)
{
    struct oct_histogram *h = &record->histogram;
    uint64_t sum = 0;
    for (int i = h->first; i < h->last; i++)
        if (__builtin_add_overflow(sum, h->bins[i], &sum))
            return bad(r, "a histogram's counts overflow");
    if (sum != h->count)
        return bad(r, "a histogram does not add up to its count");
    if (!isfinite(h->minimum) || !isfinite(h->maximum) || h->minimum > h->maximum)
        return bad(r, "a tensor's range is not finite");
    trim(h);
    if (h->count && !has_range(h))
        return bad(r, "a tensor's range is not that of its histogram");
    for (int c = 0; c < record->channels; c++)
        if (!isfinite(record->channel_minimum[c]) || !isfinite(record->channel_maximum[c]))
            return bad(r, "a channel's range is not finite");
    for (int c = 0; c < record->channels; c++)
        if (!oct_sum_fits(record->channel_sum[c], images) ||
            !oct_sum_fits(record->channel_square[c], images))
            return bad(r, "a channel's sum is more than its pictures can have given");
    return OCTET_OK;
}

static octet_status read_hash(const struct oct_field_place *place, const char *name,
                              const char *text, char hash[65])
{
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
        return oct_field_refuse(place, name, "is no SHA-256");
    memcpy(hash, text, 65);
    return OCTET_OK;
}

static octet_status read_preprocessing(const struct reading *r,
                                       const struct oct_json_value *preprocessing,
                                       octet_statistics *s)
{
    const struct oct_field_place place = {r->ctx, r->what, "preprocessing", -1};
    const char *differs = NULL;
    const octet_status status =
        oct_preprocessing_read(&place, preprocessing, &s->include_padding, &differs);
    if (!status && differs)
        return oct_fail(r->ctx, OCTET_MISMATCH, "%s: made with another preprocessing (\"%s\")",
                        r->name, differs);
    return status;
}

/* ---- records ---- */

/* In version 1 tensors and records are one list, in version 2 two. */
enum { WITH_NAME = 1, WITH_NUMBERS = 2 };

struct entry {
    const char *name;
    int channels;
    struct oct_histogram histogram; /* without bins; `first` from 0 up and down */
};

static octet_status read_entry(const struct reading *r, const struct oct_json_value *json,
                               unsigned with, const char *where, int index, struct entry *entry)
{
    struct oct_histogram *h = &entry->histogram;
    int64_t count = 0;
    const struct oct_field fields[] = {
        {"name", OCT_FIELD_TEXT, 0, 0, &entry->name, WITH_NAME, false},
        {"channels", OCT_FIELD_INTEGER, 1, CHANNELS_MAX, &entry->channels, WITH_NAME, false},
        {"exponent", OCT_FIELD_INTEGER, OCT_HISTOGRAM_EXPONENT_MIN, 128, &h->exponent, WITH_NUMBERS,
         false},
        {"first_bin", OCT_FIELD_INTEGER, -OCT_HISTOGRAM_HALF, OCT_HISTOGRAM_HALF, &h->first,
         WITH_NUMBERS, false},
        {"count", OCT_FIELD_LONG, 0, OCT_COUNT_MAX, &count, WITH_NUMBERS, false},
        {"min", OCT_FIELD_FLOAT, -(double)FLT_MAX, (double)FLT_MAX, &h->minimum, WITH_NUMBERS,
         false},
        {"max", OCT_FIELD_FLOAT, -(double)FLT_MAX, (double)FLT_MAX, &h->maximum, WITH_NUMBERS,
         false},
    };
    const struct oct_field_place place = {r->ctx, r->what, where, index};
    const octet_status status = OCT_FIELDS_READ(&place, json, with, fields);
    h->count = (uint64_t)count;
    return status;
}

/* Names and channels of all tensors, which records are made by. */
static octet_status read_names(const struct reading *r, const struct oct_json_value *tensors,
                               octet_statistics *s)
{
    const unsigned with = r->version == 1 ? WITH_NAME | WITH_NUMBERS : WITH_NAME;
    const struct oct_json_value *one = tensors->first;
    octet_status status = OCTET_OK;
    for (int i = 0; one && !status; one = one->next, i++) {
        struct entry entry;
        status = read_entry(r, one, with, "tensor", i, &entry);
        if (!status)
            status = oct_statistics_name(r->ctx, s, i, entry.name, entry.channels);
    }
    return status;
}

static octet_status read_record(const struct reading *r, const struct oct_json_value *json,
                                struct oct_record_place place, int64_t images,
                                struct oct_tensor_record *record)
{
    const bool is_first = r->version == 1;
    struct entry entry;
    char name[OCT_FIELD_NAME_BYTES];
    octet_status status = read_entry(r, json, is_first ? WITH_NAME | WITH_NUMBERS : WITH_NUMBERS,
                                     is_first ? "tensor" : "record", place.tensor, &entry);
    if (status)
        return status;
    oct_record_tensor(record, place, OCT_RECORD_HISTOGRAM, name);
    const struct oct_safetensors_tensor *bins = oct_safetensors_find(&r->file, name);
    if (!bins || bins->size / 8 > (size_t)(OCT_HISTOGRAM_HALF - entry.histogram.first))
        return oct_fail(r->ctx, OCTET_BAD_FORMAT,
                        "%s: tensor \"%s\" is missing or has more bins than there are", r->what,
                        name);
    struct oct_histogram *to = &record->histogram;
    entry.histogram.bins = to->bins;
    entry.histogram.first += OCT_HISTOGRAM_HALF;
    entry.histogram.last = entry.histogram.first + (int)(bins->size / 8);
    *to = entry.histogram;
    status = read_fields(r, place, record);
    return status ? status : check_record(r, record, images);
}

static octet_status read_records(const struct reading *r, const struct oct_json_value *records,
                                 int part, octet_statistics *s, struct oct_statistics_part *to)
{
    const struct oct_json_value *one = records->first;
    octet_status status = OCTET_OK;
    for (int i = 0; one && !status; one = one->next, i++) {
        const struct oct_record_place place = {part, i};
        status = read_record(r, one, place, to->image_count, &to->tensors[i]);
    }
    if (!status)
        oct_statistics_insert(s, to);
    return status;
}

/* ---- parts ---- */

struct part_fields {
    int height, width;
    const char *source, *fingerprint;
    int64_t image_count;
};

static octet_status make_part(const struct reading *r, const struct oct_field_place *place,
                              const struct part_fields *fields, octet_statistics *s,
                              struct oct_statistics_part **part)
{
    char text[65];
    octet_status status = read_hash(place, "images_fingerprint", fields->fingerprint, text);
    if (!status)
        status = oct_part_create(r->ctx, s, fields->height, fields->width, fields->source, part);
    if (status)
        return status;
    (*part)->image_count = fields->image_count;
    memcpy((*part)->fingerprint_text, text, sizeof text);
    for (int i = 0; i < 32; i++) {
        uint32_t byte = 0;
        oct_read_hex(text + 2 * (size_t)i, 2, &byte);
        (*part)->fingerprint[i] = (uint8_t)byte;
    }
    return OCTET_OK;
}

static octet_status read_part(const struct reading *r, const struct oct_json_value *json, int index,
                              octet_statistics *s)
{
    struct part_fields part;
    const struct oct_json_value *records;
    const struct oct_field fields[] = {
        {"height", OCT_FIELD_INTEGER, 1, SIDE_MAX, &part.height, 0, false},
        {"width", OCT_FIELD_INTEGER, 1, SIDE_MAX, &part.width, 0, false},
        {"source", OCT_FIELD_TEXT, 0, 0, &part.source, 0, false},
        {"image_count", OCT_FIELD_LONG, 1, OCT_IMAGES_MAX, &part.image_count, 0, false},
        {"images_fingerprint", OCT_FIELD_TEXT, 0, 0, &part.fingerprint, 0, false},
        {"records", OCT_FIELD_ARRAY, s->tensor_count, s->tensor_count, &records, 0, false},
    };
    const struct oct_field_place place = {r->ctx, r->what, "part", index};
    struct oct_statistics_part *made;
    octet_status status = OCT_FIELDS_READ(&place, json, 0, fields);
    if (!status && !oct_source_name_valid(part.source))
        status = oct_field_refuse(&place, "source", "is no name of a source");
    if (!status)
        status = make_part(r, &place, &part, s, &made);
    if (!status)
        status = read_records(r, records, index, s, made);
    if (!status && s->parts[index] != made)
        return oct_field_refuse(&place, "height", "is not in order");
    if (!status && index > 0 && oct_parts_are_alike(s->parts[index - 1], made))
        return oct_field_refuse(&place, "source", "is there twice at this size");
    return status;
}

/* ---- shards ---- */

static octet_status read_here(const struct oct_field_place *place,
                              const struct oct_json_value *list, struct oct_sharded_run *run)
{
    int numbers[OCT_SHARDS_MAX];
    const octet_status status = oct_field_integers(place, "here", list, 1, run->shards, numbers);
    for (int i = 0; i < list->count && !status; i++) {
        if (i > 0 && numbers[i] <= numbers[i - 1])
            return oct_field_refuse(place, "here", "is not in order");
        run->here[(numbers[i] - 1) / 64] |= UINT64_C(1) << ((numbers[i] - 1) % 64);
    }
    return status;
}

static octet_status read_run(const struct reading *r, const struct oct_json_value *json, int index,
                             octet_statistics *s)
{
    struct oct_sharded_run *run = &s->shards.runs[index];
    const char *name;
    const struct oct_json_value *here;
    const struct oct_field fields[] = {
        {"name", OCT_FIELD_TEXT, 0, 0, &name, 0, false},
        {"shards", OCT_FIELD_INTEGER, 2, OCT_SHARDS_MAX, &run->shards, 0, false},
        {"here", OCT_FIELD_ARRAY, 1, OCT_SHARDS_MAX - 1, &here, 0, false},
    };
    const struct oct_field_place place = {r->ctx, r->what, "run", index};
    octet_status status = OCT_FIELDS_READ(&place, json, 0, fields);
    if (!status && !oct_run_name_valid(name))
        status = oct_field_refuse(&place, "name", "is no name of a run");
    if (!status && here->count >= run->shards)
        status = oct_field_refuse(&place, "here", "has as many as there are shards");
    if (status)
        return status;
    snprintf(run->name, sizeof run->name, "%s", name);
    status = read_here(&place, here, run);
    if (!status && index > 0 && oct_compare_runs(run - 1, run) >= 0)
        status = oct_field_refuse(&place, "name", "is not in order");
    s->shards.count = index + 1;
    return status;
}

/* ---- the whole ---- */

static octet_status check_hash(const struct reading *r, const char *hash, octet_statistics *s)
{
    const struct oct_field_place place = {r->ctx, r->what, NULL, -1};
    return read_hash(&place, "model_hash", hash, s->model_hash);
}

static octet_status read_version_1(const struct reading *r, const struct oct_json_value *json,
                                   octet_statistics *s)
{
    struct part_fields part = {.source = ""};
    struct oct_statistics_part *made;
    const char *hash;
    float unit;
    const struct oct_json_value *input, *preprocessing, *tensors;
    const struct oct_field fields[] = {
        {"model_hash", OCT_FIELD_TEXT, 0, 0, &hash, 0, false},
        {"image_count", OCT_FIELD_LONG, 1, OCT_IMAGES_MAX, &part.image_count, 0, false},
        {"images_fingerprint", OCT_FIELD_TEXT, 0, 0, &part.fingerprint, 0, false},
        {"input", OCT_FIELD_OBJECT, 0, 0, &input, 0, false},
        {"preprocessing", OCT_FIELD_OBJECT, 0, 0, &preprocessing, 0, false},
        {"sum_unit", OCT_FIELD_FLOAT, OCT_SUM_UNIT, OCT_SUM_UNIT, &unit, 0, false},
        {"tensors", OCT_FIELD_ARRAY, 1, TENSORS_MAX, &tensors, 0, false},
    };
    const struct oct_field sides[] = {
        {"height", OCT_FIELD_INTEGER, 1, SIDE_MAX, &part.height, 0, false},
        {"width", OCT_FIELD_INTEGER, 1, SIDE_MAX, &part.width, 0, false},
    };
    const struct oct_field_place whole = {r->ctx, r->what, NULL, -1},
                                 place = {r->ctx, r->what, "input", -1};
    octet_status status = OCT_FIELDS_READ(&whole, json, 0, fields);
    if (!status)
        status = check_hash(r, hash, s);
    if (!status)
        status = OCT_FIELDS_READ(&place, input, 0, sides);
    if (!status)
        status = read_preprocessing(r, preprocessing, s);
    if (!status)
        status = read_names(r, tensors, s);
    if (!status)
        status = make_part(r, &whole, &part, s, &made);
    return status ? status : read_records(r, tensors, -1, s, made);
}

static octet_status read_version_2(const struct reading *r, const struct oct_json_value *json,
                                   octet_statistics *s)
{
    const char *hash;
    float unit;
    const struct oct_json_value *preprocessing, *tensors, *runs, *parts;
    const struct oct_field fields[] = {
        {"model_hash", OCT_FIELD_TEXT, 0, 0, &hash, 0, false},
        {"preprocessing", OCT_FIELD_OBJECT, 0, 0, &preprocessing, 0, false},
        {"sum_unit", OCT_FIELD_FLOAT, OCT_SUM_UNIT, OCT_SUM_UNIT, &unit, 0, false},
        {"tensors", OCT_FIELD_ARRAY, 1, TENSORS_MAX, &tensors, 0, false},
        {"runs", OCT_FIELD_ARRAY, 0, OCT_SHARD_RUNS_MAX, &runs, 0, false},
        {"parts", OCT_FIELD_ARRAY, 1, oct_parts_most(s->tensor_count), &parts, 0, false},
    };
    const struct oct_field_place place = {r->ctx, r->what, NULL, -1};
    octet_status status = OCT_FIELDS_READ(&place, json, 0, fields);
    if (!status)
        status = check_hash(r, hash, s);
    if (!status)
        status = read_preprocessing(r, preprocessing, s);
    if (!status)
        status = read_names(r, tensors, s);
    int index = 0;
    for (const struct oct_json_value *one = status ? NULL : runs->first; one && !status;
         one = one->next)
        status = read_run(r, one, index++, s);
    index = 0;
    for (const struct oct_json_value *one = status ? NULL : parts->first; one && !status;
         one = one->next)
        status = read_part(r, one, index++, s);
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
    octet_status status = oct_statistics_create(r->ctx, count_tensors(json), statistics);
    const char *note = oct_safetensors_metadata(&r->file, "octet.note");
    if (status)
        return status;
    octet_statistics *s = *statistics;
    if (note && !(s->note = oct_arena_strdup(&s->arena, note)))
        return oct_fail_memory(r->ctx, r->name);
    status = r->version == 1 ? read_version_1(r, json, s) : read_version_2(r, json, s);
    if (!status && r->file.tensor_count != s->tensor_count * s->part_count * OCT_RECORD_FIELDS)
        status = bad(r, "there are more or fewer tensors than its list has");
    return status ? status : oct_statistics_settle(r->ctx, s);
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
    r->version = version && !version[1] ? version[0] - '0' : 0;
    if (r->version < 1 || r->version > OCT_STATISTICS_VERSION)
        return oct_fail(r->ctx, OCTET_UNSUPPORTED_VERSION,
                        "%s: statistics format version %.20s; this octet reads versions 1 to %d: "
                        "calibrate again",
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
