/* SPDX-License-Identifier: Apache-2.0 */
/* Means and deviations of channels, from a tensor's statistics. */
#include "compiler/quantize/moments.h"

#include <math.h>

struct oct_moments oct_moments_of(const struct oct_tensor_record *record, int channel)
{
    const double count = (double)record->histogram.count / record->channels;
    if (!(count > 0.0))
        return (struct oct_moments){0.0, 0.0};
    const double mean = oct_sum_value(record->channel_sum[channel]) / count;
    const double square = oct_sum_value(record->channel_square[channel]) / count;
    return (struct oct_moments){mean, square > mean * mean ? sqrt(square - mean * mean) : 0.0};
}

octet_status oct_moments_make(octet_context *ctx, struct oct_arena *arena,
                              const struct oct_network *network, const octet_statistics *statistics,
                              const struct oct_moments *const **moments)
{
    const struct oct_moments **made =
        oct_arena_calloc(arena, (size_t)network->tensor_count, sizeof *made);
    if (!made)
        return oct_fail_memory(ctx, "the build");
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_tensor_record *record = &statistics->tensors[i];
        struct oct_moments *of = oct_arena_calloc(arena, (size_t)record->channels, sizeof *of);
        if (!of)
            return oct_fail_memory(ctx, "the build");
        for (int channel = 0; channel < record->channels; channel++)
            of[channel] = oct_moments_of(record, channel);
        made[network->layers[i].output] = of;
    }
    *moments = made;
    return OCTET_OK;
}
