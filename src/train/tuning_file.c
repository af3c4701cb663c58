/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a training in a file, from which it goes on as if nothing had been. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/read_file.h"
#include "base/sha256.h"
#include "runtime/container/safetensors.h"
#include "train/tuning.h"

#define KIND "training"
#define VERSION "1"
#define DIGEST_TEXT 65
#define STEPS_MOST 1000000000000 /* as no run gets to */

enum { VALUES, KEPT, MEANS, SQUARES, ARRAYS };
static const char *const array_names[ARRAYS] = {"values", "kept", "means", "squares"};

static void find_arrays(const octet_tuning *t, float *arrays[ARRAYS])
{
    const struct oct_adam_moments moments = oct_trainer_moments(t->trainer);
    arrays[VALUES] = t->student->values;
    arrays[KEPT] = t->kept;
    arrays[MEANS] = moments.mean;
    arrays[SQUARES] = moments.square;
}

/* All that must be the same for bits to be, but for the number of steps, which the file tells. */
static const char *describe(const octet_tuning *t, struct oct_arena *arena)
{
    const octet_tune_settings *s = &t->settings;
    return oct_arena_printf(arena,
                            "target %s, labels %d, pictures %d, batch %d, seed %llu, rates "
                            "%.17g %.17g %.17g, calibrator %s, size %dx%d, statistics %s",
                            s->target == OCTET_TUNE_TENSORRT ? "TensorRT" : "octet", s->labels != 0,
                            s->pictures, s->batch, (unsigned long long)s->seed, s->weight_rate,
                            s->scale_rate, s->bias_rate, s->calibrator ? s->calibrator : "mse",
                            t->plan->height, t->plan->width, t->statistics->fingerprint_text);
}

static octet_status check(octet_context *ctx, const void *bytes, size_t size, const char *name)
{
    struct oct_arena arena;
    struct oct_safetensors parsed;
    oct_arena_init(&arena, ctx);
    const octet_status status = oct_safetensors_parse(ctx, &arena, bytes, size, name, &parsed);
    oct_arena_clear(&arena);
    return status;
}

/* What the file tells beside the arrays, in the order of these names. */
enum { FIELD_MODEL, FIELD_SETTINGS, FIELD_STEP, FIELD_STEPS, FIELD_LOSS, FIELD_NOTE, FIELDS };
static const char *const field_names[FIELDS] = {"octet.model",         "octet.training.settings",
                                                "octet.training.step", "octet.training.steps",
                                                "octet.training.loss", "octet.note"};
static const char digest_name[] = "octet.training.sha256";

/* Of all fields, each with its final NUL, and all arrays: bits that changed on a disk are found. */
static void make_digest(const char *const fields[FIELDS], const uint8_t *const arrays[ARRAYS],
                        size_t bytes, char text[DIGEST_TEXT])
{
    struct oct_sha256 sha;
    uint8_t digest[32];
    oct_sha256_init(&sha);
    for (int i = 0; i < FIELDS; i++)
        oct_sha256_update(&sha, fields[i], strlen(fields[i]) + 1);
    for (int i = 0; i < ARRAYS; i++)
        oct_sha256_update(&sha, arrays[i], bytes);
    oct_sha256_final(&sha, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static octet_status save(octet_tuning *t, struct oct_arena *arena, const char *path,
                         const char *note)
{
    float *arrays[ARRAYS];
    const uint8_t *bytes[ARRAYS];
    char step[24], steps[24], loss[32], digest[DIGEST_TEXT];
    struct oct_safetensors_tensor tensors[ARRAYS];
    const size_t size = t->student->count * sizeof(float);
    const char *settings = describe(t, arena);
    if (!settings)
        return oct_fail_memory(&t->own, "the training");
    if (t->filled)
        return oct_fail(&t->own, OCTET_INVALID_STATE, "a batch has begun: save between steps");
    find_arrays(t, arrays);
    snprintf(step, sizeof step, "%lld", (long long)t->step);
    snprintf(steps, sizeof steps, "%lld", (long long)t->steps);
    snprintf(loss, sizeof loss, "%.17g", t->loss);
    for (int i = 0; i < ARRAYS; i++) {
        bytes[i] = (const uint8_t *)arrays[i];
        tensors[i] = (struct oct_safetensors_tensor){
            .name = array_names[i],
            .type = OCT_SAFETENSORS_F32,
            .rank = 1,
            .shape = {t->student->count},
            .size = size,
            .bytes = bytes[i],
        };
    }
    const char *fields[FIELDS] = {t->model->hash, settings, step, steps, loss, note};
    const char *keys[FIELDS + 3] = {"octet.kind", "octet.version", digest_name};
    const char *values[FIELDS + 3] = {KIND, VERSION, digest};
    make_digest(fields, bytes, size, digest);
    for (int i = 0; i < FIELDS; i++) {
        keys[3 + i] = field_names[i];
        values[3 + i] = fields[i];
    }
    const struct oct_safetensors contents = {ARRAYS, FIELDS + 3, tensors, keys, values};
    return oct_safetensors_write(&t->own, path, &contents, check);
}

octet_status oct_tuning_save(octet_tuning *t, const char *path, const char *note)
{
    struct oct_arena arena;
    oct_arena_init(&arena, &t->own);
    const octet_status status = save(t, &arena, path, note);
    oct_arena_clear(&arena);
    return status;
}

/* ---- going on ---- */

/* A file as it was found. */
struct found {
    const char *path;
    const char *fields[FIELDS];
    const uint8_t *arrays[ARRAYS];
    long long step, steps;
    double loss;
};

static octet_status damaged(octet_tuning *t, const char *path)
{
    return oct_fail(&t->own, OCTET_BAD_FORMAT, "%s: damaged", path);
}

/* That it is the state of a training, which this octet reads. */
static octet_status check_kind(octet_tuning *t, const struct oct_safetensors *file,
                               const char *path)
{
    const char *kind = oct_safetensors_metadata(file, "octet.kind");
    const char *version = oct_safetensors_metadata(file, "octet.version");
    if (!kind || strcmp(kind, KIND) != 0)
        return oct_fail(&t->own, OCTET_UNKNOWN_FORMAT, "%s: not the state of a training", path);
    if (!version || strcmp(version, VERSION) != 0)
        return oct_fail(&t->own, OCTET_UNSUPPORTED_VERSION,
                        "%s: the state of a training of version %.20s; this octet reads " VERSION,
                        path, version ? version : "(none)");
    return OCTET_OK;
}

static octet_status find_fields(octet_tuning *t, const struct oct_safetensors *file,
                                struct found *found)
{
    for (int i = 0; i < FIELDS; i++) {
        found->fields[i] = oct_safetensors_metadata(file, field_names[i]);
        if (!found->fields[i])
            return damaged(t, found->path);
    }
    return OCTET_OK;
}

/* Of one of the things that describe() lists, as a message shows it. */
static int item_length(const char *item)
{
    return (int)(strcspn(item, ",") < 60 ? strcspn(item, ",") : 60);
}

/* That it goes on with this training. */
static octet_status compare(octet_tuning *t, struct oct_arena *arena, const struct found *found)
{
    const char *settings = found->fields[FIELD_SETTINGS], *own = describe(t, arena);
    if (!own)
        return oct_fail_memory(&t->own, found->path);
    if (strcmp(found->fields[FIELD_MODEL], t->model->hash) != 0)
        return oct_fail(&t->own, OCTET_MISMATCH, "%s: the training of another model", found->path);
    if (strcmp(settings, own) == 0)
        return OCTET_OK;
    size_t start = 0, same = 0;
    while (settings[same] && settings[same] == own[same]) {
        same++;
        if (settings[same - 1] == ' ' && same > 1 && settings[same - 2] == ',')
            start = same;
    }
    return oct_fail(&t->own, OCTET_MISMATCH, "%s: a training with other settings: %.*s, now %.*s",
                    found->path, item_length(settings + start), settings + start,
                    item_length(own + start), own + start);
}

static bool read_numbers(struct found *found)
{
    int ends[3] = {0, 0, 0};
    const char *const texts[3] = {found->fields[FIELD_STEP], found->fields[FIELD_STEPS],
                                  found->fields[FIELD_LOSS]};
    if (sscanf(texts[0], "%lld%n", &found->step, &ends[0]) != 1 ||
        sscanf(texts[1], "%lld%n", &found->steps, &ends[1]) != 1 ||
        sscanf(texts[2], "%lg%n", &found->loss, &ends[2]) != 1)
        return false;
    for (int i = 0; i < 3; i++)
        if (texts[i][ends[i]] != '\0')
            return false;
    return found->step >= 0 && found->step <= found->steps && found->steps <= STEPS_MOST;
}

/* Numbers that a training may have; squares are none below 0. The bytes are not aligned. */
static bool are_values(const uint8_t *bytes, size_t count, float least)
{
    for (size_t i = 0; i < count; i++) {
        float value;
        memcpy(&value, bytes + i * sizeof value, sizeof value);
        if (!isfinite(value) || value < least)
            return false;
    }
    return true;
}

static octet_status check_contents(octet_tuning *t, const struct oct_safetensors *file,
                                   struct found *found)
{
    const size_t bytes = t->student->count * sizeof(float);
    const char *digest = oct_safetensors_metadata(file, digest_name);
    char own[DIGEST_TEXT];
    if (!digest || !read_numbers(found))
        return damaged(t, found->path);
    for (int i = 0; i < ARRAYS; i++) {
        const struct oct_safetensors_tensor *tensor = oct_safetensors_find(file, array_names[i]);
        if (!tensor || tensor->type != OCT_SAFETENSORS_F32 || tensor->size != bytes)
            return damaged(t, found->path);
        found->arrays[i] = tensor->bytes;
        if (!are_values(tensor->bytes, t->student->count, i == SQUARES ? 0.0f : -INFINITY))
            return damaged(t, found->path);
    }
    make_digest(found->fields, found->arrays, bytes, own);
    return strcmp(digest, own) == 0 ? OCTET_OK : damaged(t, found->path);
}

static octet_status take(octet_tuning *t, const struct found *found)
{
    float *arrays[ARRAYS];
    find_arrays(t, arrays);
    for (int i = 0; i < ARRAYS; i++)
        memcpy(arrays[i], found->arrays[i], t->student->count * sizeof(float));
    t->step = found->step;
    t->steps = found->steps;
    t->loss = found->loss;
    t->filled = 0;
    t->label_count = 0;
    t->is_over = false;
    oct_tuning_order(t);
    return oct_trainer_refresh(t->trainer);
}

/* What is not this training's fails before anything is taken: the training then is as it was. */
static octet_status load(octet_tuning *t, struct oct_arena *arena, const struct oct_file *bytes,
                         const char *path, const char **note)
{
    struct oct_safetensors file;
    struct found found = {.path = path};
    octet_status status =
        oct_safetensors_parse(&t->own, arena, bytes->bytes, bytes->size, path, &file);
    if (!status)
        status = check_kind(t, &file, path);
    if (!status)
        status = find_fields(t, &file, &found);
    if (!status)
        status = compare(t, arena, &found);
    if (!status)
        status = check_contents(t, &file, &found);
    const char *copy = status ? NULL : oct_arena_strdup(&t->arena, found.fields[FIELD_NOTE]);
    if (!status && !copy)
        status = oct_fail_memory(&t->own, path);
    if (!status)
        status = take(t, &found);
    if (!status && note)
        *note = copy;
    return status;
}

octet_status oct_tuning_load(octet_tuning *t, const char *path, const char **note)
{
    struct oct_file bytes;
    struct oct_arena arena;
    octet_status status = oct_file_open(&t->own, path, &bytes);
    if (status)
        return status;
    oct_arena_init(&arena, &t->own);
    status = load(t, &arena, &bytes, path, note);
    oct_arena_clear(&arena);
    oct_file_close(&t->own, &bytes);
    return status;
}
