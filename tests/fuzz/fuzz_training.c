/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the state of a training: an error, or a state whose numbers are in their ranges, and
 * which, written again, is read as the same; never a crash, a leak or a hang. Built for libFuzzer;
 * with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "train/tuning_state.h"

#define MEMORY_MAX ((size_t)64 << 20) /* that one input may hold */
#define BLOCK_MAX MEMORY_MAX

static void check_ranges(const struct oct_tuning_state *state)
{
    if (state->step < 0 || state->step > state->steps || !isfinite(state->loss))
        abort();
    for (int i = 0; i < OCT_STATE_ARRAYS; i++)
        for (size_t k = 0; k < state->count; k++) {
            float value;
            memcpy(&value, state->arrays[i] + k * sizeof value, sizeof value);
            if (!isfinite(value) || (i == OCT_STATE_SQUARES && value < 0.0f))
                abort();
        }
}

static void check_again(octet_context *ctx, struct oct_arena *arena,
                        const struct oct_tuning_state *state)
{
    struct oct_tuning_state again;
    struct oct_file file;
    fuzz_enter_folder();
    if (oct_tuning_state_write(ctx, "again", state) != OCTET_OK ||
        oct_file_open(ctx, "again", &file) != OCTET_OK)
        return; /* memory */
    const octet_status status =
        oct_tuning_state_read(ctx, arena, file.bytes, file.size, "again", &again);
    if (status == OCTET_OK) {
        if (again.step != state->step || again.steps != state->steps ||
            again.count != state->count || strcmp(again.note, state->note) != 0 ||
            strcmp(again.model, state->model) != 0 || strcmp(again.settings, state->settings) != 0)
            abort();
    } else if (status != OCTET_OUT_OF_MEMORY) {
        abort();
    }
    oct_file_close(ctx, &file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
    struct oct_tuning_state state;
    struct oct_arena arena;
    oct_arena_init(&arena, &ctx);
    const octet_status status =
        oct_tuning_state_read(&ctx, &arena, data, size, "fuzz.partial", &state);
    if (status && !ctx.message[0])
        abort();
    if (!status) {
        check_ranges(&state);
        check_again(&ctx, &arena, &state);
    }
    oct_arena_clear(&arena);
    if (pool.live)
        abort();
    return 0;
}
