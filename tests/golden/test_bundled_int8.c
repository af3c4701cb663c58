/* SPDX-License-Identifier: Apache-2.0 */
/* The bundled model in INT8, by recorded scales (bundled.cache): the same bits everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bundled.h"
#include "counting_context.h"
#include "same_bits.h"

enum { SIZE = 320 };

static struct test_context test;
static octet_engine *engine;

static int set_up(void **state)
{
    (void)state;
    test_context_init(&test);
    engine = test_bundled_int8(&test.context, BUNDLED_MODEL, "tests/golden/bundled.cache");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    octet_engine_free(&engine);
    return test.live;
}

/* Outputs of all pictures are the recorded ones: of every machine, compiler and kernel set. */
static void recorded(void **state)
{
    (void)state;
    json_t *all = test_bundled("pictures");
    test_bundled_outputs(&test.context, engine, all, SIZE);
    json_decref(all);
}

static void square(void **state)
{
    (void)state;
    test_same_bits(&test.context, engine, SIZE, SIZE, "demo/images/test/test-00.jpg");
}

static void wide(void **state)
{
    (void)state;
    test_same_bits(&test.context, engine, 224, 416, "demo/images/test/test-01.jpg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded),
        cmocka_unit_test(square),
        cmocka_unit_test(wide),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
