/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the range that all parts of statistics share beside those that each would choose alone. */
#include "evaluate/shared_ranges.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/quantize/activation.h"
#include "evaluate/range_fit.h"

/* The real numbers that a coding's ends stand for. */
static void span_of(struct oct_quantization coding, double *low, double *high)
{
    *low = -(double)coding.zero_point * (double)coding.scale;
    *high = (255.0 - coding.zero_point) * (double)coding.scale;
}

static octet_shared_range compare(const struct oct_tensor_record *record,
                                  struct oct_quantization shared,
                                  const struct oct_calibrator *calibrator)
{
    const struct oct_quantization alone = oct_calibrate_tensor(calibrator, &record->histogram);
    octet_shared_range range = {.name = record->name};
    span_of(alone, &range.low, &range.high);
    span_of(shared, &range.shared_low, &range.shared_high);
    range.noise = oct_range_fit(record, alone, NULL).noise;
    range.shared_noise = oct_range_fit(record, shared, NULL).noise;
    range.regret = range.shared_noise - range.noise;
    return range;
}

static int by_regret(const void *a, const void *b)
{
    const octet_shared_range *x = a, *y = b;
    const int names = strcmp(x->name, y->name);
    if (x->regret < y->regret || x->regret > y->regret)
        return x->regret < y->regret ? 1 : -1;
    return names ? names : x->part - y->part;
}

octet_status oct_ranges_shared(octet_context *ctx, const octet_statistics *statistics,
                               const char *name, octet_shared_range *ranges)
{
    struct oct_calibrator calibrator;
    size_t count = 0;
    if (!oct_calibrator_parse(name, &calibrator))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, OCT_CALIBRATOR_UNKNOWN, name);
    for (int i = 0; i < statistics->tensor_count; i++) {
        const struct oct_quantization shared =
            oct_calibrate_tensor(&calibrator, &statistics->tensors[i].histogram);
        for (int p = 0; p < statistics->part_count; p++) {
            ranges[count] = compare(&statistics->parts[p]->tensors[i], shared, &calibrator);
            ranges[count++].part = p;
        }
    }
    qsort(ranges, count, sizeof *ranges, by_regret);
    return OCTET_OK;
}
