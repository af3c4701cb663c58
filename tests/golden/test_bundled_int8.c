/* SPDX-License-Identifier: Apache-2.0 */
/* The bundled model in INT8, by recorded scales (bundled.cache): the same bits everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bundled.h"
#include "counting_context.h"
#include "data.h"
#include "models.h"
#include "same_bits.h"

enum { SIZE = 320 };

static struct test_context test;
static octet_engine *engine;

static int set_up(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    octet_cache *cache;
    octet_build_settings settings;
    octet_info info;
    test_context_init(&test);
    octet_context *ctx = &test.context;
    test_project_path(path, "tests/golden/bundled.cache");
    assert_int_equal(octet_cache_load(ctx, path, &cache), OCTET_OK);
    octet_model *model = test_data_model(ctx, BUNDLED_MODEL);
    octet_build_defaults(&settings);
    settings.cache = cache;
    assert_int_equal(octet_build(ctx, model, NULL, &settings, &engine), OCTET_OK);
    octet_engine_info(engine, &info);
    assert_int_equal(info.precision, OCTET_PRECISION_INT8);
    octet_model_free(&model);
    octet_cache_free(&cache);
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
    json_t *all = test_bundled("pictures"), *entry;
    octet_session_settings settings;
    size_t i;
    octet_session_defaults(&settings);
    settings.height = settings.width = SIZE;
    json_array_foreach(json_object_get(all, "pictures"), i, entry)
    {
        const char *name = test_bundled_text(entry, "image");
        octet_image *image = test_data_image(&test.context, name);
        struct test_bits bits = test_bits_of(&test.context, engine, &settings, image);
        test_expect_digest(bits.output, bits.count * sizeof *bits.output,
                           test_bundled_text(entry, "int8_output"), name);
        free(bits.output);
        octet_image_free(&image);
    }
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
