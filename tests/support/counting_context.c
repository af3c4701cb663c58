/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator of a test: counts blocks that live, and lets one allocation fail. */
#include "counting_context.h"

#include <stdio.h>
#include <stdlib.h>

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    struct test_context *test = user;
    if (bytes > test->largest)
        test->largest = bytes;
    void *memory = NULL;
    if (test->calls++ == test->fail_at || posix_memalign(&memory, alignment, bytes) != 0)
        return NULL;
    test->live++;
    return memory;
}

static void release(void *user, void *memory)
{
    struct test_context *test = user;
    test->live--;
    free(memory);
}

void test_context_init(struct test_context *test)
{
    *test = (struct test_context){.fail_at = -1};
    test->context.allocator = (octet_allocator){allocate, release, test};
}

static void keep_line(void *user, octet_log_level level, const char *line)
{
    (void)level;
    snprintf(user, TEST_LOG_BYTES, "%s", line);
}

void test_context_keep_log(struct test_context *test, char line[TEST_LOG_BYTES])
{
    line[0] = '\0';
    test->context.log = keep_line;
    test->context.log_user = line;
    test->context.log_level = OCTET_LOG_WARNING;
}

int test_context_set_up(void **state)
{
    test_context_init(*state);
    return 0;
}

int test_context_tear_down(void **state)
{
    const struct test_context *test = *state;
    return test->live;
}
