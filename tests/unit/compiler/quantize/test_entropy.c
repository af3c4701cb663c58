/* SPDX-License-Identifier: Apache-2.0 */
/* The symmetric calibrators and percentiles, on histograms that can be worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/quantize/activation.h"
#include "compiler/quantize/entropy.h"

/* The example of the talk that the method comes from: 8 bins, 2 levels. */
static void expands_as_in_the_talk(void **state)
{
    (void)state;
    const double reference[8] = {1, 0, 2, 3, 5, 3, 1, 7};
    const double expected[8] = {2, 0, 2, 2, 4, 4, 4, 4};
    double expanded[8];
    oct_entropy_expand(reference, 8, 2, expanded);
    for (int i = 0; i < 8; i++)
        assert_true(fabs(expanded[i] - expected[i]) < 1e-12);
}

static void diverges_as_worked_by_hand(void **state)
{
    (void)state;
    double scratch[8];
    const double even[4] = {1, 1, 1, 1};
    assert_true(fabs(oct_entropy_divergence(even, 4, 4, 2, scratch)) < 1e-15);
    /* P = (3, 1) / 4, Q = (2, 2) / 4 */
    const double uneven[2] = {3, 1};
    assert_true(fabs(oct_entropy_divergence(uneven, 2, 2, 1, scratch) -
                     (0.75 * log(1.5) + 0.25 * log(0.5))) < 1e-15);
    /* the mass beyond is in P alone: P = (1, 3) / 4, Q = (1, 1) / 2 */
    const double beyond[3] = {1, 1, 2};
    assert_true(fabs(oct_entropy_divergence(beyond, 3, 2, 1, scratch) -
                     (0.25 * log(0.5) + 0.75 * log(1.5))) < 1e-15);
    /* folded into an empty bin: Q cannot say so */
    const double hole[3] = {1, 0, 2};
    assert_true(isinf(oct_entropy_divergence(hole, 3, 2, 1, scratch)));
}

/* The search works on prefix sums; it must find what the definition finds. */
static void search_equals_the_definition(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 50; round++) {
        enum { TOTAL = 96, LEVELS = 8 };
        double counts[TOTAL], scratch[TOTAL], least = INFINITY;
        int best = TOTAL;
        for (int i = 0; i < TOTAL; i++)
            counts[i] = rand() % 4 ? floor(1000.0 * exp(-i / (1.0 + rand() % 30))) : 0.0;
        counts[0] = 5;
        for (int bins = LEVELS; bins <= TOTAL; bins++) {
            const double d = oct_entropy_divergence(counts, TOTAL, bins, LEVELS, scratch);
            if (d < least - 1e-12) {
                least = d;
                best = bins;
            }
        }
        const int found = oct_entropy_best_bins(counts, TOTAL, LEVELS);
        const double d = oct_entropy_divergence(counts, TOTAL, found, LEVELS, scratch);
        assert_true(found == best || fabs(d - least) < 1e-9);
    }
}

static uint64_t bins[OCT_HISTOGRAM_BINS];
static uint32_t counts[OCT_HISTOGRAM_BINS];

static void fill(struct oct_histogram *histogram, const float *values, size_t count)
{
    memset(bins, 0, sizeof bins);
    oct_histogram_init(histogram, bins);
    float low = values[0], high = values[0];
    for (size_t i = 1; i < count; i++) {
        low = fminf(low, values[i]);
        high = fmaxf(high, values[i]);
    }
    oct_histogram_widen(histogram, low, high);
    oct_histogram_count(histogram, values, count, counts);
    oct_histogram_take(histogram, counts, oct_histogram_bin(histogram, low),
                       oct_histogram_bin(histogram, high) + 1);
}

static void percentiles_cut_both_tails(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static float values[COUNT];
    struct oct_histogram histogram;
    struct oct_calibrator calibrator;
    for (int i = 0; i < COUNT; i++)
        values[i] = (float)i / 100.0f - 2.0f; /* -2 to 7.99 */
    fill(&histogram, values, COUNT);
    assert_true(oct_calibrator_parse("percentile:99", &calibrator));
    struct oct_quantization coding = oct_calibrate_tensor(&calibrator, &histogram);
    assert_true(fabs((double)coding.scale * 255.0 - 9.80) < 0.02); /* [-1.91, 7.89] */
    assert_true(oct_calibrator_parse("percentile:100", &calibrator));
    coding = oct_calibrate_tensor(&calibrator, &histogram);
    assert_true(fabs((double)coding.scale * 255.0 - 9.99) < 0.01);
}

static void magnitudes_are_symmetric(void **state)
{
    (void)state;
    const float values[] = {-0.25f, 0.0f, 1.0f, 2.54f};
    struct oct_histogram histogram;
    struct oct_calibrator calibrator;
    fill(&histogram, values, 4);
    assert_true(oct_calibrator_parse("minmax-trt", &calibrator));
    const struct oct_quantization coding = oct_calibrate_tensor(&calibrator, &histogram);
    assert_true(coding.scale == (float)((double)2.54f / 127.0));
    assert_int_equal(coding.zero_point, 128);
}

static void names_are_parsed(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "mean",
                                      "percentile:",
                                      "percentile:0",
                                      "percentile:50",
                                      "percentile:101",
                                      "percentile:99x",
                                      "entropy:1",
                                      "MSE"};
    struct oct_calibrator calibrator;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(oct_calibrator_parse(bad[i], &calibrator));
    assert_true(oct_calibrator_parse(NULL, &calibrator));
    assert_int_equal(calibrator.kind, OCT_CALIBRATOR_MSE);
    assert_true(oct_calibrator_parse("percentile", &calibrator));
    assert_true(calibrator.percentile == OCT_PERCENTILE_DEFAULT);
    assert_true(oct_calibrator_parse("entropy", &calibrator));
    assert_int_equal(calibrator.kind, OCT_CALIBRATOR_ENTROPY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expands_as_in_the_talk),
        cmocka_unit_test(diverges_as_worked_by_hand),
        cmocka_unit_test(search_equals_the_definition),
        cmocka_unit_test(percentiles_cut_both_tails),
        cmocka_unit_test(magnitudes_are_symmetric),
        cmocka_unit_test(names_are_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
