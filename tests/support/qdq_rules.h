/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of a model with Q/DQ put in, found from the two messages alone. */
#ifndef OCTET_TESTS_SUPPORT_QDQ_RULES_H
#define OCTET_TESTS_SUPPORT_QDQ_RULES_H

#include "onnx.pb-c.h"

struct test_qdq_expected {
    int convolutions; /* quantised */
    int sums;         /* residual additions with a quantised branch */
    int int8_weights;
    int unsigned_codes; /* of activations */
    int sorted;         /* 1: every node must stand after those that it reads from */
};

/* Fails the running test, naming node and rule, where one does not hold. */
void test_qdq_rules(const OctOnnx__ModelProto *before, const OctOnnx__ModelProto *after,
                    const struct test_qdq_expected *expected);

#endif
