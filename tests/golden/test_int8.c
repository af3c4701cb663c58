/* SPDX-License-Identifier: Apache-2.0 */
/* How many of the float model's boxes the INT8 engine finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "data.h"
#include "models.h"

/* Sure boxes of the float model that the INT8 engine may miss, of 210 on 60 pictures, 554 on 155
 * (the long tier) and 21 on 6 (a slow test). Measured with AVX2, AVX-512 and VNNI: 1, 1 and
 * 0. INT8 is the same everywhere; a float set may put one more box on this side of the limit. */
#define MISSED_MOST 2

static bool is_found(const octet_detection *wanted, const octet_detection *boxes, int count)
{
    for (int i = 0; i < count; i++)
        if (boxes[i].class_id == wanted->class_id && test_iou(wanted, &boxes[i]) >= 0.8)
            return true;
    return false;
}

static void share_of_float(void **state)
{
    (void)state;
    const bool all = test_long(), few = test_is_slow();
    struct test_context test;
    test_context_init(&test);
    octet_context *ctx = &test.context;
    const int calibrated = all ? 100 : few ? 4 : 40, judged = all ? 155 : few ? 6 : 60;
    struct test_data_list train = test_data_list("coco/images/train2017", calibrated);
    struct test_data_list val = test_data_list("coco/images/val2017", judged);
    octet_engine *int8 = test_data_int8(ctx, "models/yolov8n.onnx", &train, 640);
    octet_engine *fp32 = test_data_engine(ctx, "models/yolov8n.onnx");
    octet_session *fast, *exact;
    assert_int_equal(octet_session_open(ctx, int8, NULL, &fast), OCTET_OK);
    assert_int_equal(octet_session_open(ctx, fp32, NULL, &exact), OCTET_OK);
    int sure = 0, found = 0;
    for (int i = 0; i < val.count; i++) {
        octet_detection wanted[300], boxes[300];
        octet_image *image = test_data_image(ctx, val.paths[i]);
        const int expected = test_detect(exact, image, 0.5, wanted);
        const int count = test_detect(fast, image, 0.25, boxes);
        for (int b = 0; b < expected; b++)
            found += is_found(&wanted[b], boxes, count);
        sure += expected;
        octet_image_free(&image);
    }
    print_message("    %d calibration pictures: %d of %d boxes of score 0.5 and above on %d "
                  "pictures (%.4f)\n",
                  train.count, found, sure, val.count, (double)found / (double)sure);
    assert_true(sure > 3 * val.count);
    assert_in_range(sure - found, 0, MISSED_MOST);
    octet_session_close(&fast);
    octet_session_close(&exact);
    octet_engine_free(&int8);
    octet_engine_free(&fp32);
    test_data_list_free(&train);
    test_data_list_free(&val);
    assert_int_equal(test.live, 0);
}

int main(void)
{
    if (!test_data_present())
        return TEST_SKIPPED;
    const struct CMUnitTest tests[] = {cmocka_unit_test(share_of_float)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
