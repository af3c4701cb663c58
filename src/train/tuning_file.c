/* SPDX-License-Identifier: Apache-2.0 */
/* A training goes on from a file as if nothing had been. */
#include <string.h>

#include "base/read_file.h"
#include "train/tuning.h"
#include "train/tuning_state.h"

static void find_arrays(const octet_tuning *t, float *arrays[OCT_STATE_ARRAYS])
{
    const struct oct_adam_moments moments = oct_trainer_moments(t->trainer);
    arrays[OCT_STATE_VALUES] = t->student->values;
    arrays[OCT_STATE_KEPT] = t->kept;
    arrays[OCT_STATE_MEANS] = moments.mean;
    arrays[OCT_STATE_SQUARES] = moments.square;
}

/* All that must be the same for bits to be, but for the number of steps, which the file tells. */
static const char *describe(const octet_tuning *t, struct oct_arena *arena)
{
    const octet_tune_settings *s = &t->settings;
    const bool is_weighed = t->statistics->part_count > 1;
    return oct_arena_printf(
        arena,
        "target %s, labels %d, pictures %d, batch %d, seed %llu, rates "
        "%.17g %.17g %.17g, bits %d, jitter %d, calibrator %s, size %dx%d, statistics %s%s%s",
        s->target == OCTET_TUNE_TENSORRT ? "TensorRT" : "octet", s->labels != 0, s->pictures,
        s->batch, (unsigned long long)s->seed, s->weight_rate, s->scale_rate, s->bias_rate,
        s->weight_bits, s->scale_jitter != 0, s->calibrator ? s->calibrator : "mse",
        t->plan->height, t->plan->width, t->statistics->fingerprint_text,
        is_weighed ? ", weights " : "", is_weighed ? t->statistics->weights_text : "");
}

static octet_status save(octet_tuning *t, struct oct_arena *arena, const char *path,
                         const char *note)
{
    float *arrays[OCT_STATE_ARRAYS];
    struct oct_tuning_state state = {.model = t->model->hash,
                                     .settings = describe(t, arena),
                                     .note = note,
                                     .step = t->step,
                                     .steps = t->steps,
                                     .loss = t->loss,
                                     .count = t->student->count};
    if (!state.settings)
        return oct_fail_memory(&t->own, "the training");
    if (t->filled)
        return oct_fail(&t->own, OCTET_INVALID_STATE, "a batch has begun: save between steps");
    find_arrays(t, arrays);
    for (int i = 0; i < OCT_STATE_ARRAYS; i++)
        state.arrays[i] = (const uint8_t *)arrays[i];
    return oct_tuning_state_write(&t->own, path, &state);
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

/* Of one of the things that describe() lists, as a message shows it. */
static int item_length(const char *item)
{
    return (int)(strcspn(item, ",") < 60 ? strcspn(item, ",") : 60);
}

/* That it goes on with this training. */
static octet_status compare(octet_tuning *t, struct oct_arena *arena,
                            const struct oct_tuning_state *state, const char *path)
{
    const char *settings = state->settings, *own = describe(t, arena);
    if (!own)
        return oct_fail_memory(&t->own, path);
    if (strcmp(state->model, t->model->hash) != 0)
        return oct_fail(&t->own, OCTET_MISMATCH, "%s: the training of another model", path);
    if (strcmp(settings, own) == 0)
        return OCTET_OK;
    size_t start = 0, same = 0;
    while (settings[same] && settings[same] == own[same]) {
        same++;
        if (settings[same - 1] == ' ' && same > 1 && settings[same - 2] == ',')
            start = same;
    }
    return oct_fail(&t->own, OCTET_MISMATCH, "%s: a training with other settings: %.*s, now %.*s",
                    path, item_length(settings + start), settings + start, item_length(own + start),
                    own + start);
}

static octet_status take(octet_tuning *t, const struct oct_tuning_state *state)
{
    float *arrays[OCT_STATE_ARRAYS];
    find_arrays(t, arrays);
    for (int i = 0; i < OCT_STATE_ARRAYS; i++)
        memcpy(arrays[i], state->arrays[i], state->count * sizeof(float));
    t->step = state->step;
    t->steps = state->steps;
    t->loss = state->loss;
    t->filled = 0;
    t->label_count = 0;
    t->is_over = false;
    oct_tuning_order(t);
    return oct_trainer_refresh(t->trainer);
}

/* What is not this training's fails before anything is taken: the training then is as it was. */
static octet_status load(octet_tuning *t, struct oct_arena *arena, const struct oct_file *file,
                         const char *path, const char **note)
{
    struct oct_tuning_state state;
    octet_status status =
        oct_tuning_state_read(&t->own, arena, file->bytes, file->size, path, &state);
    if (!status)
        status = compare(t, arena, &state, path);
    if (!status && state.count != t->student->count)
        status = oct_fail(&t->own, OCTET_BAD_FORMAT, "%s: damaged: %zu values, not %zu", path,
                          state.count, t->student->count);
    if (status)
        return status;
    const char *copy = oct_arena_strdup(&t->arena, state.note);
    if (!copy)
        return oct_fail_memory(&t->own, path);
    if (note)
        *note = copy;
    return take(t, &state);
}

octet_status oct_tuning_load(octet_tuning *t, const char *path, const char **note)
{
    struct oct_file file;
    struct oct_arena arena;
    octet_status status = oct_file_open(&t->own, path, &file);
    if (status)
        return status;
    oct_arena_init(&arena, &t->own);
    status = load(t, &arena, &file, path, note);
    oct_arena_clear(&arena);
    oct_file_close(&t->own, &file);
    return status;
}
