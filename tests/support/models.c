/* SPDX-License-Identifier: Apache-2.0 */
/* Models loaded, calibrated and built, pictures decoded and detected in, for golden tests. */
#include "models.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data.h"

#if defined(__has_feature)
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif

static bool asked(const char *variable)
{
    const char *set = getenv(variable);
    return set && *set && strcmp(set, "0") != 0;
}

bool test_is_slow(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#else
    return HAS_FEATURE(address_sanitizer) || asked("OCTET_TEST_EMULATED");
#endif
}

bool test_long(void)
{
    return asked("OCTET_TEST_LONG");
}

octet_model *test_data_model(octet_context *ctx, const char *path)
{
    char full[TEST_PATH_BYTES];
    octet_model *model;
    if (octet_model_load(ctx, test_data_path(full, path), &model) != OCTET_OK)
        fail_msg("%s", octet_context_message(ctx));
    return model;
}

octet_engine *test_data_engine(octet_context *ctx, const char *path)
{
    octet_model *model = test_data_model(ctx, path);
    const octet_build_settings settings = {.precision = OCTET_PRECISION_FP32};
    octet_engine *engine;
    if (octet_build(ctx, model, NULL, &settings, &engine) != OCTET_OK)
        fail_msg("%s", octet_context_message(ctx));
    octet_model_free(&model);
    return engine;
}

octet_image *test_data_image(octet_context *ctx, const char *path)
{
    char full[TEST_PATH_BYTES];
    octet_image *image;
    if (octet_image_load(ctx, test_data_path(full, path), &image) != OCTET_OK)
        fail_msg("%s", octet_context_message(ctx));
    return image;
}

json_t *test_data_json(const char *path)
{
    char full[TEST_PATH_BYTES];
    json_error_t error;
    json_t *json = json_load_file(test_data_path(full, path), 0, &error);
    if (!json)
        fail_msg("%s: %s", full, error.text);
    return json;
}

static int is_jpeg(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".jpg") == 0;
}

struct test_data_list test_data_list(const char *folder, int most)
{
    char full[TEST_PATH_BYTES];
    struct dirent **entries;
    const int found = scandir(test_data_path(full, folder), &entries, is_jpeg, alphasort);
    if (found < 1 || most < 1)
        fail_msg("%s has no pictures", full);
    struct test_data_list list = {found < most ? found : most, NULL};
    list.paths = calloc((unsigned)list.count, sizeof *list.paths);
    assert_non_null(list.paths);
    for (int i = 0; i < found; i++) {
        if (i < list.count && asprintf(&list.paths[i], "%s/%s", folder, entries[i]->d_name) < 0)
            fail_msg("out of memory");
        free(entries[i]);
    }
    free(entries);
    return list;
}

void test_data_list_free(struct test_data_list *list)
{
    for (int i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
}

static octet_statistics *statistics_of(octet_context *ctx, const octet_model *model,
                                       const struct test_data_list *pictures, int size)
{
    octet_calibration_settings settings;
    octet_calibration_defaults(&settings);
    settings.height = settings.width = size;
    octet_calibration *calibration;
    octet_statistics *statistics;
    assert_int_equal(octet_calibration_create(ctx, model, &settings, &calibration), OCTET_OK);
    for (int i = 0; i < pictures->count; i++) {
        octet_image *image = test_data_image(ctx, pictures->paths[i]);
        if (octet_calibration_add(calibration, image) != OCTET_OK)
            fail_msg("%s", octet_calibration_message(calibration));
        octet_image_free(&image);
    }
    assert_int_equal(octet_calibration_finish(calibration, &statistics), OCTET_OK);
    octet_calibration_free(&calibration);
    return statistics;
}

octet_statistics *test_data_statistics(octet_context *ctx, const char *model_path,
                                       const char *folder, int most)
{
    struct test_data_list pictures = test_data_list(folder, most);
    octet_model *model = test_data_model(ctx, model_path);
    octet_info info;
    octet_model_info(model, &info);
    octet_statistics *statistics = statistics_of(ctx, model, &pictures, info.input_height);
    octet_model_free(&model);
    test_data_list_free(&pictures);
    return statistics;
}

octet_engine *test_data_int8(octet_context *ctx, const char *model_path,
                             const struct test_data_list *pictures, int size)
{
    octet_engine *engine;
    octet_model *model = test_data_model(ctx, model_path);
    octet_statistics *statistics = statistics_of(ctx, model, pictures, size);
    if (octet_build(ctx, model, statistics, NULL, &engine) != OCTET_OK)
        fail_msg("%s", octet_context_message(ctx));
    octet_statistics_free(&statistics);
    octet_model_free(&model);
    return engine;
}

static double area(const octet_detection *box)
{
    return ((double)box->x2 - (double)box->x1) * ((double)box->y2 - (double)box->y1);
}

double test_iou(const octet_detection *a, const octet_detection *b)
{
    const octet_detection both = {.x1 = a->x1 > b->x1 ? a->x1 : b->x1,
                                  .y1 = a->y1 > b->y1 ? a->y1 : b->y1,
                                  .x2 = a->x2 < b->x2 ? a->x2 : b->x2,
                                  .y2 = a->y2 < b->y2 ? a->y2 : b->y2};
    if (both.x2 <= both.x1 || both.y2 <= both.y1)
        return 0.0;
    return area(&both) / (area(a) + area(b) - area(&both));
}

int test_detect(octet_session *session, const octet_image *image, double confidence,
                octet_detection boxes[300])
{
    octet_detect_settings settings;
    octet_detect_defaults(&settings);
    settings.confidence = confidence;
    return test_detect_by(session, image, &settings, boxes);
}

int test_detect_by(octet_session *session, const octet_image *image,
                   const octet_detect_settings *settings, octet_detection boxes[300])
{
    int count = 0;
    if (octet_session_set_image(session, 0, image) != OCTET_OK ||
        octet_session_run(session) != OCTET_OK ||
        octet_session_detect(session, 0, settings, boxes, 300, &count) != OCTET_OK)
        fail_msg("%s", octet_session_message(session));
    return count;
}
