/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What calibration sees of floats: OCT_REGISTERS / 8 vectors of channels go along the pixels with
 * all that is measured of them in registers; bins are found a block at a time and counted then.
 * Beside vector_SET.h it asks for
 *   v_floors(value, inverse, width)   int32, floor(value / width), where inverse and width are
 *                                     powers of two and 1 / each other
 *   OCT_LEAST, OCT_GREATEST           the names of v_min and v_max where these tell 0 from -0
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_MEASURE_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_MEASURE_H

#include <string.h>

#include "runtime/backend/cpu/kernels/ref/ref.h"
#include "runtime/backend/cpu/kernels/vector/config.h"

#ifndef OCT_LEAST
#define OCT_LEAST v_min
#define OCT_GREATEST v_max
#endif

enum { MEASURED_VECTORS = OCT_REGISTERS / 8, BINS_BLOCK = 64 };

/* Over all channels: the least, the greatest, and zeros where all sums are finite. */
struct measured {
    v_float lowest, highest, zeros;
};

/* `vectors` and `lanes`, those of the last vector, are known where it is called. */
static inline __attribute__((always_inline)) void
measure_channels(const struct oct_measures *seen, const struct oct_pixel_run *run, int first,
                 const int vectors, const int lanes, struct measured *all)
{
    v_float minimum[MEASURED_VECTORS], maximum[MEASURED_VECTORS], sum[MEASURED_VECTORS],
        square[MEASURED_VECTORS];
    const float *pixel = run->values + first;
    for (int v = 0; v < vectors; v++) {
        const int at = first + v * OCT_LANES;
        minimum[v] = v_load_floats(seen->minimum + at, lanes);
        maximum[v] = v_load_floats(seen->maximum + at, lanes);
        sum[v] = v_load_floats(seen->sum + at, lanes);
        square[v] = v_load_floats(seen->square + at, lanes);
    }
    for (int x = 0; x < run->count; x++, pixel += run->stride) {
        for (int v = 0; v < vectors; v++) {
            const v_float value = v_load_floats(pixel + v * OCT_LANES, lanes);
            minimum[v] = OCT_LEAST(value, minimum[v]);
            maximum[v] = OCT_GREATEST(value, maximum[v]);
            sum[v] = v_add(sum[v], value);
            square[v] = v_add(square[v], v_mul(value, value));
        }
    }
    for (int v = 0; v < vectors; v++) {
        const int at = first + v * OCT_LANES;
        v_store_floats(seen->minimum + at, minimum[v], lanes);
        v_store_floats(seen->maximum + at, maximum[v], lanes);
        v_store_floats(seen->sum + at, sum[v], lanes);
        v_store_floats(seen->square + at, square[v], lanes);
        all->lowest = v_min(minimum[v], all->lowest);
        all->highest = v_max(maximum[v], all->highest);
        all->zeros = v_add(all->zeros, v_mul(sum[v], v_set(0.0f)));
    }
}

static bool all_fit(const struct measured *all, float low, float high)
{
    float lowest[OCT_LANES], highest[OCT_LANES], zeros[OCT_LANES];
    bool fit = true;
    v_store_floats(lowest, all->lowest, OCT_LANES);
    v_store_floats(highest, all->highest, OCT_LANES);
    v_store_floats(zeros, all->zeros, OCT_LANES);
    for (int i = 0; i < OCT_LANES; i++)
        fit = fit && lowest[i] >= low && highest[i] < high && zeros[i] == 0.0f;
    return fit;
}

static bool measure(const struct oct_measures *seen, const struct oct_pixel_run *run, float low,
                    float high)
{
    /* lanes behind the channels are zeros, which fit */
    struct measured all = {v_set(0.0f), v_set(0.0f), v_set(0.0f)};
    const int channels = run->channels;
    bool fit = true;
    int c = 0;
    for (; c + MEASURED_VECTORS * OCT_LANES <= channels; c += MEASURED_VECTORS * OCT_LANES)
        measure_channels(seen, run, c, MEASURED_VECTORS, OCT_LANES, &all);
    for (; c + OCT_LANES <= channels; c += OCT_LANES)
        measure_channels(seen, run, c, 1, OCT_LANES, &all);
    for (; c + 4 <= channels; c += 4)
        measure_channels(seen, run, c, 1, 4, &all);
    for (; c < channels; c++)
        fit = oct_measure_channel_ref(seen, run, c, low, high) && fit;
    return all_fit(&all, low, high) && fit;
}

/* `count`, a multiple of OCT_LANES, is known where it is called. */
OCT_INLINE void count_block(const float *values, const int count, v_float inverse, v_float width,
                            v_int middle, uint32_t *counts)
{
    uint32_t places[BINS_BLOCK];
    for (int p = 0; p < count; p += OCT_LANES)
        v_store_int(places + p, v_add_int(v_floors(v_load(values + p), inverse, width), middle));
    for (int p = 0; p < count; p += 4) {
        OCT_UNROLL
        for (int i = 0; i < 4; i++)
            counts[places[p + i]]++;
    }
}

static void count_bins(const struct oct_bins *bins, const float *values, size_t count,
                       uint32_t *counts)
{
    const v_float inverse = v_set(bins->inverse), width = v_set(bins->width);
    const v_int middle = v_broadcast_int(&bins->middle);
    size_t i = 0;
    for (; i + BINS_BLOCK <= count; i += BINS_BLOCK)
        count_block(values + i, BINS_BLOCK, inverse, width, middle, counts);
    for (; i + 16 <= count; i += 16)
        count_block(values + i, 16, inverse, width, middle, counts);
    for (; i + OCT_LANES <= count; i += OCT_LANES)
        count_block(values + i, OCT_LANES, inverse, width, middle, counts);
    oct_count_bins_ref(bins, values + i, count - i, counts);
}

#endif
