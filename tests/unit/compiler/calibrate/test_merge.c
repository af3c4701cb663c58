/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics that are merged: the bytes of those gathered in one go. */
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
#include "random.h"
#include "small_detector.h"

#define PICTURES 12
#define ROUNDS 4

static octet_calibration *start(const octet_model *of, int side, int include_padding)
{
    octet_calibration *calibration;
    octet_calibration_settings settings;
    octet_calibration_defaults(&settings);
    settings.threads = 1;
    settings.height = settings.width = side;
    settings.include_padding = include_padding;
    assert_int_equal(octet_calibration_create(&test.context, of, &settings, &calibration),
                     OCTET_OK);
    return calibration;
}

/* Pictures differ in shape; every fourth one is dark, so that its values lie in narrower bins. */
static void add(octet_calibration *calibration, int index)
{
    octet_image *image;
    if (index % 4 == 3) {
        static const uint8_t dark[3 * 48 * 48] = {1, 2, 3};
        assert_int_equal(
            octet_image_copy_rgb(&test.context, dark, 48, 8 + index, (size_t)3 * 48, &image),
            OCTET_OK);
    } else {
        image = test_picture(&test.context, 40 + 8 * index, 64, (uint64_t)index);
    }
    assert_int_equal(octet_calibration_add(calibration, image), OCTET_OK);
    octet_image_free(&image);
}

static octet_statistics *take(octet_calibration *calibration)
{
    octet_statistics *statistics;
    assert_int_equal(octet_calibration_finish(calibration, &statistics), OCTET_OK);
    return statistics;
}

static octet_statistics *gather(const octet_model *of, int side, int include_padding, int picture)
{
    octet_calibration *calibration = start(of, side, include_padding);
    add(calibration, picture);
    octet_statistics *statistics = take(calibration);
    octet_calibration_free(&calibration);
    return statistics;
}

static unsigned char *bytes_of(const octet_statistics *statistics, size_t *size)
{
    assert_int_equal(octet_statistics_save(&test.context, statistics, path), OCTET_OK);
    return test_read_file(path, size);
}

static void shuffle(int *order, int count, struct test_random *random)
{
    for (int i = count - 1; i > 0; i--) {
        const int j = test_int(random, 0, i), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

static void assert_same(const octet_statistics *statistics, const unsigned char *bytes, size_t size)
{
    size_t other_size;
    unsigned char *other = bytes_of(statistics, &other_size);
    assert_int_equal(size, other_size);
    assert_memory_equal(bytes, other, size);
    free(other);
}

/* Dealt out to so many shards in a random order, gathered by one calibration that begins anew for
 * each; merged in a random order. */
static octet_statistics *in_shards(octet_calibration *calibration, int shards,
                                   struct test_random *random)
{
    int pictures[PICTURES], order[PICTURES];
    octet_statistics *shard[PICTURES];
    for (int i = 0; i < PICTURES; i++)
        pictures[i] = order[i] = i;
    shuffle(pictures, PICTURES, random);
    shuffle(order, shards, random);
    for (int s = 0; s < shards; s++) {
        assert_int_equal(octet_calibration_restart(calibration), OCTET_OK);
        for (int i = s; i < PICTURES; i += shards)
            add(calibration, pictures[i]);
        shard[s] = take(calibration);
    }
    octet_statistics *merged = shard[order[0]];
    for (int s = 1; s < shards; s++) {
        assert_int_equal(octet_statistics_merge(merged, shard[order[s]]), OCTET_OK);
        octet_statistics_free(&shard[order[s]]);
    }
    return merged;
}

static void same_bytes(void **state)
{
    (void)state;
    static const int shards[] = {1, 2, 3, 7, PICTURES};
    struct test_random random = test_random_of(41);
    octet_calibration *calibration = start(model, 0, 0);
    for (int i = 0; i < PICTURES; i++)
        add(calibration, i);
    octet_statistics *whole = take(calibration);
    size_t size;
    unsigned char *bytes = bytes_of(whole, &size);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < sizeof shards / sizeof *shards; i++) {
            octet_statistics *merged = in_shards(calibration, shards[i], &random);
            assert_same(merged, bytes, size);
            octet_statistics_free(&merged);
        }
    }
    free(bytes);
    octet_statistics_free(&whole);
    octet_calibration_free(&calibration);
}

/* Through files, whose histograms are cut to what they hold; and with themselves: twice. */
static void loaded_and_twice(void **state)
{
    (void)state;
    size_t size;
    octet_statistics *a = gather(model, 0, 0, 3), *b = gather(model, 0, 0, 4), *loaded;
    octet_calibration *calibration = start(model, 0, 0);
    for (int i = 0; i < 4; i++)
        add(calibration, 3 + i / 2);
    octet_statistics *whole = take(calibration);
    unsigned char *bytes = bytes_of(whole, &size);
    assert_int_equal(octet_statistics_save(&test.context, b, path), OCTET_OK);
    assert_int_equal(octet_statistics_load(&test.context, path, &loaded), OCTET_OK);
    assert_int_equal(octet_statistics_merge(loaded, a), OCTET_OK);
    assert_int_equal(octet_statistics_merge(loaded, loaded), OCTET_OK);
    assert_same(loaded, bytes, size);
    free(bytes);
    octet_statistics_free(&whole);
    octet_calibration_free(&calibration);
    octet_statistics_free(&loaded);
    octet_statistics_free(&a);
    octet_statistics_free(&b);
}

static void refused(octet_statistics *to, octet_statistics *other, const char *reason)
{
    size_t size;
    unsigned char *before = bytes_of(to, &size);
    assert_int_equal(octet_statistics_merge(to, other), OCTET_MISMATCH);
    assert_non_null(strstr(octet_statistics_message(to), reason));
    assert_same(to, before, size);
    free(before);
    octet_statistics_free(&other);
}

static void others_are_refused(void **state)
{
    (void)state;
    octet_statistics *to = gather(model, 0, 0, 1);
    octet_model *other = test_model(&test.context, TEST_DETECTOR_SMALL, 8);
    refused(to, gather(other, 0, 0, 1), "belong to another model");
    refused(to, gather(model, 0, 1, 1), "whether padding was counted");
    assert_int_equal(octet_statistics_merge(to, NULL), OCTET_INVALID_ARGUMENT);
    assert_non_null(strstr(octet_statistics_message(to), "must not be NULL"));
    assert_int_equal(octet_statistics_merge(NULL, to), OCTET_INVALID_ARGUMENT);
    octet_statistics_free(&to);
    octet_model_free(&other);
}

static void restart_forgets(void **state)
{
    (void)state;
    octet_statistics *from = gather(model, 0, 0, 0), *alone = gather(model, 0, 0, 5), *none;
    octet_calibration_settings settings;
    octet_calibration_defaults(&settings);
    settings.threads = 1;
    settings.from = from;
    octet_calibration *calibration;
    assert_int_equal(octet_calibration_create(&test.context, model, &settings, &calibration),
                     OCTET_OK);
    add(calibration, 2);
    assert_int_equal(octet_calibration_restart(calibration), OCTET_OK);
    assert_int_equal(octet_calibration_finish(calibration, &none), OCTET_INVALID_STATE);
    add(calibration, 5);
    octet_statistics *again = take(calibration);
    size_t size;
    unsigned char *bytes = bytes_of(alone, &size);
    assert_same(again, bytes, size);
    free(bytes);
    assert_int_equal(octet_calibration_restart(NULL), OCTET_INVALID_ARGUMENT);
    octet_statistics_free(&again);
    octet_statistics_free(&alone);
    octet_statistics_free(&from);
    octet_calibration_free(&calibration);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loaded_and_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(others_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(restart_forgets, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
