/* SPDX-License-Identifier: Apache-2.0 */
/* A context whose allocator counts, and fails where it is told to. */
#ifndef OCTET_TESTS_SUPPORT_CONTEXT_H
#define OCTET_TESTS_SUPPORT_CONTEXT_H

#include "base/memory.h"

struct test_context {
    octet_context context;
    int live;       /* blocks not released yet */
    int calls;      /* allocations asked for so far */
    int fail_at;    /* the allocation (0 is the first) that fails, once; -1 for none */
    size_t largest; /* bytes of the largest block asked for */
};

/* The context must not be moved afterwards. */
void test_context_init(struct test_context *test);

#endif
