/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of random layers and views, without weights: what memory plans look at. */
#ifndef OCTET_TESTS_SUPPORT_RANDOM_PLAN_H
#define OCTET_TESTS_SUPPORT_RANDOM_PLAN_H

#include "network/network.h"
#include "random.h"

enum { TEST_PLAN_TENSORS = 80, TEST_PLAN_LAYERS = 40 };

struct test_plan {
    struct oct_network network;
    struct oct_tensor tensors[TEST_PLAN_TENSORS];
    struct oct_layer layers[TEST_PLAN_LAYERS];
    int factor[TEST_PLAN_TENSORS]; /* of the input's size over the tensor's */
    bool member[TEST_PLAN_TENSORS];
    struct test_random random;
};

/* For input sizes that are multiples of 32. The seed says the type as well. */
void test_plan_make(struct test_plan *plan, uint64_t seed);

#endif
