/* SPDX-License-Identifier: Apache-2.0 */
/* Where symmetric codes of files and an engine's codes go apart, and where they must not: spans of
 * nothing, percentiles, and the search for least squared error. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/quantize/activation.h"
#include "compiler/quantize/entropy.h"

static uint64_t bins[OCT_HISTOGRAM_BINS];
static uint32_t counts[OCT_HISTOGRAM_BINS];

static struct oct_histogram histogram_of(const float *values, size_t count)
{
    struct oct_histogram h;
    float low = values[0], high = values[0];
    memset(bins, 0, sizeof bins);
    oct_histogram_init(&h, bins);
    for (size_t i = 1; i < count; i++) {
        low = fminf(low, values[i]);
        high = fmaxf(high, values[i]);
    }
    oct_histogram_widen(&h, low, high);
    oct_histogram_count(&h, values, count, counts);
    oct_histogram_take(&h, counts, 0, OCT_HISTOGRAM_BINS);
    return h;
}

static float file_scale(const struct oct_calibrator *calibrator, const struct oct_histogram *h)
{
    return oct_symmetric_scale(oct_symmetric_magnitude(calibrator, h));
}

/* Zeros alone, too little to count, and what a percentile of 60 leaves of one value in four. */
static void spans_of_nothing(void **state)
{
    (void)state;
    static const struct {
        float values[4];
        bool for_percentile_only;
    } cases[] = {
        {{0.0f, 0.0f, -0.0f, 0.0f}, false},
        {{1e-36f, -1e-36f, 0.0f, 0.0f}, false},
        {{0.0f, 0.0f, 0.0f, -1e7f}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int kind = 0; kind <= OCT_CALIBRATOR_MINMAX_TRT; kind++) {
            if (cases[i].for_percentile_only && kind != OCT_CALIBRATOR_PERCENTILE)
                continue;
            const struct oct_calibrator calibrator = {(enum oct_calibrator_kind)kind, 60.0};
            const struct oct_histogram h = histogram_of(cases[i].values, 4);
            const struct oct_quantization coding = oct_calibrate_tensor(&calibrator, &h);
            if (coding.scale != 1.0f / 255.0f || coding.zero_point != 0)
                fail_msg("case %zu, calibrator %d: scale %g, zero point %d", i, kind,
                         (double)coding.scale, coding.zero_point);
            assert_true(file_scale(&calibrator, &h) == 1.0f / 127.0f);
        }
}

/* Calibrators that are symmetric themselves give engines and files one scale. */
static void same_for_both(void **state)
{
    (void)state;
    float values[500];
    for (int i = 0; i < 500; i++)
        values[i] = sinf((float)i) * (float)i * 0.01f - 0.5f;
    const struct oct_histogram h = histogram_of(values, 500);
    for (int kind = OCT_CALIBRATOR_ENTROPY; kind <= OCT_CALIBRATOR_MINMAX_TRT; kind++) {
        const struct oct_calibrator calibrator = {(enum oct_calibrator_kind)kind, 60.0};
        const struct oct_quantization coding = oct_calibrate_tensor(&calibrator, &h);
        assert_int_equal(coding.zero_point, 128);
        assert_true(coding.scale == file_scale(&calibrator, &h));
    }
}

/* A percentile's larger side, in whole codes of the engine's. */
static void percentile(void **state)
{
    (void)state;
    float values[1000];
    for (int i = 0; i < 1000; i++)
        values[i] = (float)(i - 300) / 100.0f; /* -3 to 6.99 */
    const struct oct_histogram h = histogram_of(values, 1000);
    const struct oct_calibrator calibrator = {OCT_CALIBRATOR_PERCENTILE, 95.0};
    const struct oct_quantization coding = oct_calibrate_tensor(&calibrator, &h);
    const double magnitude = oct_symmetric_magnitude(&calibrator, &h);
    assert_true(magnitude == (double)coding.scale * (255 - coding.zero_point));
    assert_true(fabs(magnitude - 6.49) < 0.02);
}

/* One search, two forms: a lone value far out is given up in both, where what it costs is less than
 * the others gain; symmetric codes have half as many for the others, and so give up more. */
static void both_searches(void **state)
{
    (void)state;
    static float values[20001];
    for (int i = 0; i < 20000; i++)
        values[i] = (float)(i % 200) / 100.0f;
    values[20000] = 40.0f;
    const struct oct_histogram h = histogram_of(values, 20001);
    const struct oct_calibrator mse = {OCT_CALIBRATOR_MSE, 0.0};
    const struct oct_quantization coding = oct_calibrate_tensor(&mse, &h);
    const float scale = file_scale(&mse, &h);
    double least = INFINITY, least_symmetric = INFINITY;
    for (int i = 0; i < 96; i++) {
        const double end = 40.0 * (0.05 + 0.95 * i / 95);
        least = fmin(least, oct_coding_squared_error(&h, oct_coding_of_range(0.0, end)));
        least_symmetric = fmin(least_symmetric, oct_symmetric_error(&h, oct_symmetric_scale(end)));
    }
    assert_true(oct_coding_squared_error(&h, coding) <= least * (1.0 + 1e-9));
    assert_true(oct_symmetric_error(&h, scale) <= least_symmetric * (1.0 + 1e-9));
    assert_true(255.0f * coding.scale < 39.0f && 127.0f * scale < 255.0f * coding.scale * 1.01f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_of_nothing),
        cmocka_unit_test(same_for_both),
        cmocka_unit_test(percentile),
        cmocka_unit_test(both_searches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
