/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors inside yolov8n against ONNX Runtime's, for an input of ones. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "data.h"
#include "models.h"
#include "read_npy.h"

/* Values of up to 20, after 20 to 60 convolutions in another order of summation; the reference was
 * made from another export of the same weights. */
#define TOLERANCE 5e-3

enum { FILES = 3 };

/* Files are named as the tensors, with '.' for '/'. */
static const char *const names[FILES] = {"model.9.cv2.act.Mul_output_0",
                                         "model.22.cv2.2.cv2.2.2.Conv_output_0",
                                         "model.22.cv3.2.cv3.2.2.Conv_output_0"};

struct watch {
    struct npy expected[FILES];
    int seen;
};

static bool same_name(const char *tensor, const char *file)
{
    tensor += *tensor == '/';
    for (; *tensor && *file; tensor++, file++)
        if (*tensor != *file && !(*tensor == '/' && *file == '.'))
            return false;
    return *tensor == *file;
}

static int look(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct watch *watch = user;
    (void)index;
    (void)layer;
    for (int i = 0; i < FILES; i++) {
        if (!same_name(view->name, names[i]))
            continue;
        const struct npy *expected = &watch->expected[i];
        const size_t height = (size_t)view->height, width = (size_t)view->width;
        npy_expect(expected, NPY_FLOAT32, 4, (size_t)1, (size_t)view->channels, height, width);
        double largest = 0.0;
        for (size_t at = 0; at < expected->count; at++) {
            const size_t c = at / (height * width), y = at / width % height, x = at % width;
            const float value =
                ((const float *)view->data)[y * view->row_elements + x * view->pixel_elements + c];
            const double off = fabs((double)value - (double)expected->f32[at]);
            largest = off > largest || isnan(off) ? off : largest;
        }
        print_message("    %s: %.2g\n", view->name, largest);
        assert_true(largest <= TOLERANCE);
        watch->seen++;
    }
    return 0;
}

static void read_expected(const char *name, struct npy *expected)
{
    char path[TEST_PATH_BYTES], relative[TEST_PATH_BYTES];
    snprintf(relative, sizeof relative, "golden_allones/%s.npy", name);
    npy_read(test_data_path(path, relative), expected);
}

static void compare_rows(const float *is, const float *expected, size_t count, double tolerance,
                         const char *what)
{
    double largest = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double off = fabs((double)is[i] - (double)expected[i]);
        largest = off > largest || isnan(off) ? off : largest;
    }
    print_message("    %s: %.2g\n", what, largest);
    assert_true(largest <= tolerance);
}

static void tensors(void **state)
{
    (void)state;
    struct test_context test;
    test_context_init(&test);
    struct watch watch = {.seen = 0};
    struct npy scores, output;
    for (int i = 0; i < FILES; i++)
        read_expected(names[i], &watch.expected[i]);
    read_expected("model.22.Sigmoid_output_0", &scores);
    read_expected("output0", &output);
    octet_engine *engine = test_data_engine(&test.context, "models/yolov8n.onnx");
    octet_session *session;
    assert_int_equal(octet_session_open(&test.context, engine, NULL, &session), OCTET_OK);
    const size_t values = 3 * 640 * 640, anchors = 8400;
    assert_int_equal(octet_session_anchor_count(session), anchors);
    float *planes = malloc(values * sizeof *planes), *found = malloc(output.count * sizeof *found);
    assert_non_null(planes);
    assert_non_null(found);
    for (size_t i = 0; i < values; i++)
        planes[i] = 1.0f;
    octet_session_set_tensor(session, 0, planes);
    octet_session_observe(session, look, &watch);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(watch.seen, FILES);
    assert_int_equal(octet_session_output(session, 0, found), OCTET_OK);
    npy_expect(&output, NPY_FLOAT32, 3, (size_t)1, (size_t)84, anchors);
    npy_expect(&scores, NPY_FLOAT32, 3, (size_t)1, (size_t)80, anchors);
    compare_rows(found, output.f32, 4 * anchors, 0.05, "boxes, px");
    compare_rows(found + 4 * anchors, output.f32 + 4 * anchors, 80 * anchors, 1e-5, "scores");
    compare_rows(found + 4 * anchors, scores.f32, scores.count, 1e-5, "model.22.Sigmoid");
    free(planes);
    free(found);
    for (int i = 0; i < FILES; i++)
        npy_free(&watch.expected[i]);
    npy_free(&scores);
    npy_free(&output);
    octet_session_close(&session);
    octet_engine_free(&engine);
    assert_int_equal(test.live, 0);
}

int main(void)
{
    if (!test_data_present())
        return TEST_SKIPPED;
    const struct CMUnitTest tests[] = {cmocka_unit_test(tensors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
