/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of several sizes, sources and shards: merged in any way they are the bytes of one run,
 * and what does not belong together is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/drift.h>

#include "calibrated.h"
#include "compiler/calibrate/calibration.h"
#include "compiler/quantize/moments.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "random.h"
#include "small_detector.h"

#define PICTURES 10

static const octet_input_size sizes[] = {{64, 64}, {32, 96}, {96, 96}};

static octet_calibration_settings settings_of(int size_count)
{
    octet_calibration_settings settings;
    octet_calibration_defaults(&settings);
    settings.threads = 1;
    settings.sizes = sizes;
    settings.size_count = size_count;
    return settings;
}

/* Every `step`-th of the pictures from `first` on, in an order of theirs; NULL: as they are. */
static octet_statistics *gather(const octet_calibration_settings *settings, const int *order,
                                int first, int step)
{
    octet_calibration *calibration;
    octet_statistics *statistics;
    assert_int_equal(octet_calibration_create(&test.context, model, settings, &calibration),
                     OCTET_OK);
    for (int i = first; i < PICTURES; i += step) {
        const int picture = order ? order[i] : i;
        octet_image *image = test_picture(&test.context, 40 + 8 * picture, 64, (uint64_t)picture);
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

static void assert_same(const octet_statistics *statistics, const octet_statistics *wanted)
{
    size_t size, wanted_size;
    unsigned char *bytes = bytes_of(statistics, &size);
    unsigned char *wanted_bytes = bytes_of(wanted, &wanted_size);
    assert_int_equal(size, wanted_size);
    assert_memory_equal(bytes, wanted_bytes, size);
    free(bytes);
    free(wanted_bytes);
}

/* Through a file. */
static octet_statistics *reloaded(octet_statistics *statistics)
{
    octet_statistics *loaded;
    assert_int_equal(octet_statistics_save(&test.context, statistics, path), OCTET_OK);
    assert_int_equal(octet_statistics_load(&test.context, path, &loaded), OCTET_OK);
    octet_statistics_free(&statistics);
    return loaded;
}

static void shuffle(int *order, int count, struct test_random *random)
{
    for (int i = count - 1; i > 0; i--) {
        const int j = test_int(random, 0, i), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

/* Merges two of them that are drawn, until one is left: any order and any tree. */
static octet_statistics *in_a_tree(octet_statistics **all, int count, struct test_random *random)
{
    while (count > 1) {
        const int a = test_int(random, 0, count - 1);
        int b = test_int(random, 0, count - 2);
        b += b >= a;
        if (octet_statistics_merge(all[a], all[b]) != OCTET_OK)
            fail_msg("%s", octet_statistics_message(all[a]));
        octet_statistics_free(&all[b]);
        all[b] = all[--count];
    }
    return reloaded(all[0]);
}

/* One run of all sizes; its shards, shuffled, with other numbers of threads, in any tree. */
static void shards_are_the_whole(void **state)
{
    (void)state;
    static const int counts[] = {1, 2, 3, 7}, threads[] = {1, 2, 4};
    struct test_random random = test_random_of(5);
    octet_calibration_settings settings = settings_of(3);
    octet_statistics *whole = gather(&settings, NULL, 0, 1);
    for (int round = 0; round < 2; round++) {
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            octet_statistics *shard[PICTURES];
            int order[PICTURES];
            for (int i = 0; i < PICTURES; i++)
                order[i] = i;
            shuffle(order, PICTURES, &random);
            settings.run = "a-run";
            settings.shards = counts[c];
            for (int s = 0; s < counts[c]; s++) {
                settings.shard = s + 1;
                settings.threads = threads[(round + s) % 3];
                shard[s] = gather(&settings, order, s, counts[c]);
                if (round == 0) /* files sync, which takes most of the time */
                    shard[s] = reloaded(shard[s]);
            }
            octet_statistics *merged = in_a_tree(shard, counts[c], &random);
            assert_same(merged, whole);
            octet_statistics_free(&merged);
        }
    }
    octet_statistics_free(&whole);
}

/* Sizes and sources that were gathered one by one, and together. */
static void parts_are_the_whole(void **state)
{
    (void)state;
    struct test_random random = test_random_of(6);
    octet_calibration_settings settings = settings_of(3);
    octet_statistics *wanted = gather(&settings, NULL, 0, 2), *cam;
    settings.source = "cam";
    cam = gather(&settings, NULL, 1, 2);
    assert_int_equal(octet_statistics_merge(wanted, cam), OCTET_OK);
    octet_statistics_free(&cam);
    octet_statistics *one[6];
    for (int i = 0; i < 6; i++) {
        settings.sizes = &sizes[i % 3];
        settings.size_count = 1;
        settings.source = i < 3 ? "cam" : NULL;
        one[i] = gather(&settings, NULL, i < 3, 2);
    }
    octet_statistics *merged = in_a_tree(one, 6, &random);
    assert_same(merged, wanted);
    octet_statistics_info info;
    octet_part_statistics part;
    octet_statistics_info_get(merged, &info);
    assert_int_equal(info.part_count, 6);
    assert_int_equal(info.image_count, 3 * PICTURES);
    assert_int_equal(info.input_height, 96);
    assert_int_equal(octet_statistics_part(merged, 1, &part), OCTET_OK);
    assert_true(part.height == 32 && part.width == 96 && strcmp(part.source, "cam") == 0);
    assert_int_equal(octet_statistics_part(merged, 6, &part), OCTET_INVALID_ARGUMENT);
    octet_statistics_free(&merged);
    octet_statistics_free(&wanted);
}

static unsigned char *engine_of(const octet_statistics *statistics, size_t *size)
{
    octet_engine *engine;
    assert_int_equal(octet_build(&test.context, model, statistics, NULL, &engine), OCTET_OK);
    unsigned char *bytes = test_engine_bytes(&test.context, engine, size);
    octet_engine_free(&engine);
    return bytes;
}

/* The codes of all tensors. */
static void codings_of(const octet_statistics *statistics, struct oct_quantization *codings)
{
    octet_engine *engine;
    assert_int_equal(octet_build(&test.context, model, statistics, NULL, &engine), OCTET_OK);
    for (int i = 0; i < engine->network.tensor_count; i++)
        codings[i] = engine->network.tensors[i].quantization;
    octet_engine_free(&engine);
}

#define TENSORS 64

/* A merge forgets what was found by the statistics before it. */
static void found_codings_are_forgotten(void **state)
{
    (void)state;
    octet_calibration_settings settings = settings_of(1);
    octet_statistics *all = gather(&settings, NULL, 0, 1), *a = gather(&settings, NULL, 0, 2);
    octet_statistics *b = gather(&settings, NULL, 1, 2);
    size_t size, before_size, wanted_size;
    unsigned char *before = engine_of(a, &before_size);
    assert_int_equal(octet_statistics_merge(a, b), OCTET_OK);
    unsigned char *after = engine_of(a, &size), *wanted = engine_of(all, &wanted_size);
    assert_int_equal(size, wanted_size);
    assert_memory_equal(after, wanted, size);
    assert_true(before_size != size || memcmp(before, after, size) != 0);
    free(before);
    free(after);
    free(wanted);
    octet_statistics_free(&all);
    octet_statistics_free(&a);
    octet_statistics_free(&b);
}

/* All the weight on one part is that part alone; equal ones differ from those by pictures. */
static void weights(void **state)
{
    (void)state;
    struct oct_quantization alone[TENSORS], weighed[TENSORS], other[TENSORS];
    octet_calibration_settings settings = settings_of(3);
    octet_statistics *all = gather(&settings, NULL, 0, 1), *cam;
    settings.source = "cam";
    cam = gather(&settings, NULL, 0, 4);
    assert_int_equal(octet_statistics_merge(all, cam), OCTET_OK);
    octet_statistics_free(&cam);
    settings = settings_of(1);
    octet_statistics *one = gather(&settings, NULL, 0, 1);
    assert_true(model->network.tensor_count <= TENSORS);
    memset(alone, 0, sizeof alone);
    memset(weighed, 0, sizeof weighed);
    memset(other, 0, sizeof other);
    codings_of(one, alone);
    assert_int_equal(octet_statistics_weigh(all, "0,0,2.5,0,0,0"), OCTET_OK);
    codings_of(all, weighed);
    assert_memory_equal(alone, weighed, sizeof alone);
    const struct oct_moments a = oct_moments_of(&one->tensors[0], 1);
    const struct oct_moments b = oct_moments_of(&all->tensors[0], 1);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(octet_statistics_weigh(all, "equal"), OCTET_OK);
    codings_of(all, weighed);
    assert_int_equal(octet_statistics_weigh(all, NULL), OCTET_OK);
    codings_of(all, other);
    assert_memory_not_equal(other, weighed, sizeof other);
    octet_statistics_info info;
    octet_statistics_info_get(all, &info);
    assert_string_equal(info.weights, "images");
    static const char *const bad[] = {
        "",           "1",      "1,2,3,4,5,6,7", "1,1,1,1,1,-1", "0,0,0,0,0,0", "1,1,1,1,1,nan",
        "1,1,1,1,1,", "equally"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(octet_statistics_weigh(all, bad[i]), OCTET_INVALID_ARGUMENT);
        assert_non_null(strstr(octet_statistics_message(all), "weights \""));
    }
    assert_int_equal(octet_statistics_weigh(NULL, "equal"), OCTET_INVALID_ARGUMENT);
    octet_statistics_free(&one);
    octet_statistics_free(&all);
}

/* Two parts of one size weigh by their pictures: as all of them in one part. */
static void sources_of_one_size(void **state)
{
    (void)state;
    struct oct_quantization together[TENSORS] = {{0}}, apart[TENSORS] = {{0}};
    octet_calibration_settings settings = settings_of(1);
    octet_statistics *all = gather(&settings, NULL, 0, 1), *a = gather(&settings, NULL, 0, 3), *b;
    settings.source = "cam";
    b = gather(&settings, NULL, 1, 3);
    assert_int_equal(octet_statistics_merge(a, b), OCTET_OK);
    octet_statistics_free(&b);
    settings.source = "other cam";
    b = gather(&settings, NULL, 2, 3);
    assert_int_equal(octet_statistics_merge(a, b), OCTET_OK);
    octet_statistics_free(&b);
    codings_of(all, together);
    codings_of(a, apart);
    assert_memory_equal(together, apart, sizeof apart);
    octet_statistics_free(&all);
    octet_statistics_free(&a);
}

/* What sharing costs: nothing for the part that weighs alone, something for another. */
static void regrets(void **state)
{
    (void)state;
    octet_calibration_settings settings = settings_of(3);
    octet_statistics *all = gather(&settings, NULL, 0, 1);
    octet_statistics_info info;
    octet_statistics_info_get(all, &info);
    const int count = 3 * info.tensor_count;
    octet_shared_range *ranges = calloc((size_t)count, sizeof *ranges);
    assert_non_null(ranges);
    assert_int_equal(octet_statistics_weigh(all, "0,1,0"), OCTET_OK);
    assert_int_equal(octet_ranges_shared(&test.context, all, NULL, ranges), OCTET_OK);
    int others = 0;
    for (int i = 0; i < count; i++) {
        const octet_shared_range *r = &ranges[i];
        assert_true(i == 0 || r->regret <= ranges[i - 1].regret);
        assert_true(r->low <= 0.0 && r->high > 0.0);
        if (r->part == 1)
            assert_true(r->regret == 0.0 && r->low == r->shared_low && r->high == r->shared_high);
        else
            others += r->regret > 0.0 && r->shared_noise > r->noise;
    }
    assert_true(others > info.tensor_count);
    assert_true(ranges[0].part != 1 && ranges[0].regret > 0.1);
    assert_int_equal(octet_ranges_shared(&test.context, all, "guess", ranges),
                     OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_ranges_shared(&test.context, NULL, NULL, ranges),
                     OCTET_INVALID_ARGUMENT);
    free(ranges);
    octet_statistics_free(&all);
}

static void refused(octet_statistics *to, const octet_statistics *other, const char *reason)
{
    octet_statistics *before;
    assert_int_equal(oct_statistics_copy(&test.context, to, &before), OCTET_OK);
    assert_int_equal(octet_statistics_merge(to, other), OCTET_MISMATCH);
    if (!strstr(octet_statistics_message(to), reason))
        fail_msg("%s, not %s", octet_statistics_message(to), reason);
    assert_same(to, before);
    octet_statistics_free(&before);
}

static void what_is_refused(void **state)
{
    (void)state;
    octet_calibration_settings settings = settings_of(2);
    settings.run = "a-run";
    settings.shards = 3;
    settings.shard = 2;
    octet_statistics *a = gather(&settings, NULL, 0, 3), *b = gather(&settings, NULL, 1, 3);
    refused(a, b, "shard 2/3 is in both");
    refused(a, a, "shard 2/3 is in both");
    octet_statistics_free(&b);
    settings.run = "another-run"; /* whose shard 2 is another one */
    b = gather(&settings, NULL, 1, 3);
    assert_int_equal(octet_statistics_merge(a, b), OCTET_OK);
    octet_statistics_info info;
    octet_statistics_info_get(a, &info);
    assert_string_equal(info.shards, "2/3 2/3");
    assert_string_equal(info.shards_missing, "1/3 3/3 1/3 3/3");
    /* a record of another name, at the same place */
    char *name = (char *)(uintptr_t)b->names[4].name;
    b->shards.count = 0;
    name[0]++;
    refused(a, b, "of another file of the model");
    name[0]--;
    b->names[4].channels++;
    refused(a, b, "channels");
    b->names[4].channels--;
    /* counters that would run over */
    struct oct_statistics_part *part = b->parts[1];
    const int64_t images = part->image_count;
    part->image_count = (int64_t)OCT_IMAGES_MAX;
    refused(a, b, "than can be counted");
    part->image_count = images;
    part->tensors[3].histogram.count = (uint64_t)OCT_COUNT_MAX;
    refused(a, b, "than can be counted");
    octet_statistics_free(&a);
    octet_statistics_free(&b);
}

/* What a picture adds has an end, so that sums have none that they could come to. */
static void sums(void **state)
{
    (void)state;
    const oct_sum most = oct_sum_of((double)INFINITY);
    assert_true(oct_sum_of(1.5) == 1536 && oct_sum_of(-0.25) == -256);
    assert_true(most == -oct_sum_of(-1e300) && most > INT64_MAX);
    assert_true(oct_sum_fits(most * 7, 7) && !oct_sum_fits(most * 7 + 1, 7));
    octet_calibration_settings settings = settings_of(1);
    octet_statistics *wide = gather(&settings, NULL, 0, 1), *copy;
    wide->parts[0]->tensors[1].channel_square[0] = (oct_sum)INT64_MAX + 5;
    assert_int_equal(oct_statistics_copy(&test.context, wide, &copy), OCTET_OK);
    copy = reloaded(copy); /* by version 2 */
    assert_true(copy->parts[0]->tensors[1].channel_square[0] == (oct_sum)INT64_MAX + 5);
    assert_same(copy, wide);
    assert_int_equal(octet_statistics_merge(copy, wide), OCTET_OK);
    assert_int_equal(octet_statistics_merge(wide, wide), OCTET_OK);
    assert_true(wide->parts[0]->tensors[1].channel_square[0] == 2 * ((oct_sum)INT64_MAX + 5));
    assert_same(copy, wide);
    octet_statistics_free(&copy);
    octet_statistics_free(&wide);
}

/* A part that is full takes no picture more. */
static void full(void **state)
{
    (void)state;
    octet_calibration_settings settings = settings_of(2);
    octet_statistics *from = gather(&settings, NULL, 0, 1);
    octet_calibration *calibration;
    octet_image *image = test_picture(&test.context, 64, 64, 1);
    settings.from = from;
    from->parts[1]->image_count = (int64_t)OCT_IMAGES_MAX;
    assert_int_equal(octet_calibration_create(&test.context, model, &settings, &calibration),
                     OCTET_OK);
    assert_int_equal(octet_calibration_add(calibration, image), OCTET_INVALID_STATE);
    assert_non_null(strstr(octet_calibration_message(calibration), "can be counted"));
    octet_calibration_free(&calibration);
    octet_image_free(&image);
    octet_statistics_free(&from);
}

/* With several sizes pictures wait for each other: none is lost between two results, at a restart
 * none stays, and after a failure there is no result. */
static void waiting(void **state)
{
    (void)state;
    octet_calibration_settings settings = settings_of(2);
    octet_calibration *calibration;
    octet_statistics *one, *two, *wanted = gather(&settings, NULL, 0, 1);
    assert_int_equal(octet_calibration_create(&test.context, model, &settings, &calibration),
                     OCTET_OK);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < PICTURES; i++) {
            octet_image *image = test_picture(&test.context, 40 + 8 * i, 64, (uint64_t)i);
            assert_int_equal(octet_calibration_add(calibration, image), OCTET_OK);
            octet_image_free(&image);
            if (i == 3)
                assert_int_equal(octet_calibration_finish(calibration, &one), OCTET_OK);
        }
        assert_int_equal(one->image_count, 8);
        octet_statistics_free(&one);
        assert_int_equal(octet_calibration_finish(calibration, &two), OCTET_OK);
        assert_same(two, wanted);
        octet_statistics_free(&two);
        octet_image *image = test_picture(&test.context, 64, 64, 3);
        assert_int_equal(octet_calibration_add(calibration, image), OCTET_OK);
        octet_image_free(&image);
        assert_int_equal(octet_calibration_restart(calibration), OCTET_OK);
        assert_int_equal(octet_calibration_finish(calibration, &two), OCTET_INVALID_STATE);
    }
    octet_image *image = test_picture(&test.context, 64, 64, 3);
    float *value = (float *)(uintptr_t)calibration->engine->network.layers[1].bias, kept = *value;
    *value = 3e38f;
    assert_int_equal(octet_calibration_add(calibration, image), OCTET_OK);
    assert_int_equal(octet_calibration_finish(calibration, &two), OCTET_UNSUPPORTED_MODEL);
    *value = kept;
    assert_int_equal(octet_calibration_add(calibration, image), OCTET_INVALID_STATE);
    assert_int_equal(octet_calibration_finish(calibration, &two), OCTET_INVALID_STATE);
    assert_non_null(strstr(octet_calibration_message(calibration), "failed before"));
    octet_image_free(&image);
    octet_calibration_free(&calibration);
    octet_statistics_free(&wanted);
}

/* Each allocation of a merge in turn: until none fails, nothing is changed. */
static void without_memory(void **state)
{
    (void)state;
    octet_calibration_settings settings = settings_of(1);
    octet_statistics *to = gather(&settings, NULL, 0, 2), *before, *copy;
    settings = settings_of(3);
    octet_statistics *other = gather(&settings, NULL, 1, 2);
    assert_int_equal(oct_statistics_copy(&test.context, to, &before), OCTET_OK);
    octet_status status = OCTET_OUT_OF_MEMORY;
    int failures = 0;
    for (; status != OCTET_OK; failures++) {
        test.fail_at = test.calls + failures;
        status = octet_statistics_merge(to, other);
        test.fail_at = -1;
        assert_true(status == OCTET_OK || status == OCTET_OUT_OF_MEMORY);
        if (status != OCTET_OK)
            assert_true(to->part_count == 1 && to->image_count == before->image_count);
        if (failures == 40)
            assert_same(to, before);
    }
    assert_true(failures > 40);
    for (status = OCTET_OUT_OF_MEMORY, failures = 0; status != OCTET_OK; failures += 7) {
        test.fail_at = test.calls + failures;
        status = oct_statistics_copy(&test.context, to, &copy);
        test.fail_at = -1;
    }
    assert_same(copy, to);
    octet_statistics_free(&copy);
    octet_statistics_free(&before);
    octet_statistics_free(&other);
    octet_statistics_free(&to);
}

static void not_started(const octet_calibration_settings *settings, octet_status status,
                        const char *reason)
{
    octet_calibration *calibration;
    assert_int_equal(octet_calibration_create(&test.context, model, settings, &calibration),
                     status);
    assert_null(calibration);
    if (!strstr(test.context.message, reason))
        fail_msg("%s, not %s", test.context.message, reason);
}

static void settings_are_checked(void **state)
{
    (void)state;
    static const octet_input_size twice[] = {{64, 64}, {64, 64}};
    octet_calibration_settings settings = settings_of(2);
    octet_statistics *from = gather(&settings, NULL, 0, 1);
    settings.sizes = twice;
    not_started(&settings, OCTET_INVALID_ARGUMENT, "size 64x64 is there twice");
    settings = settings_of(2);
    settings.height = 64;
    not_started(&settings, OCTET_INVALID_ARGUMENT, "no height and width");
    settings = settings_of(-1);
    not_started(&settings, OCTET_INVALID_ARGUMENT, "sizes");
    settings = settings_of(1);
    settings.source = "two\nlines";
    not_started(&settings, OCTET_INVALID_ARGUMENT, "a source's name");
    settings.source = "\xff";
    not_started(&settings, OCTET_INVALID_ARGUMENT, "a source's name");
    settings = settings_of(1);
    settings.shards = 3;
    settings.run = "r";
    not_started(&settings, OCTET_INVALID_ARGUMENT, "shard 0/3");
    settings.shard = 4;
    not_started(&settings, OCTET_INVALID_ARGUMENT, "shard 4/3");
    settings.shard = 1;
    settings.run = "a run";
    not_started(&settings, OCTET_INVALID_ARGUMENT, "run's name");
    settings = settings_of(2);
    settings.from = from;
    settings.source = "cam";
    not_started(&settings, OCTET_MISMATCH, "of source \"\", not \"cam\"");
    settings.source = NULL;
    settings.size_count = 3;
    not_started(&settings, OCTET_MISMATCH, "2 sizes and sources, not 3");
    settings = settings_of(2);
    settings.from = from;
    settings.shards = 2;
    settings.shard = 1;
    settings.run = "r";
    not_started(&settings, OCTET_MISMATCH, "of another shard");
    octet_statistics_free(&from);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shards_are_the_whole),
        TEST(parts_are_the_whole),
        TEST(found_codings_are_forgotten),
        TEST(weights),
        TEST(sources_of_one_size),
        TEST(regrets),
        TEST(what_is_refused),
        TEST(sums),
        TEST(full),
        TEST(waiting),
        TEST(without_memory),
        TEST(settings_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
