/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration of a small detector, and statistics files. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/session.h>

#include "compiler/calibrate/statistics.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "random.h"
#include "small_detector.h"

static struct test_context test;
static char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];

static int set_up(void **state)
{
    (void)state;
    test_context_init(&test);
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/a.stats", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return test.live;
}

static unsigned char *save(const octet_statistics *statistics, size_t *size)
{
    assert_int_equal(octet_statistics_save(&test.context, statistics, path), OCTET_OK);
    return test_read_file(path, size);
}

static octet_calibration *start(const octet_model *model, int threads, int include_padding)
{
    octet_calibration_settings settings;
    octet_calibration_defaults(&settings);
    settings.threads = threads;
    settings.include_padding = include_padding;
    octet_calibration *calibration;
    assert_int_equal(octet_calibration_create(&test.context, model, &settings, &calibration),
                     OCTET_OK);
    return calibration;
}

static void add(octet_calibration *calibration, int width, int height, uint64_t seed)
{
    octet_image *image = test_picture(&test.context, width, height, seed);
    assert_int_equal(octet_calibration_add(calibration, image), OCTET_OK);
    octet_image_free(&image);
}

static octet_statistics *finish(octet_calibration *calibration)
{
    octet_statistics *statistics;
    assert_int_equal(octet_calibration_finish(calibration, &statistics), OCTET_OK);
    octet_calibration_free(&calibration);
    assert_null(calibration);
    return statistics;
}

/* What the records should be, from an observer of our own. */
struct expected {
    double minimum, maximum, sum, square;
    int64_t count;
};

struct watch {
    struct expected tensors[128];
    int divide; /* the middle 1 / divide of the rows is picture, the rest padding */
};

static int watch_layer(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct watch *watch = user;
    struct expected *e = &watch->tensors[layer];
    (void)index;
    *e = (struct expected){INFINITY, -INFINITY, 0.0, 0.0, 0};
    const int rows = view->height / watch->divide, first = (view->height - rows + 1) / 2;
    for (int y = first; y < first + rows; y++) {
        for (int x = 0; x < view->width; x++) {
            const float *pixel = (const float *)view->data + (size_t)y * view->row_elements +
                                 (size_t)x * view->pixel_elements;
            for (int c = 0; c < view->channels; c++) {
                const double value = (double)pixel[c];
                e->minimum = fmin(e->minimum, value);
                e->maximum = fmax(e->maximum, value);
                e->sum += value;
                e->square += value * value;
                e->count++;
            }
        }
    }
    return 0;
}

static void check_values(const octet_model *model, int height, int include_padding, int divide)
{
    struct watch watch = {.divide = divide};
    octet_engine *engine;
    octet_session *session;
    const octet_build_settings fp32 = {.precision = OCTET_PRECISION_FP32};
    assert_int_equal(octet_build(&test.context, model, NULL, &fp32, &engine), OCTET_OK);
    assert_int_equal(octet_session_open(&test.context, engine, NULL, &session), OCTET_OK);
    octet_image *image = test_picture(&test.context, 64, height, 5);
    octet_session_set_image(session, 0, image);
    octet_session_observe(session, watch_layer, &watch);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    octet_calibration *calibration = start(model, 1, include_padding);
    assert_int_equal(octet_calibration_add(calibration, image), OCTET_OK);
    octet_statistics *statistics = finish(calibration);
    octet_statistics_info info;
    octet_statistics_info_get(statistics, &info);
    assert_int_equal(info.tensor_count, engine->network.layer_count);
    assert_int_equal(info.image_count, 1);
    assert_int_equal(info.input_height, 64);
    assert_string_equal(info.model_hash, model->hash);
    for (int i = 0; i < info.tensor_count; i++) {
        const struct expected *e = &watch.tensors[i];
        octet_tensor_statistics t;
        assert_int_equal(octet_statistics_tensor(statistics, i, &t), OCTET_OK);
        assert_string_equal(t.name, engine->network.tensors[engine->network.layers[i].output].name);
        assert_int_equal(t.count, e->count);
        if (t.minimum != e->minimum || t.maximum != e->maximum)
            fail_msg("%s: %.9g to %.9g, not %.9g to %.9g", t.name, t.minimum, t.maximum, e->minimum,
                     e->maximum);
        const double mean = e->sum / (double)e->count;
        const double deviation = sqrt(fmax(0.0, e->square / (double)e->count - mean * mean));
        assert_true(fabs(t.mean - mean) < 1e-3 && fabs(t.standard_deviation - deviation) < 1e-2);
    }
    octet_tensor_statistics t;
    assert_int_equal(octet_statistics_tensor(statistics, -1, &t), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_statistics_tensor(statistics, info.tensor_count, &t),
                     OCTET_INVALID_ARGUMENT);
    octet_statistics_free(&statistics);
    octet_image_free(&image);
    octet_session_close(&session);
    octet_engine_free(&engine);
}

static void values(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_SMALL, 3);
    check_values(model, 64, 0, 1);
    check_values(model, 32, 1, 1);
    check_values(model, 32, 0, 2); /* above and below lies padding */
    octet_model_free(&model);
}

/* The order of pictures and the number of threads do not change a byte. */
static void order(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_SMALL, 3);
    unsigned char *first = NULL;
    size_t size, first_size = 0;
    for (int round = 0; round < 4; round++) {
        octet_calibration *calibration = start(model, round == 3 ? 2 : 1, 0);
        for (int i = 0; i < 4; i++) {
            const int picture = round % 3 == 0 ? i : round % 3 == 1 ? 3 - i : (3 * i + 1) % 4;
            add(calibration, 40 + 20 * picture, 64, (uint64_t)picture);
        }
        octet_statistics *statistics = finish(calibration);
        unsigned char *bytes = save(statistics, &size);
        octet_statistics_free(&statistics);
        if (!first) {
            first = bytes;
            first_size = size;
            continue;
        }
        assert_int_equal(size, first_size);
        assert_memory_equal(first, bytes, size);
        free(bytes);
    }
    free(first);
    octet_model_free(&model);
}

static void round_trip(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_SMALL, 3);
    octet_statistics *statistics = test_statistics(&test.context, model, 1, 2), *loaded;
    size_t size, again;
    unsigned char *bytes = save(statistics, &size);
    assert_int_equal(octet_statistics_load(&test.context, path, &loaded), OCTET_OK);
    octet_statistics_info a, b;
    octet_statistics_info_get(statistics, &a);
    octet_statistics_info_get(loaded, &b);
    assert_int_equal(a.image_count, b.image_count);
    assert_string_equal(a.model_hash, b.model_hash);
    assert_string_equal(a.images_fingerprint, b.images_fingerprint);
    for (int i = 0; i < a.tensor_count; i++) {
        const struct oct_tensor_record *x = &statistics->tensors[i], *y = &loaded->tensors[i];
        const size_t channels = (size_t)x->channels;
        assert_string_equal(x->name, y->name);
        assert_memory_equal(x->histogram.bins, y->histogram.bins,
                            OCT_HISTOGRAM_BINS * sizeof(uint64_t));
        assert_true(x->histogram.minimum == y->histogram.minimum);
        assert_memory_equal(x->channel_minimum, y->channel_minimum, channels * sizeof(float));
        assert_memory_equal(x->channel_maximum, y->channel_maximum, channels * sizeof(float));
        assert_memory_equal(x->channel_sum, y->channel_sum, channels * sizeof(oct_sum));
        assert_memory_equal(x->channel_square, y->channel_square, channels * sizeof(oct_sum));
    }
    unsigned char *twice = save(loaded, &again);
    assert_int_equal(again, size);
    assert_memory_equal(bytes, twice, size);
    free(bytes);
    free(twice);
    /* engines from either are the same */
    octet_engine *engine;
    assert_int_equal(octet_build(&test.context, model, statistics, NULL, &engine), OCTET_OK);
    bytes = test_engine_bytes(&test.context, engine, &size);
    octet_engine_free(&engine);
    assert_int_equal(octet_build(&test.context, model, loaded, NULL, &engine), OCTET_OK);
    twice = test_engine_bytes(&test.context, engine, &again);
    octet_engine_free(&engine);
    assert_int_equal(again, size);
    assert_memory_equal(bytes, twice, size);
    free(bytes);
    free(twice);
    octet_statistics_free(&loaded);
    octet_statistics_free(&statistics);
    octet_model_free(&model);
}

static octet_status read_bytes(const unsigned char *bytes, size_t size, octet_statistics **read)
{
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    test.context.message[0] = '\0';
    const octet_status status = oct_statistics_read(&test.context, copy, size, "file.stats", read);
    free(copy);
    if (status) {
        assert_null(*read);
        assert_non_null(strstr(test.context.message, "file.stats"));
    }
    return status;
}

static unsigned char *tiny_file(octet_model **model, size_t *size)
{
    *model = test_model(&test.context, TEST_DETECTOR_TINY, 3);
    octet_statistics *statistics = test_statistics(&test.context, *model, 1, 1);
    unsigned char *bytes = save(statistics, size);
    octet_statistics_free(&statistics);
    return bytes;
}

static void truncation(void **state)
{
    (void)state;
    octet_model *model;
    octet_statistics *read;
    size_t size;
    unsigned char *bytes = tiny_file(&model, &size);
    const size_t step = size / 300 + 1;
    for (size_t length = 0; length < size; length += length < 40 || size - length < 40 ? 1 : step) {
        const octet_status status = read_bytes(bytes, length, &read);
        if (status != OCTET_BAD_FORMAT && (status != OCTET_UNKNOWN_FORMAT || length >= 8))
            fail_msg("cut to %zu of %zu bytes: %s", length, size, octet_status_name(status));
    }
    assert_int_equal(read_bytes(bytes, size, &read), OCTET_OK);
    octet_statistics_free(&read);
    free(bytes);
    octet_model_free(&model);
}

/* Damaged files are refused, or give some engine or none: never a crash. */
static void random_damage(void **state)
{
    (void)state;
    octet_model *model;
    size_t size;
    unsigned char *bytes = tiny_file(&model, &size);
    struct test_random random = test_random_of(1);
    uint64_t header = 0;
    memcpy(&header, bytes, 8);
    unsigned char *copy = malloc(size);
    assert_non_null(copy);
    int built = 0, refused = 0;
    for (int round = 0; round < 1500; round++) {
        octet_statistics *read;
        memcpy(copy, bytes, size);
        for (int flips = test_int(&random, 1, 2); flips > 0; flips--) {
            const int end = round % 4 ? (int)header + 7 : (int)size - 1;
            unsigned char *at = &copy[test_int(&random, 0, end)];
            if (*at >= '0' && *at <= '9')
                *at = (unsigned char)('0' + test_int(&random, 0, 9));
            else if (round % 4 == 0 || round % 16 == 1)
                *at ^= (unsigned char)(1u << test_int(&random, 0, 7));
        }
        if (read_bytes(copy, size, &read) != OCTET_OK) {
            refused++;
            continue;
        }
        octet_engine *engine;
        const octet_build_settings settings = {
            .precision = OCTET_PRECISION_INT8,
            .calibrator = round % 32 ? "minmax" : "mse" /* which takes long */
        };
        const octet_status status = octet_build(&test.context, model, read, &settings, &engine);
        assert_true(status == OCTET_OK || status == OCTET_MISMATCH || status == OCTET_BAD_FORMAT);
        built += status == OCTET_OK;
        octet_engine_free(&engine);
        octet_statistics_free(&read);
    }
    assert_true(built > 50 && refused > 50);
    free(copy);
    free(bytes);
    octet_model_free(&model);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        octet_status status;
        const char *message;
    } cases[] = {
        {"octet.version\":\"1\"", "octet.version\":\"3\"", OCTET_UNSUPPORTED_VERSION, "version 3"},
        {"octet.kind\":\"stat", "octet.kind\":\"slat", OCTET_UNKNOWN_FORMAT, "slatistics"},
        {"letterbox", "stretched", OCTET_MISMATCH, "preprocessing"},
        {"\\\"pad\\\":114", "\\\"pad\\\":128", OCTET_MISMATCH, "preprocessing"},
        {"\\\"image_count\\\":1", "\\\"image_count\\\":0", OCTET_BAD_FORMAT, "image_count"},
        {"tensor.000.histogram", "tensor.999.histogram", OCTET_BAD_FORMAT, "histogram"},
        {"tensor.000.channel_min", "tensor.999.channel_min", OCTET_BAD_FORMAT, "channel_min"},
        {"\\\"channels\\\":4", "\\\"channels\\\":5", OCTET_BAD_FORMAT, "wrong size"},
        {"\\\"exponent\\\":", "\\\"eXponent\\\":", OCTET_BAD_FORMAT, "\"exponent\" is missing"},
    };
    octet_model *model;
    octet_statistics *read;
    size_t size;
    unsigned char *bytes = tiny_file(&model, &size);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char *at = memmem(bytes, size, cases[i].from, strlen(cases[i].from));
        if (!at)
            fail_msg("the file has no %s", cases[i].from);
        memcpy(at, cases[i].to, strlen(cases[i].to));
        const octet_status status = read_bytes(bytes, size, &read);
        if (status != cases[i].status || !strstr(test.context.message, cases[i].message))
            fail_msg("%s: %s: %s", cases[i].to, octet_status_name(status), test.context.message);
        memcpy(at, cases[i].from, strlen(cases[i].from));
    }
    free(bytes);
    octet_model_free(&model);
}

static void of_another_model(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_TINY, 1);
    octet_model *other = test_model(&test.context, TEST_DETECTOR_TINY, 2);
    octet_statistics *statistics = test_statistics(&test.context, model, 1, 1);
    octet_engine *engine = (octet_engine *)&test;
    assert_int_equal(octet_build(&test.context, other, statistics, NULL, &engine), OCTET_MISMATCH);
    assert_null(engine);
    assert_non_null(strstr(test.context.message, "another model"));
    assert_int_equal(octet_build(&test.context, other, NULL, NULL, &engine),
                     OCTET_INVALID_ARGUMENT);
    octet_build_settings settings;
    octet_build_defaults(&settings);
    settings.calibrator = "guess";
    assert_int_equal(octet_build(&test.context, model, statistics, &settings, &engine),
                     OCTET_INVALID_ARGUMENT);
    assert_non_null(strstr(test.context.message, "guess"));
    settings.calibrator = NULL;
    settings.precision = OCTET_PRECISION_MIXED;
    assert_int_equal(octet_build(&test.context, model, statistics, &settings, &engine),
                     OCTET_INVALID_ARGUMENT);
    octet_statistics_free(&statistics);
    octet_model_free(&model);
    octet_model_free(&other);
}

static void bad_calls(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_TINY, 1);
    octet_calibration *calibration;
    octet_statistics *statistics;
    octet_calibration_settings settings;
    octet_calibration_defaults(&settings);
    settings.width = 33;
    assert_int_equal(octet_calibration_create(&test.context, model, &settings, &calibration),
                     OCTET_INVALID_ARGUMENT);
    assert_null(calibration);
    assert_int_equal(octet_calibration_create(&test.context, model, NULL, &calibration), OCTET_OK);
    assert_int_equal(octet_calibration_finish(calibration, &statistics), OCTET_INVALID_STATE);
    assert_null(statistics);
    assert_non_null(strstr(octet_calibration_message(calibration), "no picture"));
    assert_int_equal(octet_calibration_add(calibration, NULL), OCTET_INVALID_ARGUMENT);
    octet_calibration_free(&calibration);
    octet_calibration_free(&calibration);
    assert_int_equal(octet_statistics_load(&test.context, path, &statistics), OCTET_FILE_NOT_FOUND);
    test_write_file(path, "not statistics", 14);
    assert_int_equal(octet_statistics_load(&test.context, path, &statistics), OCTET_UNKNOWN_FORMAT);
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    assert_int_equal(octet_engine_save(&test.context, engine, path), OCTET_OK);
    assert_int_equal(octet_statistics_load(&test.context, path, &statistics), OCTET_UNKNOWN_FORMAT);
    assert_non_null(strstr(test.context.message, "engine"));
    octet_engine_free(&engine);
    octet_model_free(&model);
}

/* A tensor that overflows cannot be quantised; nothing of its picture is kept. */
static void not_finite(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_TINY, 1);
    for (int i = 0; i < 20; i++)
        ((float *)(uintptr_t)model->network.layers[1].values)[i] = 3e38f;
    octet_calibration *calibration = start(model, 1, 0);
    octet_statistics *statistics;
    octet_image *image = test_picture(&test.context, 32, 32, 1);
    assert_int_equal(octet_calibration_add(calibration, image), OCTET_UNSUPPORTED_MODEL);
    assert_non_null(strstr(octet_calibration_message(calibration), "not finite"));
    assert_int_equal(octet_calibration_finish(calibration, &statistics), OCTET_INVALID_STATE);
    octet_image_free(&image);
    octet_calibration_free(&calibration);
    octet_model_free(&model);
}

static void fingerprints(void **state)
{
    (void)state;
    octet_statistics *s[3];
    struct oct_statistics_part *p[3];
    const uint8_t pixels[2][16] = {{1, 2, 3, 0}, {4, 5, 6, 0}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(oct_statistics_create(&test.context, 1, &s[i]), OCTET_OK);
        assert_int_equal(oct_statistics_name(&test.context, s[i], 0, "a", 1), OCTET_OK);
        assert_int_equal(oct_statistics_need_part(&test.context, s[i], 32, 32, "", &p[i]),
                         OCTET_OK);
    }
    for (int i = 0; i < 2; i++) {
        oct_part_count_image(p[0], &(struct oct_seen){pixels[i], 8, 2, 2});
        oct_part_count_image(p[1], &(struct oct_seen){pixels[1 - i], 8, 2, 2});
        /* other pictures: other shapes */
        oct_part_count_image(p[2], &(struct oct_seen){pixels[i], 16, 4, 1});
    }
    assert_string_equal(p[0]->fingerprint_text, p[1]->fingerprint_text);
    assert_string_not_equal(p[0]->fingerprint_text, p[2]->fingerprint_text);
    assert_int_equal(strlen(p[0]->fingerprint_text), 64);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(oct_statistics_settle(&test.context, s[i]), OCTET_OK);
        assert_string_equal(s[i]->fingerprint_text, p[i]->fingerprint_text);
        octet_statistics_free(&s[i]);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values),        TEST(order),        TEST(round_trip),       TEST(truncation),
        TEST(random_damage), TEST(refusals),     TEST(of_another_model), TEST(bad_calls),
        TEST(not_finite),    TEST(fingerprints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
