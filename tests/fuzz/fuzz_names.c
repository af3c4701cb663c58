/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file of class names: an error, or a name for each class; never a crash, a leak or
 * a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <stdlib.h>

#include "compiler/imported_model.h"
#include "fuzz.h"
#include "models/names_file.h"

#define MEMORY_MAX ((size_t)64 << 20) /* that one input may hold */
#define BLOCK_MAX MEMORY_MAX

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct app app = {.quiet = true};
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
    struct oct_imported imported = {0};
    octet_model model = {.imported = &imported, .name = "fuzz.onnx", .network.head.class_count = 2};
    fuzz_enter_folder();
    if (!app.context && app_open(&app) != STATUS_DONE)
        abort();
    app.names = size && data[0] % 4 == 0 ? "names.yaml" : "names.txt";
    fuzz_write_file(app.names, data, size);
    oct_arena_init(&model.arena, &ctx);
    if (names_give(&app, &model) == STATUS_DONE)
        for (int i = 0; i < model.network.head.class_count; i++)
            if (!model.network.class_names[i])
                abort();
    oct_arena_clear(&model.arena);
    if (pool.live)
        abort();
    return 0;
}
