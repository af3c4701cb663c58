/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a statistics file: an error, or statistics of which every tensor can be calibrated;
 * never a crash, a leak or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program
 * that takes files.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "compiler/calibrate/statistics.h"
#include "compiler/quantize/activation.h"

#define MEMORY_MAX ((size_t)256 << 20) /* in blocks of the arenas; more fails as memory does */
#define CALIBRATED_MAX 2               /* tensors: each takes milliseconds */

struct pool {
    int live;
    size_t asked;
};

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    struct pool *pool = user;
    void *memory = NULL;
    if (bytes > MEMORY_MAX - pool->asked || posix_memalign(&memory, alignment, bytes) != 0)
        return NULL;
    pool->asked += bytes;
    pool->live++;
    return memory;
}

static void release(void *user, void *memory)
{
    struct pool *pool = user;
    pool->live--;
    free(memory);
}

static void calibrate(const struct oct_histogram *histogram)
{
    for (int kind = 0; kind <= OCT_CALIBRATOR_MINMAX_TRT; kind++) {
        const struct oct_calibrator calibrator = {(enum oct_calibrator_kind)kind,
                                                  OCT_PERCENTILE_DEFAULT};
        const struct oct_coding coding = oct_calibrate_tensor(&calibrator, histogram);
        if (!(coding.scale > 0.0f) || coding.zero_point < 0 || coding.zero_point > 255)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool pool = {0, 0};
    octet_context ctx = {.allocator = {allocate, release, &pool}};
    octet_statistics *statistics;
    const octet_status status = oct_statistics_read(&ctx, data, size, "fuzz.stats", &statistics);
    if ((status == OCTET_OK) != (statistics != NULL) || (status && !ctx.message[0]))
        abort();
    if (statistics) {
        for (int i = 0; i < statistics->tensor_count && i < CALIBRATED_MAX; i++)
            calibrate(&statistics->tensors[i].histogram);
        octet_tensor_statistics tensor;
        octet_statistics_tensor(statistics, statistics->tensor_count - 1, &tensor);
    }
    octet_statistics_free(&statistics);
    if (pool.live)
        abort();
    return 0;
}

#ifdef OCTET_FUZZ_PLAIN
#include "base/file.h"

int main(int count, char **paths)
{
    octet_context ctx = {.message = ""};
    oct_allocator_default(&ctx.allocator);
    for (int i = 1; i < count; i++) {
        struct oct_file file;
        if (oct_file_open(&ctx, paths[i], &file) != OCTET_OK)
            continue;
        LLVMFuzzerTestOneInput(file.bytes, file.size);
        oct_file_close(&ctx, &file);
    }
    return 0;
}
#endif
