/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a training in a file, from which it goes on as if nothing had been. */
#include <stdio.h>
#include <string.h>

#include "base/read_file.h"
#include "runtime/container/safetensors.h"
#include "train/tuning.h"

#define FORMAT "octet training 1"

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

/* All that must be the same for bits to be. */
static const char *describe(const octet_tuning *t, struct oct_arena *arena)
{
    const octet_tune_settings *s = &t->settings;
    return oct_arena_printf(
        arena,
        "target %d, labels %d, pictures %d, epochs %.17g, batch %d, seed %llu, rates "
        "%.17g %.17g %.17g, bits %d, jitter %d, calibrator %s, size %dx%d, statistics %s",
        (int)s->target, s->labels != 0, s->pictures, s->epochs, s->batch,
        (unsigned long long)s->seed, s->weight_rate, s->scale_rate, s->bias_rate, s->weight_bits,
        s->scale_jitter != 0, s->calibrator ? s->calibrator : "mse", t->plan->height,
        t->plan->width, t->statistics->fingerprint_text);
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

static octet_status save(octet_tuning *t, struct oct_arena *arena, const char *path,
                         const char *note)
{
    float *arrays[ARRAYS];
    char step[24], loss[32];
    struct oct_safetensors_tensor tensors[ARRAYS];
    const char *settings = describe(t, arena);
    if (!settings)
        return oct_fail_memory(&t->own, "the training");
    if (t->filled)
        return oct_fail(&t->own, OCTET_INVALID_STATE, "a batch has begun: save between steps");
    find_arrays(t, arrays);
    snprintf(step, sizeof step, "%lld", (long long)t->step);
    snprintf(loss, sizeof loss, "%.17g", t->loss);
    for (int i = 0; i < ARRAYS; i++)
        tensors[i] = (struct oct_safetensors_tensor){
            .name = array_names[i],
            .type = OCT_SAFETENSORS_F32,
            .rank = 1,
            .shape = {t->student->count},
            .size = t->student->count * sizeof(float),
            .bytes = (const uint8_t *)arrays[i],
        };
    const char *keys[] = {"format", "model", "settings", "step", "loss", "note"};
    const char *values[] = {FORMAT, t->model->hash, settings, step, loss, note};
    const struct oct_safetensors contents = {ARRAYS, sizeof keys / sizeof *keys, tensors, keys,
                                             values};
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

static octet_status compare(octet_tuning *t, struct oct_arena *arena,
                            const struct oct_safetensors *file, const char *path)
{
    const char *format = oct_safetensors_metadata(file, "format");
    const char *model = oct_safetensors_metadata(file, "model");
    const char *settings = oct_safetensors_metadata(file, "settings"), *own = describe(t, arena);
    if (!own)
        return oct_fail_memory(&t->own, path);
    if (!format || strcmp(format, FORMAT) != 0)
        return oct_fail(&t->own, OCTET_UNKNOWN_FORMAT, "%s: not the state of a training", path);
    if (!model || strcmp(model, t->model->hash) != 0)
        return oct_fail(&t->own, OCTET_MISMATCH, "%s: the training of another model", path);
    if (!settings || strcmp(settings, own) != 0)
        return oct_fail(&t->own, OCTET_MISMATCH,
                        "%s: a training with other settings or pictures (%s; now %s)", path,
                        settings ? settings : "none", own);
    return OCTET_OK;
}

static octet_status take(octet_tuning *t, const struct oct_safetensors *file, const char *path)
{
    float *arrays[ARRAYS];
    long long step = -1;
    const char *text = oct_safetensors_metadata(file, "step");
    const char *loss = oct_safetensors_metadata(file, "loss");
    const size_t bytes = t->student->count * sizeof(float);
    find_arrays(t, arrays);
    bool is_whole = text && loss && sscanf(text, "%lld", &step) == 1 &&
                    sscanf(loss, "%lg", &t->loss) == 1 && step >= 0 && step <= t->steps;
    for (int i = 0; i < ARRAYS && is_whole; i++) {
        const struct oct_safetensors_tensor *tensor = oct_safetensors_find(file, array_names[i]);
        is_whole = tensor && tensor->type == OCT_SAFETENSORS_F32 && tensor->size == bytes;
    }
    if (!is_whole)
        return oct_fail(&t->own, OCTET_BAD_FORMAT, "%s: damaged", path);
    for (int i = 0; i < ARRAYS; i++)
        memcpy(arrays[i], oct_safetensors_find(file, array_names[i])->bytes, bytes);
    t->step = step;
    t->filled = 0;
    t->is_over = false;
    oct_tuning_order(t);
    return oct_trainer_refresh(t->trainer);
}

octet_status oct_tuning_load(octet_tuning *t, const char *path, const char **note)
{
    struct oct_file bytes;
    struct oct_safetensors file;
    struct oct_arena arena;
    octet_status status = oct_file_open(&t->own, path, &bytes);
    if (status)
        return status;
    oct_arena_init(&arena, &t->own);
    status = oct_safetensors_parse(&t->own, &arena, bytes.bytes, bytes.size, path, &file);
    if (!status)
        status = compare(t, &arena, &file, path);
    if (!status)
        status = take(t, &file, path);
    if (!status && note) {
        const char *text = oct_safetensors_metadata(&file, "note");
        *note = oct_arena_strdup(&t->arena, text ? text : "");
        status = *note ? OCTET_OK : oct_fail_memory(&t->own, path);
    }
    oct_arena_clear(&arena);
    oct_file_close(&t->own, &bytes);
    return status;
}
