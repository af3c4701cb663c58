/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs: what stood there stays until the whole new file does, links are not followed, and what a
 * killed run left is removed. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <octet/file.h>

#include "base/output.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"

static struct test_context test;
static char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 32], other[TEST_FOLDER_BYTES + 32];

static int set_up(void **state)
{
    (void)state;
    test_context_init(&test);
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(other, sizeof other, "%s/other", folder);
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
    octet_file *file;
    const octet_status status = octet_file_create(&test.context, to, &file);
    assert_int_equal(status == OCTET_OK, file != NULL);
    octet_file_write(file, text, strlen(text));
    return status ? status : octet_file_commit(&file);
}

static void expect_text(const char *from, const char *text)
{
    size_t size;
    unsigned char *bytes = test_read_file(from, &size);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(bytes, text, size);
    free(bytes);
}

static void many_pieces(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    octet_file *file;
    assert_int_equal(octet_file_create(&test.context, path, &file), OCTET_OK);
    char *large = malloc(COUNT * 3);
    assert_non_null(large);
    for (int i = 0; i < COUNT; i++) {
        memcpy(large + 3 * i, i % 7 ? "abc" : "xyz", 3);
        if (i < COUNT / 2)
            octet_file_write(file, large + 3 * i, 3);
    }
    octet_file_write(file, NULL, 0);
    octet_file_write(file, large + 3 * (COUNT / 2), 3 * (COUNT / 2)); /* more than any buffer */
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(octet_file_commit(&file), OCTET_OK);
    assert_null(file);
    size_t size;
    unsigned char *bytes = test_read_file(path, &size);
    assert_int_equal(size, COUNT * 3);
    assert_memory_equal(bytes, large, size);
    free(bytes);
    free(large);
}

static void abandoned(void **state)
{
    (void)state;
    octet_file *file;
    assert_int_equal(write_text(path, "old"), OCTET_OK);
    assert_int_equal(octet_file_create(&test.context, path, &file), OCTET_OK);
    octet_file_write(file, "new", 3);
    assert_int_equal(test_folder_count(folder), 2);
    octet_file_abandon(&file);
    assert_null(file);
    octet_file_abandon(&file);
    octet_file_abandon(NULL);
    octet_file_write(NULL, "new", 3);
    assert_int_equal(octet_file_commit(&file), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_file_create(NULL, path, &file), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_file_check(NULL, path), OCTET_INVALID_ARGUMENT);
    assert_int_equal(test_folder_count(folder), 1);
    expect_text(path, "old");
}

static void links(void **state)
{
    (void)state;
    char fifo[TEST_FOLDER_BYTES + 32];
    struct stat entry;
    assert_int_equal(write_text(other, "mine"), OCTET_OK);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(octet_file_check(&test.context, path), OCTET_OK);
    assert_int_equal(write_text(path, "new"), OCTET_OK);
    expect_text(other, "mine"); /* what the link points to is left alone */
    expect_text(path, "new");
    assert_int_equal(lstat(path, &entry), 0);
    assert_true(S_ISREG(entry.st_mode));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_int_equal(write_text(path, "new"), OCTET_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(folder, path), 0);
    assert_int_equal(write_text(path, "new"), OCTET_FILE_WRITE);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/proc/self/fd/1", path), 0); /* as /dev/stdout is */
    assert_int_equal(octet_file_check(&test.context, path), OCTET_FILE_WRITE);
    assert_int_equal(write_text(path, "new"), OCTET_FILE_WRITE);
    assert_non_null(strstr(test.context.message, "no plain file"));
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(write_text(fifo, "new"), OCTET_FILE_WRITE);
    assert_int_equal(write_text("", "new"), OCTET_FILE_WRITE);
    snprintf(fifo, sizeof fifo, "%s/none/", folder);
    assert_int_equal(write_text(fifo, "new"), OCTET_FILE_WRITE);
    assert_int_equal(test_folder_count(folder), 3);
}

static mode_t mode_of(const char *of)
{
    struct stat entry;
    assert_int_equal(stat(of, &entry), 0);
    return entry.st_mode & 07777;
}

static void permissions(void **state)
{
    (void)state;
    const mode_t before = umask(027);
    assert_int_equal(write_text(path, "new"), OCTET_OK);
    assert_int_equal(mode_of(path), 0640);
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(write_text(path, "newer"), OCTET_OK);
    umask(before);
    assert_int_equal(mode_of(path), 0604);
    if (geteuid() == 0) {
        struct stat entry;
        assert_int_equal(chown(path, 12345, 54321), 0);
        assert_int_equal(write_text(path, "newest"), OCTET_OK);
        assert_int_equal(stat(path, &entry), 0);
        assert_int_equal(entry.st_uid, 12345);
        assert_int_equal(entry.st_gid, 54321);
    }
}

/* Somebody changes the file beside the place while it is written: makes it longer, changes a byte,
 * takes it away. */
static void not_what_was_written(void **state)
{
    (void)state;
    char beside[TEST_FOLDER_BYTES + 64];
    char *text = calloc(1, 200000);
    assert_non_null(text);
    assert_int_equal(write_text(path, "old"), OCTET_OK);
    for (int way = 0; way < 3; way++) {
        struct oct_output output;
        assert_int_equal(oct_output_open(&test.context, path, &output), OCTET_OK);
        oct_output_write(&output, text, 200000);
        snprintf(beside, sizeof beside, "%s/%s", folder, output.temporary);
        int fd = open(beside, O_WRONLY);
        assert_true(fd >= 0);
        if (way < 2)
            assert_int_equal(pwrite(fd, "x", 1, way == 0 ? 200000 : 77), 1);
        close(fd);
        if (way == 2)
            assert_int_equal(unlink(beside), 0);
        assert_int_equal(oct_output_commit(&output), OCTET_FILE_WRITE);
        assert_non_null(strstr(test.context.message, path));
        assert_int_equal(test_folder_count(folder), 1);
        expect_text(path, "old");
    }
    free(text);
}

/* A run that opens an output at `path` and waits until it is killed. */
static pid_t start_run(void)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct oct_output output;
        struct octet_context context = test.context;
        if (oct_output_open(&context, path, &output) == OCTET_OK) {
            oct_output_write(&output, "half", 4);
            if (write(ready[1], "x", 1) == 1)
                pause();
        }
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void end_run(pid_t child)
{
    int ended;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFSIGNALED(ended));
}

static void left_by_killed_runs(void **state)
{
    (void)state;
    static const char *const names[] = {".octet-XXXXXX", ".octet-0123456789abcdeF",
                                        ".octet-0123456789abcdef0"};
    char name[TEST_FOLDER_BYTES + 64];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(name, sizeof name, "%s/%s", folder, names[i]);
        test_write_file(name, "not ours", 8);
    }
    snprintf(name, sizeof name, "%s/.octet-0123456789abcdef", folder);
    assert_int_equal(symlink(other, name), 0); /* nor is a link */
    assert_int_equal(write_text(other, "mine"), OCTET_OK);
    const pid_t killed = start_run(), living = start_run();
    assert_int_equal(test_folder_count(folder), 7);
    end_run(killed);
    assert_int_equal(test_folder_count(folder), 7);
    assert_int_equal(write_text(path, "one"), OCTET_OK); /* this folder was looked through */
    assert_int_equal(test_folder_count(folder), 8);
    test_context_init(&test);
    assert_int_equal(write_text(path, "two"), OCTET_OK);
    assert_int_equal(test_folder_count(folder), 7); /* the living run's is there */
    end_run(living);
    test_context_init(&test);
    assert_int_equal(write_text(path, "three"), OCTET_OK);
    assert_int_equal(test_folder_count(folder), 6);
    expect_text(path, "three");
    expect_text(other, "mine");
}

/* Every allocation fails in turn. */
static void lack_of_memory(void **state)
{
    (void)state;
    assert_int_equal(write_text(path, "old"), OCTET_OK);
    for (int n = 0;; n++) {
        test.fail_at = test.calls + n;
        const octet_status status = write_text(path, "new");
        if (status == OCTET_OK)
            break;
        assert_int_equal(status, OCTET_OUT_OF_MEMORY);
        expect_text(path, "old");
        assert_int_equal(test_folder_count(folder), 1);
        assert_true(n < 20);
    }
    expect_text(path, "new");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(many_pieces),
        TEST(abandoned),
        TEST(links),
        TEST(permissions),
        TEST(not_what_was_written),
        TEST(left_by_killed_runs),
        TEST(lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
