/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an engine file: an error, or an engine that opens, runs and is saved again; never a
 * crash, a leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes
 * files.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "fuzz_session.h"

#define MEMORY_MAX ((size_t)1 << 30) /* that one input may hold */
#define BLOCK_MAX ((size_t)64 << 20) /* of it in one block */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
    octet_engine *engine;
    const octet_status status = octet_engine_load_memory(&ctx, data, size, "fuzz.octet", &engine);
    if ((status == OCTET_OK) != (engine != NULL) || (status && !ctx.message[0]) ||
        !octet_status_text(status)[0])
        abort();
    if (engine) {
        octet_info info;
        octet_engine_info(engine, &info);
        for (int i = 0; i < info.layer_count; i += 1 + info.layer_count / 8) {
            octet_layer_info layer;
            octet_engine_layer(engine, i, &layer);
        }
        fuzz_session(&ctx, engine, NULL, 1);
    }
    octet_engine_free(&engine);
    if (pool.live)
        abort();
    return 0;
}
