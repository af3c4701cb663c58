/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses one factor for each group of tensors, and zero points by each one's own low end. */
#include "compiler/quantize/shared_codes.h"

#include <math.h>

static const struct oct_histogram *histogram_of(const struct oct_shared_codes *with, int tensor)
{
    return &with->statistics->tensors[tensor].histogram;
}

static bool is_symmetric(const struct oct_calibrator *calibrator)
{
    return calibrator->kind == OCT_CALIBRATOR_ENTROPY ||
           calibrator->kind == OCT_CALIBRATOR_MINMAX_TRT;
}

/* The common coding with its scale times the factor, and the low end where the tensor's own has
 * it. */
static struct oct_quantization scaled(const struct oct_shared_codes *with, int tensor,
                                      struct oct_quantization own, double factor)
{
    const struct oct_quantization common = with->common[tensor];
    const float scale = (float)((double)common.scale * factor);
    const double low = rint((double)own.scale * own.zero_point / (double)scale);
    if (!oct_scale_valid(scale))
        return common;
    if (is_symmetric(&with->calibrator))
        return (struct oct_quantization){scale, common.zero_point};
    return (struct oct_quantization){scale, low > 255.0 ? 255 : (int)low};
}

/* Of coding, against the variance. */
static double error_of(const struct oct_shared_codes *with, int tensor,
                       struct oct_quantization coding)
{
    const double spread = with->spreads[tensor];
    return spread > 0.0 ? oct_coding_squared_error(histogram_of(with, tensor), coding) / spread
                        : 0.0;
}

/* Nothing that varied has no say. */
static bool votes(const struct oct_shared_codes *with, int tensor, int group)
{
    return with->group[tensor] == group && with->spreads[tensor] > 0.0;
}

static double factor_of(const struct oct_shared_codes *with, int tensor,
                        const struct oct_quantization *own)
{
    return (double)own[tensor].scale / (double)with->common[tensor].scale;
}

/* `own` is what the calibrator makes of each record alone. */
static double choose_factor(const struct oct_shared_codes *with, int group,
                            const struct oct_quantization *own)
{
    const bool largest = with->calibrator.kind == OCT_CALIBRATOR_MINMAX ||
                         with->calibrator.kind == OCT_CALIBRATOR_MINMAX_TRT;
    const int count = with->statistics->tensor_count;
    double best = 1.0, least = INFINITY;
    for (int i = 0; i < count; i++) {
        if (!votes(with, i, group))
            continue;
        const double factor = factor_of(with, i, own);
        double error = largest ? -factor : 0.0;
        for (int j = 0; j < count && !largest; j++)
            if (votes(with, j, group))
                error += error_of(with, j, scaled(with, j, own[j], factor));
        if (error < least) {
            least = error;
            best = factor;
        }
    }
    return best;
}

static int members_of(const struct oct_shared_codes *with, int group)
{
    int members = 0;
    for (int i = 0; i < with->statistics->tensor_count; i++)
        members += with->group[i] == group;
    return members;
}

static bool is_first(const struct oct_shared_codes *with, int tensor)
{
    for (int i = 0; i < tensor; i++)
        if (with->group[i] == with->group[tensor])
            return false;
    return true;
}

static double mean_regret(const struct oct_shared_codes *with,
                          const struct oct_quantization *codings)
{
    double sum = 0.0;
    int count = 0;
    for (int i = 0; i < with->statistics->tensor_count; i++) {
        if (with->group[i] < 0)
            continue;
        const double common = error_of(with, i, with->common[i]);
        const double own = error_of(with, i, codings[i]);
        sum += common > 0.0 && own > 0.0 ? 10.0 * log10(common / own) : 0.0;
        count++;
    }
    return count ? sum / count : 0.0;
}

double oct_codings_of_size(const struct oct_shared_codes *with, struct oct_quantization *codings)
{
    const int count = with->statistics->tensor_count;
    for (int i = 0; i < count; i++) {
        codings[i] = oct_calibrate_tensor(&with->calibrator, histogram_of(with, i));
        with->spreads[i] = oct_histogram_spread(histogram_of(with, i));
    }
    for (int i = 0; i < count; i++) {
        const int group = with->group[i];
        if (group < 0 || !is_first(with, i) || members_of(with, group) == 1)
            continue;
        const double factor = choose_factor(with, group, codings);
        for (int j = i; j < count; j++)
            if (with->group[j] == group)
                codings[j] = scaled(with, j, codings[j], factor);
    }
    return mean_regret(with, codings);
}
