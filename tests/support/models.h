/* SPDX-License-Identifier: Apache-2.0 */
/* Models, engines and pictures of the test data. Paths are relative to its folder, those that begin
 * with "demo/" to the project's; the calls fail the running test where something does not work. */
#ifndef OCTET_TESTS_SUPPORT_MODELS_H
#define OCTET_TESTS_SUPPORT_MODELS_H

#include <stdbool.h>

#include <jansson.h>

#include <octet/octet.h>

/* Whether all is so slow that fewer pictures must do: a sanitizer's build, or OCTET_TEST_EMULATED,
 * which says that an emulator runs it. */
bool test_is_slow(void);

/* Whether OCTET_TEST_LONG asks for the long tier: all pictures. */
bool test_long(void);

octet_model *test_data_model(octet_context *ctx, const char *path);
octet_engine *test_data_engine(octet_context *ctx, const char *path); /* float */
octet_image *test_data_image(octet_context *ctx, const char *path);
json_t *test_data_json(const char *path);

/* The JPEG files of a folder, sorted: at most `most` paths, to be freed with
 * test_data_list_free(). */
struct test_data_list {
    int count;
    char **paths;
};
struct test_data_list test_data_list(const char *folder, int most);
void test_data_list_free(struct test_data_list *list);

/* Statistics of a model of square pictures, at its own size, from at most `most` of a folder. */
octet_statistics *test_data_statistics(octet_context *ctx, const char *model, const char *folder,
                                       int most);

/* An INT8 engine of a model, calibrated on these pictures at this size. */
octet_engine *test_data_int8(octet_context *ctx, const char *model,
                             const struct test_data_list *pictures, int size);

/* Intersection over union. */
double test_iou(const octet_detection *a, const octet_detection *b);

/* Lets one picture through a session of batch 1. Returns the number of boxes. */
int test_detect(octet_session *session, const octet_image *image, double confidence,
                octet_detection boxes[300]);

/* The same by other limits than octet's own. */
int test_detect_by(octet_session *session, const octet_image *image,
                   const octet_detect_settings *settings, octet_detection boxes[300]);

#endif
