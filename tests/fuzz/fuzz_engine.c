/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an engine file: an error, or an engine that opens, runs and is saved again; never a
 * crash, a leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes
 * files.
 */
#include <stdlib.h>

#include <octet/session.h>

#include "fuzz.h"
#include "runtime/engine/engine.h"

#define MEMORY_MAX ((size_t)1 << 30) /* that one input may hold */
#define BLOCK_MAX ((size_t)64 << 20) /* of it in one block */
#define WORK_MAX (200 * 1000 * 1000) /* multiply-adds and moved elements of one run */

/* What one picture of the smallest size costs, so that large but valid plans are not run. */
static int64_t work_of(octet_context *ctx, const struct oct_plan *plan, int size)
{
    struct oct_plan_size *sizes = oct_calloc(ctx, (size_t)plan->tensor_count, sizeof *sizes);
    int64_t work = INT64_MAX;
    if (sizes && oct_plan_sizes(ctx, plan, size, size, sizes) == OCTET_OK) {
        work = 0;
        for (int i = 0; i < plan->layer_count && work < WORK_MAX; i++) {
            const struct oct_plan_layer *layer = &plan->layers[i];
            const struct oct_plan_size *to = &sizes[layer->output];
            const int64_t weights = oct_plan_layer_weights(plan, layer);
            const int64_t moved = (int64_t)plan->tensors[layer->output].channels * layer->kernel;
            work += (int64_t)to->height * to->width * (weights + moved);
        }
    }
    oct_free(ctx, sizes);
    return work;
}

static void run(octet_context *ctx, const octet_engine *engine)
{
    const int size = oct_plan_stride(&engine->plan);
    if (work_of(ctx, &engine->plan, size) > WORK_MAX)
        return;
    const octet_session_settings settings = {
        .height = size, .width = size, .batch = 1, .threads = 1};
    octet_session *session;
    if (octet_session_open(ctx, engine, &settings, &session) != OCTET_OK) {
        if (session || !ctx->message[0])
            abort();
        return;
    }
    octet_detection boxes[16];
    int count;
    uint8_t *pixels = calloc((size_t)size * (size_t)size, 3);
    if (!pixels || octet_session_set_pixels(session, 0, pixels) != OCTET_OK ||
        octet_session_run(session) != OCTET_OK ||
        octet_session_detect(session, 0, NULL, boxes, 16, &count) != OCTET_OK)
        abort();
    free(pixels);
    octet_session_close(&session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
    octet_engine *engine;
    const octet_status status = oct_engine_read(&ctx, data, size, "fuzz.octet", &engine);
    if ((status == OCTET_OK) != (engine != NULL) || (status && !ctx.message[0]))
        abort();
    if (engine) {
        octet_info info;
        octet_engine_info(engine, &info);
        for (int i = 0; i < info.layer_count; i += 1 + info.layer_count / 8) {
            octet_layer_info layer;
            octet_engine_layer(engine, i, &layer);
        }
        run(&ctx, engine);
    }
    octet_engine_free(&engine);
    if (pool.live)
        abort();
    return 0;
}
