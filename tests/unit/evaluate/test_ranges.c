/* SPDX-License-Identifier: Apache-2.0 */
/* How ranges fit, on histograms and codes made by hand, and the watch's median and gap. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/quantize/activation.h"
#include "compiler/quantize/code_noise.h"
#include "counting_context.h"
#include "evaluate/range_fit.h"
#include "runtime/engine/engine_contents.h"

static struct test_context test;
static uint64_t bins[OCT_HISTOGRAM_BINS];
static const struct oct_calibrator mse = {OCT_CALIBRATOR_MSE, OCT_PERCENTILE_DEFAULT};

static void assert_close(double value, double expected, double within)
{
    if (!(fabs(value - expected) <= within))
        fail_msg("%.9g, not %.9g", value, expected);
}

/* Bins 1/64 wide: `count` values in each of those from 0 to `high`, and `beyond` at 4 * high. */
static struct oct_tensor_record record_of(int high, uint64_t count, uint64_t beyond)
{
    struct oct_tensor_record record = {.name = "t", .channels = 1};
    struct oct_histogram *h = &record.histogram;
    memset(bins, 0, sizeof bins);
    oct_histogram_init(h, bins);
    oct_histogram_widen(h, 0.0f, 255.9f);
    for (int i = 0; i < 64 * high; i++)
        bins[OCT_HISTOGRAM_HALF + i] = count;
    bins[OCT_HISTOGRAM_HALF + 64 * 4 * high] = beyond;
    h->first = OCT_HISTOGRAM_HALF;
    h->last = OCT_HISTOGRAM_HALF + 64 * 4 * high + 1;
    h->count = (uint64_t)(64 * high) * count + beyond;
    assert_close(oct_histogram_width(h), 1.0 / 64.0, 0.0);
    return record;
}

/* Uniform values over [0, 32): error s * s / 12, variance 32 * 32 / 12. */
static void uniform(void **state)
{
    (void)state;
    const struct oct_tensor_record record = record_of(32, 10, 0);
    const octet_range_fit spans =
        oct_range_fit(&record, (struct oct_quantization){32.0f / 255, 0}, &mse);
    assert_close(spans.noise, -20.0 * log10(255.0), 0.4);
    assert_close(spans.clipped, 0.0, 0.0);
    assert_close(spans.best, spans.noise, 0.4);
    assert_true(isnan(spans.calibration));
    /* Four times too wide: 12 dB more, and three of four codes are without a value. */
    const octet_range_fit wide =
        oct_range_fit(&record, (struct oct_quantization){128.0f / 255, 0}, &mse);
    assert_close(wide.noise - spans.noise, 20.0 * log10(4.0), 0.15);
    assert_int_equal(wide.unused, 256 - 65);
    assert_close(wide.best, spans.best, 0.0);
}

/* One value of 1,000 lies at 128, of which codes to 32 make 32: its error is 96 * 96. */
static void clipped(void **state)
{
    (void)state;
    const struct oct_tensor_record record = record_of(32, 1000, 2048);
    const struct oct_quantization coding = {32.0f / 255, 0};
    const octet_range_fit fit = oct_range_fit(&record, coding, &mse);
    assert_close(fit.clipped, 2048.0 / (double)record.histogram.count, 1e-9);
    const double share = fit.clipped, step = 32.0 / 255, at = 128.0 + 1.0 / 128.0;
    const double error = (1 - share) * step * step / 12.0 + share * (at - 32.0) * (at - 32.0);
    const double mean = (1 - share) * 16.0 + share * at;
    const double square = (1 - share) * 32.0 * 32.0 / 3.0 + share * at * at;
    assert_close(fit.noise, 10.0 * log10(error / (square - mean * mean)), 0.1);
    assert_true(fit.noise - fit.best > 10.0);
    /* What spans all of it is no better than the least error, and here worse. */
    const struct oct_calibrator minmax = {OCT_CALIBRATOR_MINMAX, OCT_PERCENTILE_DEFAULT};
    const octet_range_fit all = oct_range_fit(&record, coding, &minmax);
    const struct oct_quantization spans = oct_calibrate_tensor(&minmax, &record.histogram);
    assert_close(all.best, oct_range_fit(&record, spans, &minmax).noise, 0.0);
    assert_close(all.noise, fit.noise, 0.0);
    assert_true(all.best > fit.best);
}

static octet_range_fit tensor(const char *name, double noise, double best, double calibration,
                              double share)
{
    return (octet_range_fit){
        .name = name, .clipped = share, .noise = noise, .best = best, .calibration = calibration};
}

static void verdicts(void **state)
{
    (void)state;
    const double unknown = (double)NAN;
    octet_range_fit ranges[] = {tensor("b", -33, -30, -30, 0), tensor("a", -26.5, -30, -31, 1e-3),
                                tensor("c", -30, -30.1, -30.5, 1e-3)};
    octet_fit fit = oct_fit_of(ranges, 3);
    assert_string_equal(ranges[0].name, "a"); /* the most harmed first */
    assert_string_equal(ranges[1].name, "c");
    assert_close(fit.rise, 2.0 / 3.0, 1e-9);
    assert_close(fit.loss, 3.6 / 3.0, 1e-9); /* what "b" gains is not set against it */
    assert_int_equal(fit.worse, 1);
    assert_int_equal(fit.clipping, 1);
    ranges[0].noise = -26.6;
    assert_int_equal(oct_fit_of(ranges, 3).fits, 1);
    ranges[0].noise = -26.4;
    assert_int_equal(oct_fit_of(ranges, 3).fits, 0);
    /* Harder pictures, for which there is no better range: nothing to be gained. */
    ranges[0].noise = ranges[0].best = -20;
    fit = oct_fit_of(ranges, 3);
    assert_true(fit.rise > OCTET_FIT_RISE);
    assert_int_equal(fit.fits, 1);
    /* Without the best, the rise decides. */
    octet_range_fit codes[] = {tensor("a", -28.1, unknown, -30, 0)};
    fit = oct_fit_of(codes, 1);
    assert_true(isnan(fit.loss));
    assert_int_equal(fit.fits, 1);
    codes[0].noise = -27.9;
    assert_int_equal(oct_fit_of(codes, 1).fits, 0);
    /* Without what was before, the loss does as ever. */
    octet_range_fit alone[] = {tensor("a", -28.7, -30, unknown, 0)};
    fit = oct_fit_of(alone, 1);
    assert_true(isnan(fit.rise));
    assert_int_equal(fit.fits, 0);
}

/* Rounding's twelfth, against a variance known by heart; tails at both ends. */
static void code_noise(void **state)
{
    (void)state;
    uint64_t counts[OCT_CODES] = {0};
    for (int i = 0; i < 255; i++)
        counts[i] = 7;
    const double flat = 10.0 * log10(1.0 / (255.0 * 255.0 - 1.0));
    assert_close(oct_codes_noise(counts, 0), flat, 1e-9);
    assert_close(oct_codes_clipped(counts, 0), 0.0, 0.0);
    assert_int_equal(oct_codes_unused(counts), 1);
    /* An exponential tail of scale 20 that is cut off at 255: what lies beyond has the same. */
    double total = 0.0, square = 0.0, mean = 0.0;
    for (int i = 0; i < OCT_CODES; i++) {
        const double last = i == 255 ? 1.0 / (1.0 - exp(-1.0 / 20.0)) : 1.0;
        counts[i] = (uint64_t)(1e12 * exp(-i / 20.0) * last);
        total += (double)counts[i];
        mean += (double)i * (double)counts[i];
        square += (double)i * i * (double)counts[i];
    }
    mean /= total;
    const double error = 1.0 / 12.0 + 2.0 * 20.0 * 20.0 * (double)counts[255] / total;
    const double expected = 10.0 * log10(error / (square / total - mean * mean));
    assert_close(oct_codes_noise(counts, 0), expected, 0.05);
    assert_close(oct_codes_clipped(counts, 0), (double)counts[255] / total, 1e-12);
    /* The lower end counts where values go on below it. */
    assert_true(oct_codes_noise(counts, 128) > oct_codes_noise(counts, 0) + 9.0);
    assert_close(oct_codes_clipped(counts, 128), (double)(counts[255] + counts[0]) / total, 1e-12);
}

/* ---- the watch ---- */

/* Two layers whose codes are flat over 0 to 254 on the calibration's pictures. */
static const char *key = OCT_CALIBRATION_NOISE, *known = "0:-48.13 1:-48.13";
static struct oct_tensor tensors[] = {
    {.name = "images", .kind = OCT_TENSOR_INPUT, .channels = 3, .quantization = {1.0f / 255, 0}},
    {.name = "a", .kind = OCT_TENSOR_LAYER, .channels = 1, .quantization = {0.1f, 0}},
    {.name = "b", .kind = OCT_TENSOR_LAYER, .channels = 1, .quantization = {0.1f, 0}},
    {.name = "f", .kind = OCT_TENSOR_LAYER, .type = OCT_TYPE_F32, .channels = 1},
};
static struct oct_layer layers[] = {{.output = 1}, {.output = 2}, {.output = 3}};
static octet_engine engine = {
    .set_count = 1,
    .network = {.tensor_count = 4, .layer_count = 3, .tensors = tensors, .layers = layers},
    .provenance_count = 1,
    .provenance_keys = &key,
    .provenance_values = &known,
};

static octet_drift *open_watch(void)
{
    octet_drift *drift = NULL;
    if (octet_drift_create(&test.context, &engine, &drift) != OCTET_OK)
        fail_msg("%s", test.context.message);
    return drift;
}

/* A picture whose codes are flat over 0 to `codes` - 1, in both layers; its rows go on beyond. */
static octet_drift_state look(octet_drift *drift, int codes)
{
    octet_drift_state state;
    uint8_t pixels[2][320];
    memset(pixels, 255, sizeof pixels); /* the padding, which is not to be seen */
    for (int i = 0; i < 255; i++)
        pixels[1][i] = (uint8_t)(i * codes / 255);
    const octet_tensor_view view = {.name = "a",
                                    .channels = 1,
                                    .height = 2,
                                    .width = 320,
                                    .type = OCTET_ELEMENT_U8,
                                    .data = pixels,
                                    .row_elements = 320,
                                    .pixel_elements = 1};
    const octet_letterbox where = {.target_width = 320,
                                   .target_height = 2,
                                   .resized_width = 255,
                                   .resized_height = 1,
                                   .pad_top = 1};
    for (int layer = 0; layer < 3; layer++)
        octet_drift_look(drift, layer, &view, &where);
    octet_drift_next(drift, &state);
    return state;
}

static void hysteresis(void **state)
{
    (void)state;
    octet_drift *drift = open_watch();
    octet_drift_state now = {0};
    for (int i = 0; i < 7; i++) {
        now = look(drift, 255);
        assert_int_equal(now.changed, -1);
        assert_close(now.last, 0.0, 0.01);
    }
    now = look(drift, 32); /* one odd picture: 18 dB */
    assert_close(now.last, 20.0 * log10(255.0 / 32.0), 0.1);
    assert_close(now.median, 0.0, 0.01);
    assert_int_equal(now.changed, 0);
    for (int i = 0; i < 9; i++)
        now = look(drift, 255);
    for (int i = 0; i < 4; i++)
        now = look(drift, 190); /* 2.5 dB: not yet the most of nine */
    assert_int_equal(now.changed, 0);
    now = look(drift, 190);
    assert_int_equal(now.changed, 1);
    for (int i = 0; i < 9; i++)
        now = look(drift, 235); /* 0.7 dB, between the limits: as it was */
    assert_close(now.median, 0.71, 0.05);
    assert_int_equal(now.changed, 1);
    for (int i = 0; i < 9; i++)
        now = look(drift, 250);
    assert_int_equal(now.changed, 0);
    for (int i = 0; i < 9; i++)
        now = look(drift, 235);
    assert_int_equal(now.changed, 0);
    octet_drift_free(&drift);
    assert_null(drift);
}

static void all_pictures(void **state)
{
    (void)state;
    octet_range_fit ranges[3];
    octet_fit fit;
    octet_drift *drift = open_watch();
    for (int i = 0; i < 9; i++)
        look(drift, 64);
    octet_drift_fit(drift, ranges, &fit);
    assert_int_equal(fit.tensors, 2);
    assert_string_equal(ranges[0].name, "a");
    assert_int_equal(ranges[0].unused, 256 - 64);
    assert_close(fit.rise, 12.0, 0.1);
    assert_true(isnan(fit.loss) && !fit.fits);
    assert_int_equal(fit.worse, 2);
    assert_int_equal(fit.clipping, 0);
    octet_drift_free(&drift);
}

/* What an engine's text may not be; and memory that is short. */
static void bad_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",      "0",     "0:",     "0:x",   "0:-48 ", "0:-48 0:-48", "1:-4 0:-4",
        "2:-48", "3:-48", "-1:-48", "0:nan", "0:-1e9", "0:-48,1:-4",  "x:-48"};
    const char *before = known;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        octet_drift *drift = (octet_drift *)&test;
        known = texts[i];
        if (octet_drift_create(&test.context, &engine, &drift) != OCTET_MISMATCH || drift)
            fail_msg("\"%s\" was taken", texts[i]);
    }
    known = before;
    for (int i = 0; i < 2; i++) {
        octet_drift *drift;
        test.fail_at = test.calls + i;
        assert_int_equal(octet_drift_create(&test.context, &engine, &drift), OCTET_OUT_OF_MEMORY);
        assert_null(drift);
    }
    test.fail_at = -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform),     cmocka_unit_test(clipped),
        cmocka_unit_test(verdicts),    cmocka_unit_test(code_noise),
        TEST_WITHIN(hysteresis, test), TEST_WITHIN(all_pictures, test),
        TEST_WITHIN(bad_texts, test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
