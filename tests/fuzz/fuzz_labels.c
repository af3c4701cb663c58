/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a label file: an error, and nothing is added, or boxes of finite numbers; never a
 * crash, a leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes
 * files.
 */
#include <math.h>
#include <stdlib.h>

#include "evaluate/labels.h"
#include "fuzz.h"

#define MEMORY_MAX ((size_t)64 << 20) /* that one input may hold */
#define BLOCK_MAX MEMORY_MAX

static void check(const octet_truth *truth)
{
    for (size_t i = 0; i < truth->box_count; i++) {
        const octet_truth_box *box = &truth->boxes[i];
        if (!(box->width >= 0.0 && box->height >= 0.0) || !isfinite(box->x + box->y + box->area) ||
            box->class_id < 0 || box->class_id > 2 || box->id != (int64_t)i + 1)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
    octet_truth *truth;
    const octet_truth_image image = {1, "a.jpg", 640, 480};
    if (oct_truth_create(&ctx, "fuzz", &truth) != OCTET_OK)
        abort();
    for (int64_t i = 0; i < 3; i++)
        oct_truth_add_class(truth, i, "c");
    oct_truth_add_image(truth, &image);
    if (oct_labels_add(truth, 1, data, size, "fuzz.txt") != OCTET_OK &&
        (truth->box_count || !ctx.message[0]))
        abort();
    check(truth);
    oct_truth_free(truth);
    if (pool.live)
        abort();
    return 0;
}
