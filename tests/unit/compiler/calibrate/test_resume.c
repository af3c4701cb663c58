/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrations that go on from statistics gathered before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "calibrated.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "small_detector.h"

static octet_calibration_settings settings_from(const octet_statistics *from)
{
    octet_calibration_settings settings;
    octet_calibration_defaults(&settings);
    settings.threads = 1;
    settings.from = from;
    return settings;
}

/* Pictures first .. first + count - 1, added to what `from` (or NULL) has. */
static octet_statistics *gather(const octet_statistics *from, int first, int count)
{
    const octet_calibration_settings settings = settings_from(from);
    octet_calibration *calibration;
    octet_statistics *statistics;
    assert_int_equal(octet_calibration_create(&test.context, model, &settings, &calibration),
                     OCTET_OK);
    for (int i = first; i < first + count; i++) {
        octet_image *image = test_picture(&test.context, 60 + 8 * i, 64, (uint64_t)i);
        assert_int_equal(octet_calibration_add(calibration, image), OCTET_OK);
        octet_image_free(&image);
    }
    assert_int_equal(octet_calibration_finish(calibration, &statistics), OCTET_OK);
    octet_calibration_free(&calibration);
    return statistics;
}

static unsigned char *bytes_of(const octet_statistics *statistics, size_t *size)
{
    assert_int_equal(octet_statistics_save(&test.context, statistics, path), OCTET_OK);
    return test_read_file(path, size);
}

/* In one go, and cut at every place with a file in between, the bytes are the same. */
static void same_bytes(void **state)
{
    (void)state;
    enum { PICTURES = 4 };
    octet_statistics *whole = gather(NULL, 0, PICTURES);
    size_t size, other_size;
    unsigned char *bytes = bytes_of(whole, &size);
    octet_statistics_free(&whole);
    for (int cut = 1; cut <= PICTURES; cut++) {
        octet_statistics *part = gather(NULL, 0, cut), *loaded;
        assert_int_equal(octet_statistics_set_note(part, "half-way"), OCTET_OK);
        assert_int_equal(octet_statistics_save(&test.context, part, path), OCTET_OK);
        octet_statistics_free(&part);
        assert_int_equal(octet_statistics_load(&test.context, path, &loaded), OCTET_OK);
        octet_statistics *rest = gather(loaded, cut, PICTURES - cut);
        octet_statistics_free(&loaded);
        unsigned char *other = bytes_of(rest, &other_size);
        octet_statistics_free(&rest);
        assert_int_equal(size, other_size);
        assert_memory_equal(bytes, other, size);
        free(other);
    }
    free(bytes);
}

static void notes(void **state)
{
    (void)state;
    static const char text[] = "a \"note\", one line\nand another \xc3\xa9";
    octet_statistics *statistics = gather(NULL, 0, 1), *loaded;
    octet_statistics_info info;
    octet_statistics_info_get(statistics, &info);
    assert_string_equal(info.note, "");
    assert_int_equal(octet_statistics_set_note(statistics, "first"), OCTET_OK);
    assert_int_equal(octet_statistics_set_note(statistics, text), OCTET_OK);
    assert_int_equal(octet_statistics_set_note(statistics, "\xff"), OCTET_INVALID_ARGUMENT);
    assert_string_equal(octet_statistics_message(statistics), "the note is not UTF-8");
    assert_int_equal(octet_statistics_set_note(statistics, NULL), OCTET_INVALID_ARGUMENT);
    assert_non_null(strstr(octet_statistics_message(statistics), "note must not be NULL"));
    assert_string_equal(octet_statistics_message(NULL), "");
    assert_int_equal(octet_statistics_set_note(NULL, text), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_statistics_save(&test.context, statistics, path), OCTET_OK);
    assert_int_equal(octet_statistics_load(&test.context, path, &loaded), OCTET_OK);
    octet_statistics_info_get(loaded, &info);
    assert_string_equal(info.note, text);
    octet_statistics_free(&statistics);
    octet_statistics_free(&loaded);
}

static void refuse(const octet_model *of, const octet_calibration_settings *settings,
                   const char *why)
{
    octet_calibration *calibration;
    assert_int_equal(octet_calibration_create(&test.context, of, settings, &calibration),
                     OCTET_MISMATCH);
    assert_null(calibration);
    if (!strstr(test.context.message, why))
        fail_msg("%s", test.context.message);
}

static void mismatches(void **state)
{
    (void)state;
    octet_statistics *statistics = gather(NULL, 0, 1);
    octet_calibration_settings settings = settings_from(statistics);
    settings.width = 96;
    refuse(model, &settings, "at 64x64, not at 64x96");
    settings = settings_from(statistics);
    settings.include_padding = 1;
    refuse(model, &settings, "padding");
    settings = settings_from(statistics);
    octet_model *other = test_model(&test.context, TEST_DETECTOR_SMALL, 8);
    refuse(other, &settings, "another model");
    octet_model_free(&other);
    other = test_model(&test.context, TEST_DETECTOR_TINY, 7);
    refuse(other, &settings, "another model");
    octet_model_free(&other);
    octet_statistics_free(&statistics);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(same_bytes), TEST(notes), TEST(mismatches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
