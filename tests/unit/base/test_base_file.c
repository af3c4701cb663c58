/* SPDX-License-Identifier: Apache-2.0 */
/* Files are read whole, and written whole or not at all. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/output.h"
#include "base/read_file.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"

static struct test_context test;
static char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 32];

static int set_up(void **state)
{
    (void)state;
    test_context_init(&test);
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return test.live;
}

static octet_status write_text(const char *to, const char *text)
{
    return oct_output_file(&test.context, to, text, strlen(text));
}

static void expect_contents(const char *expected)
{
    struct oct_file file;
    assert_int_equal(oct_file_open(&test.context, path, &file), OCTET_OK);
    assert_int_equal(file.size, strlen(expected));
    assert_memory_equal(file.bytes, expected, file.size);
    oct_file_close(&test.context, &file);
    assert_null(file.bytes);
}

static void round_trip(void **state)
{
    (void)state;
    struct oct_output output; /* in pieces of any size */
    assert_int_equal(oct_output_open(&test.context, path, &output), OCTET_OK);
    oct_output_write(&output, "one ", 4);
    oct_output_write(&output, "", 0);
    oct_output_write(&output, NULL, 0);
    oct_output_write(&output, "two", 3);
    assert_int_equal(oct_output_commit(&output), OCTET_OK);
    expect_contents("one two");
    assert_int_equal(write_text(path, "shorter"), OCTET_OK); /* replaces */
    expect_contents("shorter");
    assert_int_equal(oct_output_file(&test.context, path, NULL, 0), OCTET_OK);
    struct oct_file file;
    assert_int_equal(oct_file_open(&test.context, path, &file), OCTET_OK);
    assert_int_equal(file.size, 0);
    oct_file_close(&test.context, &file);
    assert_int_equal(test_folder_count(folder), 1);
}

static void cannot_open(void **state)
{
    (void)state;
    struct oct_file file;
    assert_int_equal(oct_file_open(&test.context, path, &file), OCTET_FILE_NOT_FOUND);
    assert_non_null(strstr(test.context.message, path));
    assert_int_equal(oct_file_open(&test.context, folder, &file), OCTET_FILE_ACCESS);
    assert_non_null(strstr(test.context.message, "directory"));
    assert_int_equal(write_text(path, "x"), OCTET_OK);
    char below[sizeof path + 8];
    snprintf(below, sizeof below, "%s/below", path);
    assert_int_equal(oct_file_open(&test.context, below, &file), OCTET_FILE_NOT_FOUND);
    assert_null(file.bytes);
    if (geteuid() != 0) {
        assert_int_equal(chmod(path, 0), 0);
        assert_int_equal(oct_file_open(&test.context, path, &file), OCTET_FILE_ACCESS);
    }
}

/* Files of the kernel, whose size says nothing. */
static void no_size(void **state)
{
    (void)state;
    struct oct_file file;
    assert_int_equal(oct_file_open(&test.context, "/proc/self/status", &file), OCTET_OK);
    assert_true(file.size > 100);
    assert_memory_equal(file.bytes, "Name:", 5);
    oct_file_close(&test.context, &file);
    test.fail_at = test.calls;
    assert_int_equal(oct_file_open(&test.context, "/proc/self/status", &file), OCTET_OUT_OF_MEMORY);
    assert_null(file.bytes);
}

static void write_to_directory(void **state)
{
    (void)state;
    assert_int_equal(write_text(folder, "x"), OCTET_FILE_WRITE);
    assert_non_null(strstr(test.context.message, "it is a folder"));
    assert_int_equal(test_folder_count(folder), 0);
}

static void write_nowhere(void **state)
{
    (void)state;
    char missing[sizeof path + 16], large[8192];
    snprintf(missing, sizeof missing, "%s/none/file", folder);
    assert_int_equal(write_text(missing, "x"), OCTET_FILE_WRITE);
    assert_non_null(strstr(test.context.message, missing));
    memset(large, 'n', sizeof large);
    large[sizeof large - 1] = '\0';
    assert_int_equal(write_text(large, "x"), OCTET_FILE_WRITE);
    assert_int_equal(write_text("", "x"), OCTET_FILE_WRITE);
    if (geteuid() != 0) {
        assert_int_equal(chmod(folder, 0500), 0);
        assert_int_equal(write_text(path, "x"), OCTET_FILE_WRITE);
        assert_int_equal(chmod(folder, 0700), 0);
    }
    assert_int_equal(test_folder_count(folder), 0);
}

/* A disk that is full: the file grows to its limit, then write() fails. */
static void disk_full(void **state)
{
    (void)state;
    assert_int_equal(write_text(path, "old"), OCTET_OK);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
    char *large = malloc(200000);
    assert_non_null(large);
    memset(large, 'n', 200000);
    const struct rlimit limit = {100000, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const octet_status status = oct_output_file(&test.context, path, large, 200000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    free(large);
    assert_int_equal(status, OCTET_FILE_WRITE);
    assert_non_null(strstr(test.context.message, path));
    assert_int_equal(test_folder_count(folder), 1); /* nothing is left beside it */
    expect_contents("old");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(round_trip),         TEST(cannot_open),   TEST(no_size),
        TEST(write_to_directory), TEST(write_nowhere), TEST(disk_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
