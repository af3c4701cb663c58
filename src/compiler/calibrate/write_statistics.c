/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes statistics files, in the lowest version that can hold them, so that what is one size of
 * one source is the same bytes as ever. The format is described in docs/formats.md.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "compiler/calibrate/statistics_file.h"
#include "runtime/container/preprocessing.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && sizeof(oct_sum) == 16,
               "sums are written as they lie in memory");

static const struct {
    const char *name;
    enum oct_safetensors_type type;
} fields[OCT_RECORD_FIELDS] = {
    [OCT_RECORD_HISTOGRAM] = {"histogram", OCT_SAFETENSORS_U64},
    [OCT_RECORD_CHANNEL_MINIMUM] = {"channel_min", OCT_SAFETENSORS_F32},
    [OCT_RECORD_CHANNEL_MAXIMUM] = {"channel_max", OCT_SAFETENSORS_F32},
    [OCT_RECORD_CHANNEL_SUM] = {"channel_sum", OCT_SAFETENSORS_I64},
    [OCT_RECORD_CHANNEL_SQUARE] = {"channel_square", OCT_SAFETENSORS_I64},
};

static bool is_sum(enum oct_record_field field)
{
    return field == OCT_RECORD_CHANNEL_SUM || field == OCT_RECORD_CHANNEL_SQUARE;
}

struct oct_safetensors_tensor oct_record_tensor(const struct oct_tensor_record *record,
                                                struct oct_record_place place,
                                                enum oct_record_field field,
                                                char name[OCT_FIELD_NAME_BYTES])
{
    const struct oct_histogram *h = &record->histogram;
    const bool is_pair = place.part >= 0 && is_sum(field);
    struct oct_safetensors_tensor t = {.name = name, .type = fields[field].type};
    if (place.part < 0)
        snprintf(name, OCT_FIELD_NAME_BYTES, "tensor.%03d.%s", place.tensor, fields[field].name);
    else
        snprintf(name, OCT_FIELD_NAME_BYTES, "part.%03d.tensor.%03d.%s", place.part, place.tensor,
                 fields[field].name);
    t.rank = is_pair ? 2 : 1;
    t.shape[0] =
        field == OCT_RECORD_HISTOGRAM ? (size_t)(h->last - h->first) : (size_t)record->channels;
    t.shape[1] = is_pair ? 2 : 0;
    t.size = t.shape[0] * (is_pair ? 2 : 1) * oct_safetensors_element_bytes(t.type);
    return t;
}

void *oct_record_field(const struct oct_tensor_record *record, enum oct_record_field field)
{
    void *const all[OCT_RECORD_FIELDS] = {
        [OCT_RECORD_HISTOGRAM] = record->histogram.bins + record->histogram.first,
        [OCT_RECORD_CHANNEL_MINIMUM] = record->channel_minimum,
        [OCT_RECORD_CHANNEL_MAXIMUM] = record->channel_maximum,
        [OCT_RECORD_CHANNEL_SUM] = record->channel_sum,
        [OCT_RECORD_CHANNEL_SQUARE] = record->channel_square,
    };
    return all[field];
}

static bool sums_fit(const oct_sum *sums, int count)
{
    int c = 0;
    while (c < count && sums[c] >= INT64_MIN && sums[c] <= INT64_MAX)
        c++;
    return c == count;
}

bool oct_statistics_fit_version_1(const octet_statistics *s)
{
    bool fit = s->part_count == 1 && !*s->parts[0]->source && s->shards.count == 0;
    for (int i = 0; i < s->tensor_count && fit; i++) {
        const struct oct_tensor_record *record = &s->parts[0]->tensors[i];
        fit = sums_fit(record->channel_sum, record->channels) &&
              sums_fit(record->channel_square, record->channels);
    }
    return fit;
}

/* ---- the description ---- */

/* A tensor's name and channels, a record's numbers, or both. */
static void add_tensor(struct oct_text *out, const struct oct_tensor_name *name,
                       const struct oct_tensor_record *record)
{
    oct_text_printf(out, "{");
    if (name) {
        oct_text_printf(out, "\"name\":");
        oct_json_add_text(out, name->name);
        oct_text_printf(out, ",\"channels\":%d%s", name->channels, record ? "," : "");
    }
    if (record) {
        const struct oct_histogram *h = &record->histogram;
        oct_text_printf(out,
                        "\"exponent\":%d,\"first_bin\":%d,\"count\":%llu,\"min\":", h->exponent,
                        h->first - OCT_HISTOGRAM_HALF, (unsigned long long)h->count);
        oct_json_add_real(out, (double)h->minimum);
        oct_text_printf(out, ",\"max\":");
        oct_json_add_real(out, (double)h->maximum);
    }
    oct_text_printf(out, "}");
}

static void add_tensors(struct oct_text *out, const octet_statistics *s, bool named,
                        const struct oct_statistics_part *part)
{
    oct_text_printf(out, "[");
    for (int i = 0; i < s->tensor_count; i++) {
        oct_text_add(out, ",", i > 0);
        add_tensor(out, named ? &s->names[i] : NULL, part ? &part->tensors[i] : NULL);
    }
    oct_text_printf(out, "]");
}

static void add_preprocessing(struct oct_text *out, const octet_statistics *s)
{
    oct_preprocessing_add(out, &s->include_padding);
    oct_text_printf(out, ",\"sum_unit\":");
    oct_json_add_real(out, OCT_SUM_UNIT);
    oct_text_printf(out, ",\"tensors\":");
}

static void describe_version_1(const octet_statistics *s, struct oct_text *out)
{
    const struct oct_statistics_part *part = s->parts[0];
    oct_text_printf(out,
                    "{\"model_hash\":\"%s\",\"image_count\":%lld,\"images_fingerprint\":\"%s\","
                    "\"input\":{\"height\":%d,\"width\":%d},",
                    s->model_hash, (long long)part->image_count, part->fingerprint_text,
                    part->height, part->width);
    add_preprocessing(out, s);
    add_tensors(out, s, true, part);
    oct_text_printf(out, "}");
}

static void add_runs(struct oct_text *out, const struct oct_shards *shards)
{
    for (int r = 0; r < shards->count; r++) {
        const struct oct_sharded_run *run = &shards->runs[r];
        const char *comma = "";
        oct_text_printf(out, "%s{\"name\":\"%s\",\"shards\":%d,\"here\":[", r ? "," : "", run->name,
                        run->shards);
        for (int shard = 1; shard <= run->shards; shard++) {
            if (!oct_shard_is_here(run, shard))
                continue;
            oct_text_printf(out, "%s%d", comma, shard);
            comma = ",";
        }
        oct_text_printf(out, "]}");
    }
}

static void describe_version_2(const octet_statistics *s, struct oct_text *out)
{
    oct_text_printf(out, "{\"model_hash\":\"%s\",", s->model_hash);
    add_preprocessing(out, s);
    add_tensors(out, s, true, NULL);
    oct_text_printf(out, ",\"runs\":[");
    add_runs(out, &s->shards);
    oct_text_printf(out, "],\"parts\":[");
    for (int p = 0; p < s->part_count; p++) {
        const struct oct_statistics_part *part = s->parts[p];
        oct_text_printf(out, "%s{\"height\":%d,\"width\":%d,\"source\":", p ? "," : "",
                        part->height, part->width);
        oct_json_add_text(out, part->source);
        oct_text_printf(out, ",\"image_count\":%lld,\"images_fingerprint\":\"%s\",\"records\":",
                        (long long)part->image_count, part->fingerprint_text);
        add_tensors(out, s, false, part);
        oct_text_printf(out, "}");
    }
    oct_text_printf(out, "]}");
}

/* ---- the file ---- */

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

/* The bytes of a field in a file; NULL where memory is short. */
static const uint8_t *bytes_of(struct oct_arena *arena, const struct oct_tensor_record *record,
                               struct oct_record_place place, enum oct_record_field field)
{
    const uint8_t *bytes = oct_record_field(record, field);
    if (place.part >= 0 || !is_sum(field))
        return bytes;
    const oct_sum *sums = oct_record_field(record, field);
    int64_t *narrow = oct_arena_calloc(arena, (size_t)record->channels, sizeof *narrow);
    for (int c = 0; c < record->channels && narrow; c++)
        narrow[c] = (int64_t)sums[c];
    return (const uint8_t *)narrow;
}

static bool add_record(struct oct_safetensors *file, struct oct_arena *arena,
                       const struct oct_tensor_record *record, struct oct_record_place place)
{
    bool done = true;
    for (int f = 0; f < OCT_RECORD_FIELDS && done; f++) {
        const enum oct_record_field field = (enum oct_record_field)f;
        struct oct_safetensors_tensor *t = &file->tensors[file->tensor_count++];
        char name[OCT_FIELD_NAME_BYTES];
        *t = oct_record_tensor(record, place, field, name);
        t->name = oct_arena_strdup(arena, name);
        t->bytes = bytes_of(arena, record, place, field);
        done = t->name && t->bytes;
    }
    return done;
}

static bool add_records(struct oct_safetensors *file, struct oct_arena *arena,
                        const octet_statistics *s, int version)
{
    const size_t count = (size_t)s->part_count * (size_t)s->tensor_count * OCT_RECORD_FIELDS;
    file->tensors = oct_arena_calloc(arena, count, sizeof *file->tensors);
    bool done = file->tensors != NULL;
    for (int p = 0; p < s->part_count && done; p++)
        for (int i = 0; i < s->tensor_count && done; i++) {
            const struct oct_record_place place = {version == 1 ? -1 : p, i};
            done = add_record(file, arena, &s->parts[p]->tensors[i], place);
        }
    return done;
}

octet_status oct_statistics_write(octet_context *ctx, const octet_statistics *s, const char *path)
{
    const int version = oct_statistics_fit_version_1(s) ? 1 : OCT_STATISTICS_VERSION;
    struct oct_arena arena;
    struct oct_text description;
    char version_text[16];
    oct_arena_init(&arena, ctx);
    oct_text_init(&description, ctx);
    if (version == 1)
        describe_version_1(s, &description);
    else
        describe_version_2(s, &description);
    snprintf(version_text, sizeof version_text, "%d", version);
    const char *keys[] = {"octet.kind", "octet.version", "octet.statistics", "octet.note"};
    const char *values[] = {"statistics", version_text, description.bytes, s->note};
    struct oct_safetensors file = {
        .keys = keys, .values = values, .metadata_count = s->note ? 4 : 3};
    const octet_status status = !description.failed && add_records(&file, &arena, s, version)
                                    ? oct_safetensors_write(ctx, path, &file, check_statistics)
                                    : oct_fail_memory(ctx, path);
    oct_text_free(&description);
    oct_arena_clear(&arena);
    return status;
}
