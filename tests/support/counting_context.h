/* SPDX-License-Identifier: Apache-2.0 */
/* A context whose allocator counts, and fails where it is told to. */
#ifndef OCTET_TESTS_SUPPORT_COUNTING_CONTEXT_H
#define OCTET_TESTS_SUPPORT_COUNTING_CONTEXT_H

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

/* Has the last warning of the log, "" at first, kept in `line`, of TEST_LOG_BYTES. */
#define TEST_LOG_BYTES 512
void test_context_keep_log(struct test_context *test, char line[TEST_LOG_BYTES]);

/* A test (for cmocka's tables) before which a `struct test_context` of the file's is made new, and
 * which fails when blocks of it are still there afterwards. */
#define TEST_WITHIN(function, context)                                                             \
    cmocka_unit_test_prestate_setup_teardown(function, test_context_set_up,                        \
                                             test_context_tear_down, &(context))
int test_context_set_up(void **state);
int test_context_tear_down(void **state);

#endif
