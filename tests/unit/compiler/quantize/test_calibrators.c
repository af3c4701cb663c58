/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrators on histograms worked by hand and against every candidate tried. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/quantize/activation.h"
#include "random.h"

static uint64_t bins[OCT_HISTOGRAM_BINS];
static uint32_t counts[OCT_HISTOGRAM_BINS];

static struct oct_histogram histogram_of(const float *values, size_t count)
{
    struct oct_histogram h;
    memset(bins, 0, sizeof bins);
    oct_histogram_init(&h, bins);
    for (size_t i = 0; i < count; i++) {
        oct_histogram_widen(&h, values[i], values[i]);
        oct_histogram_count(&h, &values[i], 1, counts);
        const int bin = oct_histogram_bin(&h, values[i]);
        oct_histogram_take(&h, counts, bin, bin + 1);
    }
    return h;
}

static struct oct_quantization calibrate(enum oct_calibrator_kind kind,
                                         const struct oct_histogram *h)
{
    return oct_calibrate_tensor(&(struct oct_calibrator){kind, OCT_PERCENTILE_DEFAULT}, h);
}

static void ranges(void **state)
{
    (void)state;
    static const struct {
        double low, high, scale;
        int zero_point;
    } cases[] = {
        {0.0, 255.0, 1.0, 0},
        {-127.0, 128.0, 1.0, 127},
        {-255.0, 0.0, 1.0, 255},
        {-0.5, 2.05, 0.01, 50},
        {2.0, 5.1, 0.02, 0}, /* widened to contain 0 */
        {-5.1, -2.0, 0.02, 255},
        {0.0, 0.0, 1.0 / 255.0, 0},
        {-1e-40, 1e-40, 1.0 / 255.0, 0},
        {-0.2785, 8.0, 8.2785 / 255.0, 9}, /* 8.58 */
        {-3e38, 3e38, 6e38 / 255.0, 128},  /* 127.5 goes to even */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct oct_quantization coding = oct_coding_of_range(cases[i].low, cases[i].high);
        if (!(fabs((double)coding.scale - cases[i].scale) <= 1e-7 * cases[i].scale) ||
            coding.zero_point != cases[i].zero_point)
            fail_msg("[%g, %g]: %g, %d", cases[i].low, cases[i].high, (double)coding.scale,
                     coding.zero_point);
    }
}

/* What a calibrator makes of values around `shift`, all positive where it is 5, all negative where
 * it is -5, of both signs where it is 0. */
static void check_zero(enum oct_calibrator_kind kind, const struct oct_histogram *h, float shift)
{
    const struct oct_quantization coding = calibrate(kind, h);
    const double low = fmin((double)h->minimum, 0.0), high = fmax((double)h->maximum, 0.0);
    const double scale = (double)coding.scale, magnitude = fmax(-low, high);
    if (kind >= OCT_CALIBRATOR_ENTROPY) {
        assert_int_equal(coding.zero_point, 128);
        /* the last of entropy's 2048 thresholds is the middle of a bin behind the maximum */
        assert_true(scale > 0.0 &&
                    scale * 127.0 <= magnitude * (1.0 + 0.5 / 2048.0) * (1.0 + 1e-6));
        if (kind == OCT_CALIBRATOR_MINMAX_TRT)
            assert_true(scale * 127.0 >= magnitude * (1.0 - 1e-6));
        return;
    }
    if (shift > 0.0f)
        assert_int_equal(coding.zero_point, 0);
    else if (shift < 0.0f)
        assert_int_equal(coding.zero_point, 255);
    else
        assert_in_range(coding.zero_point, 1, 254); /* both signs have codes */
    if (kind != OCT_CALIBRATOR_PERCENTILE)          /* the low end is kept */
        assert_int_equal(coding.zero_point, fmin(rint(-low / scale), 255.0));
    assert_true(scale > 0.0 && scale * 255.0 <= (high - low) * (1.0 + 1e-6));
    if (kind == OCT_CALIBRATOR_MINMAX)
        assert_true(scale * 255.0 >= (high - low) * (1.0 - 1e-6));
}

/* Zero has a code of its own, which padding writes: the lowest where nothing is negative, the
 * highest where nothing is positive, the middle of symmetric ones. */
static void zero(void **state)
{
    (void)state;
    struct test_random random = test_random_of(1);
    for (int round = 0; round < 200; round++) {
        float values[50];
        const float scale = ldexpf(1.0f, test_int(&random, -30, 30));
        const float shift = round % 4 ? 0.0f : round % 8 ? 5.0f : -5.0f;
        for (int i = 0; i < 50; i++)
            values[i] = scale * (test_float(&random, -1.0f, 1.0f) + shift);
        const struct oct_histogram h = histogram_of(values, 50);
        for (int c = 0; c <= OCT_CALIBRATOR_MINMAX_TRT; c++)
            check_zero((enum oct_calibrator_kind)c, &h, shift);
    }
}

static void minmax(void **state)
{
    (void)state;
    const float values[] = {-1.0f, 0.25f, 4.1f, 2.0f};
    const struct oct_histogram h = histogram_of(values, 4);
    const struct oct_quantization coding = calibrate(OCT_CALIBRATOR_MINMAX, &h);
    assert_true(fabs((double)coding.scale - 5.1 / 255.0) < 1e-8);
    assert_int_equal(coding.zero_point, 50);
}

static double error_of(const struct oct_histogram *h, double scale, int zero_point)
{
    double error = 0.0;
    for (int i = 0; i < OCT_HISTOGRAM_BINS; i++) {
        if (!h->bins[i])
            continue;
        const double x = (i - OCT_HISTOGRAM_HALF + 0.5) * oct_histogram_width(h);
        double code = rint((double)((float)x * (1.0f / (float)scale))) + zero_point;
        code = code < 0.0 ? 0.0 : code > 255.0 ? 255.0 : code;
        const double off = x - (code - zero_point) * scale;
        error += (double)h->bins[i] * off * off;
    }
    return error;
}

/* Bins of width 1 around 0 and far out: by hand. */
static void squared_error(void **state)
{
    (void)state;
    /* 16383 fixes the width at 1: bin centres are 10.5 (twice), -3.5 and 16383.5 */
    const float values[] = {10.0f, 10.9f, -3.5f, 16383.0f};
    const struct oct_histogram h = histogram_of(values, 4);
    assert_true(oct_histogram_width(&h) == 1.0);
    /* codes of 4 from -16 to 1004: 10.5 -> 12 (2.625 to 3), -3.5 -> -4, 16383.5 -> 1004 */
    const struct oct_quantization coding = {4.0f, 4};
    const double expected = 2 * 1.5 * 1.5 + 0.5 * 0.5 + (16383.5 - 1004.0) * (16383.5 - 1004.0);
    assert_true(fabs(oct_coding_squared_error(&h, coding) - expected) < 1e-6);
    assert_true(fabs(error_of(&h, 4.0, 4) - expected) < 1e-6);
}

/* The best of minmax and of 96 high ends from 0.05 to 1.00 of the span. */
static void least_squares(void **state)
{
    (void)state;
    struct test_random random = test_random_of(2);
    int clipped = 0;
    for (int round = 0; round < 20; round++) {
        enum { COUNT = 20000 };
        static float values[COUNT];
        const float width = test_float(&random, 0.01f, 50.0f);
        for (int i = 0; i < COUNT; i++) { /* a hill and a few far out */
            const float hill = test_float(&random, -1.0f, 1.0f) + test_float(&random, -1.0f, 1.0f) +
                               test_float(&random, -1.0f, 1.0f);
            values[i] = width * (i % 10000 ? fmaxf(hill, -0.2785f) : 10.0f * fabsf(hill));
        }
        const struct oct_histogram h = histogram_of(values, COUNT);
        const double low = fmin((double)h.minimum, 0.0), span = (double)h.maximum - low;
        double least = INFINITY;
        for (int i = 0; i < 96; i++) {
            const struct oct_quantization coding =
                oct_coding_of_range(low, low + span * (0.05 + 0.01 * i));
            least = fmin(least, error_of(&h, (double)coding.scale, coding.zero_point));
        }
        const struct oct_quantization coding = calibrate(OCT_CALIBRATOR_MSE, &h);
        const double error = error_of(&h, (double)coding.scale, coding.zero_point);
        assert_true(fabs(error - oct_coding_squared_error(&h, coding)) <= 1e-9 * error);
        assert_true(error <= least * (1.0 + 1e-9));
        const struct oct_quantization wide = calibrate(OCT_CALIBRATOR_MINMAX, &h);
        clipped += coding.scale < 0.995f * wide.scale;
    }
    assert_true(clipped > 10); /* clipping pays on such tensors */
}

/* All alike, nothing at all, a single negative value. */
static void degenerate(void **state)
{
    (void)state;
    const float zeros[3] = {0.0f, 0.0f, -0.0f}, sevens[2] = {7.0f, 7.0f}, low[1] = {-2.55f};
    for (int c = 0; c <= OCT_CALIBRATOR_MINMAX_TRT; c++) {
        const enum oct_calibrator_kind kind = (enum oct_calibrator_kind)c;
        const bool symmetric = c >= OCT_CALIBRATOR_ENTROPY;
        for (size_t count = 0; count <= 3; count += 3) { /* the scale of nothing: 1/255 */
            const struct oct_histogram none = histogram_of(zeros, count);
            assert_true(calibrate(kind, &none).scale == 1.0f / 255.0f);
            assert_int_equal(calibrate(kind, &none).zero_point, 0);
        }
        struct oct_histogram h = histogram_of(low, 1);
        assert_int_equal(calibrate(kind, &h).zero_point, symmetric ? 128 : 255);
        h = histogram_of(sevens, 2);
        const struct oct_quantization coding = calibrate(kind, &h);
        const double code = fmin(rint(7.0 / (double)coding.scale), 255.0 - coding.zero_point);
        assert_true(fabs(code * (double)coding.scale - 7.0) < 0.06);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),        cmocka_unit_test(zero),
        cmocka_unit_test(minmax),        cmocka_unit_test(squared_error),
        cmocka_unit_test(least_squares), cmocka_unit_test(degenerate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
