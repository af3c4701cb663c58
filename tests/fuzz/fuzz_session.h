/* SPDX-License-Identifier: Apache-2.0 */
/* An engine that was read or made: opened and run, where that takes no more than milliseconds. */
#ifndef OCTET_TESTS_FUZZ_SESSION_H
#define OCTET_TESTS_FUZZ_SESSION_H

#include <stdlib.h>

#include <octet/session.h>

#include "fuzz.h"
#include "runtime/engine/engine_contents.h"

#define FUZZ_WORK_MAX (10 * 1000 * 1000) /* multiply-adds and moved elements of one run */

/* What one picture costs, so that large but valid plans are not run. */
static inline int64_t fuzz_work(octet_context *ctx, const struct oct_network *network, int size)
{
    struct oct_network_size *sizes = oct_calloc(ctx, (size_t)network->tensor_count, sizeof *sizes);
    int64_t work = INT64_MAX;
    if (sizes && oct_network_sizes(ctx, network, size, size, sizes) == OCTET_OK) {
        work = 0;
        for (int i = 0; i < network->layer_count && work < FUZZ_WORK_MAX; i++) {
            const struct oct_layer *layer = &network->layers[i];
            const struct oct_network_size *to = &sizes[layer->output];
            const int64_t weights = oct_layer_weights(network, layer);
            const int64_t moved = (int64_t)network->tensors[layer->output].channels * layer->kernel;
            work += (int64_t)to->height * to->width * (weights + moved);
        }
    }
    oct_free(ctx, sizes);
    return work;
}

/* Runs it on `image`, or on black pixels where that is NULL. */
static inline void fuzz_session(octet_context *ctx, const octet_engine *engine,
                                const octet_image *image, int threads)
{
    const int size = oct_network_stride(&engine->network);
    if (fuzz_work(ctx, &engine->network, size) > FUZZ_WORK_MAX)
        return;
    const octet_session_settings settings = {
        .height = size, .width = size, .batch = 1, .threads = threads};
    octet_session *session;
    if (octet_session_open(ctx, engine, &settings, &session) != OCTET_OK) {
        if (session || !ctx->message[0])
            abort();
        return;
    }
    octet_detection boxes[16];
    int count;
    uint8_t *pixels = calloc((size_t)size * (size_t)size, 3);
    if (!pixels ||
        (image ? octet_session_set_image(session, 0, image)
               : octet_session_set_pixels(session, 0, pixels)) != OCTET_OK ||
        octet_session_run(session) != OCTET_OK ||
        octet_session_detect(session, 0, NULL, boxes, 16, &count) != OCTET_OK)
        abort();
    free(pixels);
    octet_session_close(&session);
}

#endif
