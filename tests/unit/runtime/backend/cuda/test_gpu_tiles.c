/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles that were tried out are remembered in a file: it is used by the sessions that it is for,
 * and what is damaged is tried anew. */
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
#include "folder.h"
#include "gpu/support/stand_in_driver.h"
#include "run_session.h"
#include "runtime/backend/cuda/cuda_backend.h"
#include "small_detector.h"

static struct test_context test;
static const struct stand_in_driver *driver;
static octet_engine *engine;
static char folder[TEST_FOLDER_BYTES];

static int set_up(void **state)
{
    const int failed = test_context_set_up(state);
    driver = stand_in_open();
    engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    test_folder_create(folder);
    return failed;
}

static int tear_down(void **state)
{
    octet_engine_free(&engine);
    test_folder_remove(folder);
    return stand_in_close_clean() ? test_context_tear_down(state) : 1;
}

/* Opens a session and runs it; returns how many calls of the driver opening took. */
static int open_once(const char *cache, int height, float **output, size_t *count)
{
    const octet_session_settings settings = {
        .height = height, .width = 32, .batch = 1, .threads = 1, .cache = cache};
    struct stand_in_counts before, after;
    uint8_t *pixels = test_picture_pixels(&test.context, height, 32, 1);
    driver->get_counts(&before);
    octet_session *session = test_session_open(&test.context, &oct_cuda_backend, engine, &settings);
    driver->get_counts(&after);
    octet_session_set_pixels(session, 0, pixels);
    test_session_run(session);
    *output = test_session_output(session, engine, 0, count);
    octet_session_close(&session);
    free(pixels);
    return after.calls - before.calls;
}

static int open_and_compare(const char *cache, const float *wanted)
{
    float *output;
    size_t count;
    const int calls = open_once(cache, 32, &output, &count);
    assert_memory_equal(output, wanted, count * sizeof *output);
    free(output);
    return calls;
}

static void remembered(void **state)
{
    (void)state;
    float *wanted, *other;
    size_t count;
    const int tried = open_once(folder, 32, &wanted, &count);
    assert_int_equal(test_folder_count(folder), 1);
    const int read = open_and_compare(folder, wanted);
    assert_true(2 * read < tried);
    for (int seed = 2; seed < 12; seed++) { /* other times, other tiles, the same results */
        driver->set_seed((uint64_t)seed);
        assert_true(open_and_compare(NULL, wanted) > 2 * read);
    }
    assert_int_equal(test_folder_count(folder), 1);
    open_once(folder, 64, &other, &count); /* another size */
    assert_int_equal(test_folder_count(folder), 2);
    driver->set_gpus(1, &stand_in_hopper);
    open_and_compare(folder, wanted);
    assert_int_equal(test_folder_count(folder), 3);
    free(wanted);
    free(other);
}

/* The one file of the folder. */
static void find_file(char path[TEST_FOLDER_BYTES + 300])
{
    char command[TEST_FOLDER_BYTES + 32];
    snprintf(command, sizeof command, "ls %s/*.tiles", folder);
    FILE *listing = popen(command, "r");
    assert_non_null(listing);
    assert_non_null(fgets(path, TEST_FOLDER_BYTES + 300, listing));
    path[strcspn(path, "\n")] = '\0';
    pclose(listing);
}

/* Cut short, or a byte changed, anywhere: results are right, nothing is refused, and the file is
 * whole again. */
static void damaged(void **state)
{
    (void)state;
    char path[TEST_FOLDER_BYTES + 300];
    float *wanted;
    size_t count, size, again;
    open_once(folder, 32, &wanted, &count);
    find_file(path);
    unsigned char *bytes = test_read_file(path, &size);
    for (size_t i = 0; i < size; i += size / 40 + 1) {
        test_write_file(path, bytes, i);
        open_and_compare(folder, wanted);
        bytes[i] ^= (unsigned char)(1 + i % 7);
        test_write_file(path, bytes, size);
        bytes[i] ^= (unsigned char)(1 + i % 7);
        open_and_compare(folder, wanted);
        const int calls = open_and_compare(folder, wanted);
        assert_true(2 * calls < open_and_compare(NULL, wanted));
        unsigned char *written = test_read_file(path, &again);
        assert_memory_equal(written + again - 4, "end\n", 4);
        free(written);
    }
    free(bytes);
    free(wanted);
}

/* A folder that is not there: nothing is kept, and nothing fails. */
static void no_folder(void **state)
{
    (void)state;
    float *wanted;
    size_t count;
    char path[TEST_FOLDER_BYTES + 16];
    snprintf(path, sizeof path, "%s/nowhere", folder);
    open_once(NULL, 32, &wanted, &count);
    open_and_compare(path, wanted);
    assert_int_equal(test_folder_count(folder), 0);
    free(wanted);
}

#define TEST(function) cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, &test)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(remembered), TEST(damaged), TEST(no_folder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
