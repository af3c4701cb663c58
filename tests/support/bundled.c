/* SPDX-License-Identifier: Apache-2.0 */
/* The recorded expectations read, and digests compared with theirs. */
#include "bundled.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "data.h"

json_t *test_bundled(const char *key)
{
    char path[TEST_PATH_BYTES];
    json_error_t error;
    json_t *all = json_load_file(test_project_path(path, "tests/golden/bundled.json"), 0, &error);
    if (!all)
        fail_msg("%s: %s", path, error.text);
    assert_int_equal(json_array_size(json_object_get(all, key)), BUNDLED_PICTURES);
    return all;
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
