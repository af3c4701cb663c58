/* SPDX-License-Identifier: Apache-2.0 */
/* What calibration sees of floats against the reference, bit by bit. */
#include <math.h>
#include <string.h>

#include "kernels/check.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"

enum { MEASURES = 4, BINS = 4096 };

static float *floats_of(const struct check_memory *memory)
{
    return (float *)(void *)memory->bytes;
}

/* Values that differ much in size, zeros of both signs among them. */
static void fill_values(struct check_random *random, float *values, size_t count, float most)
{
    for (size_t i = 0; i < count; i++) {
        const float value = check_float(random, -most, most);
        const int kind = check_int(random, 0, 9);
        values[i] = kind == 0 ? 0.0f : kind == 1 ? -0.0f : kind < 4 ? value * 1e-30f : value;
    }
}

static struct oct_measures measures_of(const struct check_memory *memory, int channels)
{
    float *at = floats_of(memory);
    return (struct oct_measures){at, at + channels, at + 2 * channels, at + 3 * channels};
}

/* As calibration begins, or as it goes on. */
static void start(const struct check_memory *memory, int channels, struct check_random *random)
{
    const struct oct_measures seen = measures_of(memory, channels);
    const bool begins = check_int(random, 0, 1);
    for (int c = 0; c < channels; c++) {
        seen.minimum[c] = begins ? INFINITY : check_float(random, -1.0f, 0.0f);
        seen.maximum[c] = begins ? -INFINITY : check_float(random, 0.0f, 1.0f);
        seen.sum[c] = check_float(random, -9.0f, 9.0f);
        seen.square[c] = check_float(random, 0.0f, 9.0f);
    }
}

/* The same bits; of NaNs, which are refused whatever they hold, that both are. */
static bool same_floats(const struct check_memory *a, const struct check_memory *b)
{
    for (size_t i = 0; i < a->size / sizeof(float); i++)
        if (memcmp(floats_of(a) + i, floats_of(b) + i, sizeof(float)) != 0 &&
            !(isnan(floats_of(a)[i]) && isnan(floats_of(b)[i])))
            return false;
    return true;
}

static bool check_ranges(const struct oct_kernels *kernels, struct check_random *random)
{
    const int channels = check_int(random, 1, 150), pixels = check_int(random, 1, 40);
    const size_t stride = (size_t)(channels + check_int(random, 0, 1) * check_int(random, 0, 70));
    const size_t count = (size_t)(pixels - 1) * stride + (size_t)channels;
    const size_t bytes = (size_t)channels * MEASURES * sizeof(float);
    struct check_memory values = check_allocate(random, count * sizeof(float), 0);
    struct check_memory expected = check_allocate(random, bytes, 0);
    struct check_memory output = check_allocate(random, bytes, 0);
    /* nothing but zeros of both signs, at times: of equals the first one stays */
    fill_values(random, floats_of(&values), count, check_int(random, 0, 3) ? 4.0f : 0.0f);
    if (check_int(random, 0, 3) == 0) {
        static const float odd[] = {NAN, INFINITY, -INFINITY, 3e38f, 2.0f, -2.0f};
        floats_of(&values)[(size_t)check_int(random, 0, (int)count - 1)] =
            odd[check_int(random, 0, 5)];
    }
    start(&expected, channels, random);
    memcpy(output.bytes, expected.bytes, bytes);
    const float limit = check_int(random, 0, 1) ? 2.0f : 4.0f;
    const struct oct_pixel_run run = {floats_of(&values), stride, pixels, channels};
    const struct oct_measures one = measures_of(&expected, channels),
                              other = measures_of(&output, channels);
    const bool fits = oct_measure_ref(&one, &run, -limit, limit);
    const bool same = kernels->measure.measure(&other, &run, -limit, limit) == fits &&
                      same_floats(&expected, &output);
    const bool whole = check_whole(&output);
    check_release(&values);
    check_release(&expected);
    check_release(&output);
    if (!whole)
        return check_failed("measure of %d channels: wrote outside", channels);
    return same || check_failed("measure of %d pixels of %d channels, %zu apart: differs", pixels,
                                channels, stride);
}

static bool check_bins(const struct oct_kernels *kernels, struct check_random *random)
{
    const int exponent = check_int(random, -40, 20), count = check_int(random, 0, 300);
    const struct oct_bins bins = {ldexpf(1.0f, exponent), ldexpf(1.0f, -exponent), BINS / 2};
    struct check_memory values = check_allocate(random, (size_t)count * sizeof(float), 0);
    uint32_t expected[BINS] = {0}, output[BINS] = {0};
    fill_values(random, floats_of(&values), (size_t)count, bins.width * (float)(BINS / 2 - 1));
    for (int i = 0; i < count; i++) /* exactly at the edge of a bin */
        if (check_int(random, 0, 5) == 0)
            floats_of(&values)[i] = bins.width * (float)check_int(random, -BINS / 2, BINS / 2 - 1);
    oct_count_bins_ref(&bins, floats_of(&values), (size_t)count, expected);
    kernels->measure.count_bins(&bins, floats_of(&values), (size_t)count, output);
    check_release(&values);
    return memcmp(expected, output, sizeof output) == 0 ||
           check_failed("count_bins of %d values, exponent %d: differs", count, exponent);
}

bool check_measure(const struct oct_kernels *kernels, struct check_random *random)
{
    return check_ranges(kernels, random) && check_bins(kernels, random);
}
