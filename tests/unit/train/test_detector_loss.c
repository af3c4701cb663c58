/* SPDX-License-Identifier: Apache-2.0 */
/* The loss with labels beside PyTorch's numbers (support/detector_loss.py), and CIoU's derivatives
 * beside differences. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "read_npz.h"
#include "runtime/head/heads.h"
#include "train/detector_loss.h"

enum { LEVELS = 3, CLASSES = 3, BINS = 8, CELLS = 84, LABELS = 5 };

static const int strides[LEVELS] = {8, 16, 32};

static struct npy read_array(const char *name)
{
    struct npy array;
    if (!npz_read(OCTET_PROJECT_FOLDER "/tests/golden/detector_loss.npz", name, &array))
        fail_msg("detector_loss.npz has no %s", name);
    return array;
}

/* The largest difference, as a share of the largest value. */
static void expect_near(const float *is, const char *name, size_t count)
{
    struct npy array = read_array(name);
    const float *wanted = array.data;
    double off = 0.0, most = 0.0;
    for (size_t i = 0; i < count; i++) {
        off = fmax(off, fabs((double)is[i] - (double)wanted[i]));
        most = fmax(most, fabs((double)wanted[i]));
    }
    if (off > 1e-5 * most)
        fail_msg("%s: off by %g of %g", name, off, most);
    npy_free(&array);
}

static void test_is_what_pytorch_says(void **state)
{
    static float box_gradient[CELLS * 4 * BINS], class_gradient[CELLS * CLASSES], target[CELLS];
    static struct oct_predicted_cell cells[CELLS];
    static struct oct_alignment alignments[CELLS];
    static double scratch[3 * CELLS];
    struct npy boxes = read_array("distributions"), classes = read_array("logits");
    struct npy corners = read_array("labels"), indices = read_array("classes");
    struct npy label = read_array("label");
    struct oct_head head = {.kind = &oct_head_yolov8, .output_count = 6, .class_count = CLASSES};
    struct oct_distilled_level levels[LEVELS];
    struct oct_network_size sizes[LEVELS];
    struct oct_label labels[LABELS];
    struct oct_distilled sum = {0.0, 0.0};
    size_t at = 0;
    (void)state;
    head.of.yolov8.reg_max = BINS;
    for (int i = 0; i < LEVELS; i++) {
        const int side = 64 / strides[i];
        head.outputs[2 * i].stride = head.outputs[2 * i + 1].stride = strides[i];
        sizes[i] = (struct oct_network_size){side, side};
        levels[i] = (struct oct_distilled_level){
            .cells = (size_t)(side * side),
            .boxes = (const float *)boxes.data + at * 4 * BINS,
            .classes = (const float *)classes.data + at * CLASSES,
            .box_gradient = box_gradient + at * 4 * BINS,
            .class_gradient = class_gradient + at * CLASSES,
        };
        at += levels[i].cells;
    }
    for (int i = 0; i < LABELS; i++) {
        labels[i].class_index = ((const int32_t *)indices.data)[i];
        memcpy(labels[i].corners, (const float *)corners.data + (size_t)(4 * i), 4 * sizeof(float));
    }
    oct_detector_loss(&(struct oct_labelled_picture){&head, LEVELS, levels, sizes, labels, LABELS,
                                                     cells, alignments, scratch},
                      &sum);
    for (int i = 0; i < CELLS; i++) {
        assert_int_equal(alignments[i].label, ((const int32_t *)label.data)[i]);
        target[i] = alignments[i].target;
    }
    expect_near(target, "target", CELLS);
    expect_near(box_gradient, "distribution_gradient", CELLS * 4 * BINS);
    expect_near(class_gradient, "logit_gradient", CELLS * CLASSES);
    const float loss[2] = {(float)sum.loss, (float)sum.confidence};
    expect_near(loss, "loss", 2);
    npy_free(&boxes);
    npy_free(&classes);
    npy_free(&corners);
    npy_free(&indices);
    npy_free(&label);
}

/* The weight of the ratio of sides is taken for a constant: what differs by that is small where
 * the ratio is nearly right. */
static void test_slopes_of_complete_iou(void **state)
{
    struct test_random random = test_random_of(3);
    (void)state;
    for (int trial = 0; trial < 200; trial++) {
        double wanted[4] = {10.0, 20.0, 40.0, 60.0}, is[4], slopes[4];
        for (int i = 0; i < 4; i++)
            is[i] = wanted[i] + (double)test_float(&random, -3.0f, 3.0f);
        oct_complete_iou(is, wanted, slopes);
        for (int i = 0; i < 4; i++) {
            const double step = 1e-5, before = is[i];
            is[i] = before + step;
            const double above = oct_complete_iou(is, wanted, NULL);
            is[i] = before - step;
            const double below = oct_complete_iou(is, wanted, NULL);
            is[i] = before;
            assert_float_equal(slopes[i], (above - below) / (2.0 * step), 2e-3);
        }
    }
    const double same[4] = {1.0, 2.0, 3.0, 5.0}, far[4] = {50.0, 60.0, 51.0, 61.0};
    assert_float_equal(oct_complete_iou(same, same, NULL), 1.0, 1e-6);
    assert_true(oct_complete_iou(same, far, NULL) < -0.9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_what_pytorch_says),
        cmocka_unit_test(test_slopes_of_complete_iou),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
