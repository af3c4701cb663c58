/* SPDX-License-Identifier: Apache-2.0 */
/* IEEE's half precision against what its 16 bits stand for by definition. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/float16.h"

enum { CODES = 0x10000, INFINITE = 0x7c00 };

/* Of 15 bits, below infinity. */
static double magnitude_of(int code)
{
    const int exponent = code >> 10, fraction = code & 0x3ff;
    return exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
}

static void every_half(void **state)
{
    (void)state;
    for (int code = 0; code < CODES; code++) {
        const float value = oct_f16_value((uint16_t)code);
        const int rest = code & 0x7fff;
        if (rest > INFINITE) {
            assert_true(isnan(value) && isnan(oct_f16_value(oct_f16_of(value))));
        } else if (rest == INFINITE) {
            assert_true(isinf(value) && (signbit(value) != 0) == (code != rest));
            assert_int_equal(oct_f16_of(value), code - 1); /* the largest */
        } else {
            assert_true((double)value == (code == rest ? 1 : -1) * magnitude_of(rest));
            assert_true((signbit(value) != 0) == (code != rest));
            assert_int_equal(oct_f16_of(value), code);
        }
    }
}

/* Beside the middle of two neighbours, and on it: then to the even one. */
static void between_halves(void **state)
{
    (void)state;
    for (int code = 0; code < INFINITE - 1; code++) {
        const float middle = (float)((magnitude_of(code) + magnitude_of(code + 1)) / 2);
        for (int sign = 0; sign < 2; sign++) {
            const float one = sign ? -1.0f : 1.0f;
            const int base = sign << 15;
            assert_int_equal(oct_f16_of(one * middle), base | (code + (code & 1)));
            assert_int_equal(oct_f16_of(one * nextafterf(middle, 0.0f)), base | code);
            assert_int_equal(oct_f16_of(one * nextafterf(middle, 1e9f)), base | (code + 1));
        }
    }
}

static void beyond_halves(void **state)
{
    (void)state;
    static const float large[] = {65504.0f, 65519.0f, 65520.0f, 65536.0f, 1e30f, INFINITY};
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        assert_int_equal(oct_f16_of(large[i]), INFINITE - 1);
        assert_int_equal(oct_f16_of(-large[i]), 0x8000 | (INFINITE - 1));
    }
    assert_int_equal(oct_f16_of(0x1p-26f), 0);
    assert_int_equal(oct_f16_of(-1e-40f), 0x8000);
    assert_true(isnan(oct_f16_value(oct_f16_of(NAN))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_half),
                                       cmocka_unit_test(between_halves),
                                       cmocka_unit_test(beyond_halves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
