/* SPDX-License-Identifier: Apache-2.0 */
/* What the default INT8 build loses on labelled pictures. */
#ifndef OCTET_TESTS_SUPPORT_ACCURACY_SET_H
#define OCTET_TESTS_SUPPORT_ACCURACY_SET_H

/* Other samples of 100 pictures move INT8's AP by 0.2 points (docs/accuracy.md). */
struct test_accuracy_set {
    const char *model, *train, *val, *annotations;
    int size;
    const char *only; /* the one class that is labelled completely, or NULL */
    double float_ap;  /* by pycocotools, with ONNX Runtime */
    double loss_most; /* of AP */
    double agreement_least;
};

/* Builds both engines, INT8 calibrated on 100 pictures of `train`, or all where there are fewer;
 * fails the running test where a figure is not as it is given. */
void test_accuracy(const struct test_accuracy_set *set);

#endif
