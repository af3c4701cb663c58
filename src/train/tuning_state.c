/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads the file of a training that goes on later. */
#include "train/tuning_state.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/sha256.h"
#include "runtime/container/safetensors.h"

#define KIND "training"
#define VERSION "1"
#define NUMBER_BYTES 32
#define STEPS_MOST 1000000000000 /* as no run gets to */

static const char *const array_names[OCT_STATE_ARRAYS] = {"values", "kept", "means", "squares"};

/* What it tells beside the arrays, in the order of these names. */
enum { FIELD_MODEL, FIELD_SETTINGS, FIELD_STEP, FIELD_STEPS, FIELD_LOSS, FIELD_NOTE, FIELDS };
static const char *const field_names[FIELDS] = {"octet.model",         "octet.training.settings",
                                                "octet.training.step", "octet.training.steps",
                                                "octet.training.loss", "octet.note"};
static const char digest_name[] = "octet.training.sha256";

/* Of all fields, each with its final NUL, and all arrays: bits that changed on a disk are found. */
static void make_digest(const char *const fields[FIELDS], const struct oct_tuning_state *state,
                        char text[OCT_SHA256_TEXT])
{
    struct oct_sha256 sha;
    uint8_t digest[32];
    oct_sha256_init(&sha);
    for (int i = 0; i < FIELDS; i++)
        oct_sha256_update(&sha, fields[i], strlen(fields[i]) + 1);
    for (int i = 0; i < OCT_STATE_ARRAYS; i++)
        oct_sha256_update(&sha, state->arrays[i], state->count * sizeof(float));
    oct_sha256_final(&sha, digest);
    oct_sha256_text(digest, text);
}

/* ---- writing ---- */

static octet_status check(octet_context *ctx, const void *bytes, size_t size, const char *name)
{
    struct oct_arena arena;
    struct oct_tuning_state again;
    oct_arena_init(&arena, ctx);
    const octet_status status = oct_tuning_state_read(ctx, &arena, bytes, size, name, &again);
    oct_arena_clear(&arena);
    return status;
}

octet_status oct_tuning_state_write(octet_context *ctx, const char *path,
                                    const struct oct_tuning_state *state)
{
    char step[NUMBER_BYTES], steps[NUMBER_BYTES], loss[NUMBER_BYTES], digest[OCT_SHA256_TEXT];
    struct oct_safetensors_tensor tensors[OCT_STATE_ARRAYS];
    const char *fields[FIELDS] = {state->model, state->settings, step, steps, loss, state->note};
    const char *keys[FIELDS + 3] = {"octet.kind", "octet.version", digest_name};
    const char *values[FIELDS + 3] = {KIND, VERSION, digest};
    snprintf(step, sizeof step, "%" PRId64, state->step);
    snprintf(steps, sizeof steps, "%" PRId64, state->steps);
    snprintf(loss, sizeof loss, "%.17g", state->loss);
    make_digest(fields, state, digest);
    for (int i = 0; i < OCT_STATE_ARRAYS; i++)
        tensors[i] = (struct oct_safetensors_tensor){.name = array_names[i],
                                                     .type = OCT_SAFETENSORS_F32,
                                                     .rank = 1,
                                                     .shape = {state->count},
                                                     .size = state->count * sizeof(float),
                                                     .bytes = state->arrays[i]};
    for (int i = 0; i < FIELDS; i++) {
        keys[3 + i] = field_names[i];
        values[3 + i] = fields[i];
    }
    const struct oct_safetensors contents = {OCT_STATE_ARRAYS, FIELDS + 3, tensors, keys, values};
    return oct_safetensors_write(ctx, path, &contents, check);
}

/* ---- reading ---- */

static octet_status damaged(octet_context *ctx, const char *name, const char *why)
{
    return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: damaged: %s", name, why);
}

static octet_status check_kind(octet_context *ctx, const struct oct_safetensors *file,
                               const char *name)
{
    const char *kind = oct_safetensors_metadata(file, "octet.kind");
    const char *version = oct_safetensors_metadata(file, "octet.version");
    if (!kind || strcmp(kind, KIND) != 0)
        return oct_fail(ctx, OCTET_UNKNOWN_FORMAT, "%s: not the state of a training", name);
    if (!version || strcmp(version, VERSION) != 0)
        return oct_fail(ctx, OCTET_UNSUPPORTED_VERSION,
                        "%s: the state of a training of version %.20s; this octet reads " VERSION,
                        name, version ? version : "(none)");
    return OCTET_OK;
}

/* A number is good when it is what would be written for it. */
static bool read_number(const char *text, int64_t *number)
{
    char again[NUMBER_BYTES];
    if (sscanf(text, "%" SCNd64, number) != 1)
        return false;
    snprintf(again, sizeof again, "%" PRId64, *number);
    return strcmp(text, again) == 0 && *number >= 0 && *number <= STEPS_MOST;
}

static bool read_loss(const char *text, double *loss)
{
    char again[NUMBER_BYTES];
    if (sscanf(text, "%lg", loss) != 1)
        return false;
    snprintf(again, sizeof again, "%.17g", *loss);
    return strcmp(text, again) == 0 && isfinite(*loss);
}

static octet_status read_fields(octet_context *ctx, const struct oct_safetensors *file,
                                const char *name, const char *fields[FIELDS],
                                struct oct_tuning_state *state)
{
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = oct_safetensors_metadata(file, field_names[i]);
        if (!fields[i])
            return damaged(ctx, name, "something is missing");
    }
    state->model = fields[FIELD_MODEL];
    state->settings = fields[FIELD_SETTINGS];
    state->note = fields[FIELD_NOTE];
    if (!read_number(fields[FIELD_STEP], &state->step) ||
        !read_number(fields[FIELD_STEPS], &state->steps) || state->step > state->steps ||
        !read_loss(fields[FIELD_LOSS], &state->loss))
        return damaged(ctx, name, "its steps or loss");
    return OCTET_OK;
}

/* Numbers that a training may have; squares are none below 0. */
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

static octet_status read_arrays(octet_context *ctx, const struct oct_safetensors *file,
                                const char *name, struct oct_tuning_state *state)
{
    for (int i = 0; i < OCT_STATE_ARRAYS; i++) {
        const struct oct_safetensors_tensor *tensor = oct_safetensors_find(file, array_names[i]);
        if (!tensor || tensor->type != OCT_SAFETENSORS_F32)
            return damaged(ctx, name, "its arrays");
        const size_t count = tensor->size / sizeof(float);
        state->count = i ? state->count : count;
        state->arrays[i] = tensor->bytes;
        if (count != state->count ||
            !are_values(tensor->bytes, count, i == OCT_STATE_SQUARES ? 0.0f : -INFINITY))
            return damaged(ctx, name, "its arrays");
    }
    return OCTET_OK;
}

octet_status oct_tuning_state_read(octet_context *ctx, struct oct_arena *arena, const void *bytes,
                                   size_t size, const char *name, struct oct_tuning_state *state)
{
    struct oct_safetensors file;
    const char *fields[FIELDS];
    char digest[OCT_SHA256_TEXT];
    *state = (struct oct_tuning_state){.count = 0};
    octet_status status = oct_safetensors_parse(ctx, arena, bytes, size, name, &file);
    if (!status)
        status = check_kind(ctx, &file, name);
    if (!status)
        status = read_fields(ctx, &file, name, fields, state);
    if (!status)
        status = read_arrays(ctx, &file, name, state);
    if (status)
        return status;
    const char *said = oct_safetensors_metadata(&file, digest_name);
    make_digest(fields, state, digest);
    return said && strcmp(said, digest) == 0 ? OCTET_OK
                                             : damaged(ctx, name, "it is not what was written");
}
