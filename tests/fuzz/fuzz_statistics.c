/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a statistics file: an error, or statistics of which every tensor can be calibrated,
 * whose parts can be weighed, and that merge with themselves to twice what they were; never a
 * crash, a leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes
 * files.
 */
#include <stdlib.h>

#include "compiler/calibrate/statistics.h"
#include "compiler/quantize/activation.h"
#include "fuzz.h"

#define MEMORY_MAX ((size_t)256 << 20) /* that one input may hold */
#define BLOCK_MAX MEMORY_MAX
#define CALIBRATED_MAX 2 /* tensors: each takes milliseconds */

static void calibrate(const struct oct_histogram *histogram)
{
    for (int kind = 0; kind <= OCT_CALIBRATOR_MINMAX_TRT; kind++) {
        const struct oct_calibrator calibrator = {(enum oct_calibrator_kind)kind,
                                                  OCT_PERCENTILE_DEFAULT};
        const struct oct_quantization coding = oct_calibrate_tensor(&calibrator, histogram);
        if (!(coding.scale > 0.0f) || coding.zero_point < 0 || coding.zero_point > 255)
            abort();
    }
}

static uint64_t count_all(const octet_statistics *statistics)
{
    uint64_t count = (uint64_t)statistics->image_count;
    for (int p = 0; p < statistics->part_count; p++)
        for (int i = 0; i < statistics->tensor_count; i++)
            count += statistics->parts[p]->tensors[i].histogram.count;
    return count;
}

/* What cannot be merged, shards and counters that are full, is as it was. */
static void merge(octet_statistics *statistics)
{
    const uint64_t before = count_all(statistics);
    const octet_status status = oct_statistics_merge(statistics, statistics);
    if (status != OCTET_OK && status != OCTET_MISMATCH && status != OCTET_OUT_OF_MEMORY)
        abort();
    if (count_all(statistics) != (status ? before : 2 * before))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
    octet_statistics *statistics;
    const octet_status status = oct_statistics_read(&ctx, data, size, "fuzz.stats", &statistics);
    if ((status == OCTET_OK) != (statistics != NULL) || (status && !ctx.message[0]))
        abort();
    if (statistics) {
        for (int i = 0; i < statistics->tensor_count && i < CALIBRATED_MAX; i++)
            calibrate(&statistics->tensors[i].histogram);
        octet_tensor_statistics tensor;
        octet_statistics_tensor(statistics, statistics->tensor_count - 1, &tensor);
        if (oct_statistics_weigh(statistics, "equal"))
            abort();
        calibrate(&statistics->tensors[0].histogram);
        merge(statistics);
    }
    octet_statistics_free(&statistics);
    if (pool.live)
        abort();
    return 0;
}
