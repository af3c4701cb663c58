/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms depend on the values alone: not on their order, nor on how they were spread. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/calibrate/histogram.h"
#include "random.h"

struct counted {
    struct oct_histogram histogram;
    uint64_t bins[OCT_HISTOGRAM_BINS];
};

static uint32_t counts[OCT_HISTOGRAM_BINS];

static struct counted *create(void)
{
    struct counted *c = calloc(1, sizeof *c);
    assert_non_null(c);
    oct_histogram_init(&c->histogram, c->bins);
    return c;
}

/* As the observer does it. */
static void add(struct counted *c, const float *values, size_t count)
{
    float minimum = values[0], maximum = values[0];
    for (size_t i = 1; i < count; i++) {
        minimum = values[i] < minimum ? values[i] : minimum;
        maximum = values[i] > maximum ? values[i] : maximum;
    }
    oct_histogram_widen(&c->histogram, minimum, maximum);
    oct_histogram_count(&c->histogram, values, count, counts);
    oct_histogram_take(&c->histogram, counts, oct_histogram_bin(&c->histogram, minimum),
                       oct_histogram_bin(&c->histogram, maximum) + 1);
    for (int i = 0; i < OCT_HISTOGRAM_BINS; i++)
        assert_int_equal(counts[i], 0);
}

static void expect_same(const struct counted *a, const struct counted *b)
{
    const struct oct_histogram *x = &a->histogram, *y = &b->histogram;
    assert_int_equal(x->exponent, y->exponent);
    assert_int_equal(x->first, y->first);
    assert_int_equal(x->last, y->last);
    assert_true(x->count == y->count);
    assert_true(x->minimum == y->minimum && x->maximum == y->maximum);
    assert_memory_equal(a->bins, b->bins, sizeof a->bins);
}

/* Values of very different sizes, most small; now and then the extremes of a float. */
static float random_value(struct test_random *random)
{
    const int kind = test_int(random, 0, 99);
    if (kind < 5)
        return 0.0f;
    if (kind < 60)
        return test_float(random, -1.0f, 3.0f);
    const float value = test_float(random, -1.0f, 1.0f);
    return ldexpf(value, test_int(random, kind < 98 ? -20 : -140, kind < 98 ? 10 : 30));
}

/* Each value counted on its own, by the definition, at the exponent that was found. */
static void check_by_definition(const struct counted *c, const float *values, size_t count)
{
    const struct oct_histogram *h = &c->histogram;
    uint64_t *expected = calloc(OCT_HISTOGRAM_BINS, sizeof *expected);
    assert_non_null(expected);
    float minimum = values[0], maximum = values[0];
    for (size_t i = 0; i < count; i++) {
        const double bin = floor(ldexp((double)values[i], -h->exponent));
        assert_true(bin >= -OCT_HISTOGRAM_HALF && bin < OCT_HISTOGRAM_HALF);
        expected[(int)bin + OCT_HISTOGRAM_HALF]++;
        assert_int_equal(oct_histogram_bin(h, values[i]), (int)bin + OCT_HISTOGRAM_HALF);
        minimum = fminf(minimum, values[i]);
        maximum = fmaxf(maximum, values[i]);
    }
    assert_memory_equal(expected, c->bins, OCT_HISTOGRAM_BINS * sizeof *expected);
    assert_true(h->minimum == minimum && h->maximum == maximum && h->count == count);
    assert_int_equal(h->first, oct_histogram_bin(h, minimum));
    assert_int_equal(h->last, oct_histogram_bin(h, maximum) + 1);
    /* no wider than it must be */
    const double low = ldexp((double)minimum, 1 - h->exponent);
    const double high = ldexp((double)maximum, 1 - h->exponent);
    assert_true(h->exponent == OCT_HISTOGRAM_EXPONENT_MIN || floor(low) < -OCT_HISTOGRAM_HALF ||
                floor(high) >= OCT_HISTOGRAM_HALF);
    free(expected);
}

static void order_and_merging(void **state)
{
    (void)state;
    enum { COUNT = 600 };
    static float values[COUNT], shuffled[COUNT];
    struct test_random random = test_random_of(1);
    for (int round = 0; round < 60; round++) {
        const float scale = ldexpf(1.0f, test_int(&random, -40, 60));
        for (int i = 0; i < COUNT; i++)
            values[i] = shuffled[i] = random_value(&random) * scale;
        for (int i = COUNT - 1; i > 0; i--) {
            const int other = test_int(&random, 0, i);
            const float moved = shuffled[i];
            shuffled[i] = shuffled[other];
            shuffled[other] = moved;
        }
        struct counted *whole = create(), *pieces = create(), *merged = create();
        add(whole, values, COUNT);
        check_by_definition(whole, values, COUNT);
        for (size_t at = 0; at < COUNT;) { /* random splits */
            size_t length = (size_t)test_int(&random, 1, 200);
            length = length < COUNT - at ? length : COUNT - at;
            struct counted *part = create();
            add(pieces, shuffled + at, length);
            add(part, shuffled + at, length);
            if (test_int(&random, 0, 1)) { /* either way round */
                oct_histogram_merge(&merged->histogram, &part->histogram);
                free(part);
            } else {
                oct_histogram_merge(&part->histogram, &merged->histogram);
                free(merged);
                merged = part;
            }
            at += length;
        }
        expect_same(whole, pieces);
        expect_same(whole, merged);
        free(whole);
        free(pieces);
        free(merged);
    }
}

static void empty(void **state)
{
    (void)state;
    struct counted *a = create(), *b = create();
    oct_histogram_merge(&a->histogram, &b->histogram);
    expect_same(a, b);
    assert_true(a->histogram.count == 0);
    add(a, (const float[]){1.0f, -2.0f}, 2);
    struct counted *copy = create();
    add(copy, (const float[]){1.0f, -2.0f}, 2);
    oct_histogram_merge(&a->histogram, &b->histogram);
    expect_same(a, copy);
    oct_histogram_merge(&b->histogram, &a->histogram);
    expect_same(b, copy);
    free(a);
    free(b);
    free(copy);
}

/* A value on an edge lies in the bin above it, on both sides of 0. */
static void edges(void **state)
{
    (void)state;
    struct counted *c = create();
    const float values[] = {16383.5f, -16384.0f, 0.0f, -0.0f, 1.0f, -1.0f, -1.5f, 1.5f, -2.0f};
    add(c, values, sizeof values / sizeof values[0]);
    assert_int_equal(c->histogram.exponent, 0);
    assert_true(c->bins[OCT_HISTOGRAM_BINS - 1] == 1);
    assert_true(c->bins[0] == 1);
    assert_true(c->bins[OCT_HISTOGRAM_HALF] == 2);
    assert_true(c->bins[OCT_HISTOGRAM_HALF + 1] == 2);
    assert_true(c->bins[OCT_HISTOGRAM_HALF - 1] == 1);
    assert_true(c->bins[OCT_HISTOGRAM_HALF - 2] == 2);
    add(c, (const float[]){16384.0f}, 1); /* one more than fits: neighbours are joined */
    assert_int_equal(c->histogram.exponent, 1);
    assert_true(c->bins[OCT_HISTOGRAM_HALF] == 4);
    assert_true(c->bins[OCT_HISTOGRAM_HALF - 1] == 3);
    assert_true(c->bins[OCT_HISTOGRAM_HALF - 8192] == 1);
    assert_true(oct_histogram_width(&c->histogram) == 2.0);
    free(c);
}

/* The largest and smallest floats, of either sign and alone. */
static void extremes(void **state)
{
    (void)state;
    static const float cases[][3] = {
        {FLT_MAX, -FLT_MAX, 0.0f},
        {FLT_MAX, FLT_MAX, FLT_MAX},
        {-FLT_MAX, -FLT_MAX, -1.0f},
        {FLT_TRUE_MIN, -FLT_TRUE_MIN, 0.0f},
        {-FLT_TRUE_MIN, -FLT_TRUE_MIN, -FLT_TRUE_MIN},
        {-1e30f, -FLT_TRUE_MIN, -1e-30f},
        {1e30f, FLT_TRUE_MIN, 1e-30f},
        {-FLT_MIN, FLT_MIN, -1e38f},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct counted *c = create(), *d = create();
        add(c, cases[i], 3);
        check_by_definition(c, cases[i], 3);
        for (int v = 0; v < 3; v++)
            add(d, &cases[i][2 - v], 1);
        expect_same(c, d);
        free(c);
        free(d);
    }
}

static void large_counts(void **state)
{
    (void)state;
    struct counted *a = create(), *b = create();
    add(a, (const float[]){1.0f}, 1);
    add(b, (const float[]){1.0f}, 1);
    for (int i = 0; i < 62; i++) {
        oct_histogram_merge(&a->histogram, &b->histogram);
        oct_histogram_merge(&b->histogram, &a->histogram);
        if (b->histogram.count > (uint64_t)1 << 40)
            break;
    }
    assert_true(b->histogram.count > UINT32_MAX);
    assert_true(b->bins[oct_histogram_bin(&b->histogram, 1.0f)] == b->histogram.count);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_merging),
        cmocka_unit_test(empty),
        cmocka_unit_test(edges),
        cmocka_unit_test(extremes),
        cmocka_unit_test(large_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
