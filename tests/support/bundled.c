/* SPDX-License-Identifier: Apache-2.0 */
/* The recorded expectations read, and digests compared with theirs. */
#include "bundled.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "data.h"
#include "models.h"
#include "same_bits.h"

static json_t *load(const char *relative, const char *key)
{
    char path[TEST_PATH_BYTES];
    json_error_t error;
    json_t *all = json_load_file(test_project_path(path, relative), 0, &error);
    if (!all)
        fail_msg("%s: %s", path, error.text);
    assert_int_equal(json_array_size(json_object_get(all, key)), BUNDLED_PICTURES);
    return all;
}

json_t *test_bundled(const char *key)
{
    return load("tests/golden/bundled.json", key);
}

json_t *test_bundled_family(const char *family, const char *key)
{
    char relative[TEST_PATH_BYTES];
    snprintf(relative, sizeof relative, "tests/golden/bundled-%s.json", family);
    return load(relative, key);
}

octet_engine *test_bundled_int8(octet_context *ctx, const char *path, const char *cache_path)
{
    char absolute[TEST_PATH_BYTES];
    octet_cache *cache;
    octet_engine *engine;
    octet_build_settings settings;
    octet_info info;
    if (octet_cache_load(ctx, test_project_path(absolute, cache_path), &cache) != OCTET_OK)
        fail_msg("%s", octet_context_message(ctx));
    octet_model *model = test_data_model(ctx, path);
    octet_build_defaults(&settings);
    settings.cache = cache;
    if (octet_build(ctx, model, NULL, &settings, &engine) != OCTET_OK)
        fail_msg("%s", octet_context_message(ctx));
    octet_engine_info(engine, &info);
    assert_int_equal(info.precision, OCTET_PRECISION_INT8);
    octet_model_free(&model);
    octet_cache_free(&cache);
    return engine;
}

void test_bundled_outputs(octet_context *ctx, const octet_engine *engine, json_t *all, int size)
{
    json_t *entry;
    octet_session_settings settings;
    size_t i;
    octet_session_defaults(&settings);
    settings.height = settings.width = size;
    json_array_foreach(json_object_get(all, "pictures"), i, entry)
    {
        const char *name = test_bundled_text(entry, "image");
        octet_image *image = test_data_image(ctx, name);
        struct test_bits bits = test_bits_of(ctx, engine, &settings, image);
        test_expect_digest(bits.output, bits.count * sizeof *bits.output,
                           test_bundled_text(entry, "int8_output"), name);
        free(bits.output);
        octet_image_free(&image);
    }
}

const char *test_bundled_text(json_t *entry, const char *key)
{
    const char *text = json_string_value(json_object_get(entry, key));
    if (!text)
        fail_msg("bundled.json: no %s", key);
    return text;
}

int test_bundled_number(json_t *entry, const char *key)
{
    json_t *number = json_object_get(entry, key);
    if (!json_is_integer(number))
        fail_msg("bundled.json: no %s", key);
    return (int)json_integer_value(number);
}

void test_expect_digest(const void *bytes, size_t size, const char *wanted, const char *what)
{
    uint8_t digest[32];
    char hex[65];
    oct_sha256(bytes, size, digest);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    if (strcmp(hex, wanted) != 0)
        fail_msg("%s: the bytes' SHA-256 is %s, not %s", what, hex, wanted);
}
