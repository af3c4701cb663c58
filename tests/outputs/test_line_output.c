/* SPDX-License-Identifier: Apache-2.0 */
/* Lines into files and pipes that are slow, full, moved and closed. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "output_support.h"
#include "watch/outputs/line_output.h"

#define LINE "{\"camera\":\"door\",\"frame\":12}"
#define WRITERS 4
#define LINES_EACH 500

static struct app app;

static struct line_output *open_output(const char *path)
{
    struct line_output *output;
    assert_int_equal(line_output_open(&app, path, &output), STATUS_DONE);
    return output;
}

static void write_line(struct line_output *output, const char *line)
{
    line_output_write(output, line, strlen(line));
}

static void assert_file(const char *path, const char *wanted)
{
    char *text = file_text(path);
    assert_string_equal(text, wanted);
    free(text);
}

static void lines_are_added_and_seen_at_once(void **state)
{
    const char *path = in_folder("lines");
    (void)state;
    write_text(path, "older\nbroken off");
    struct line_output *output = open_output(path);
    write_line(output, "first");
    WAIT_UNTIL(file_holds(path, "first\n"));
    write_line(output, "second");
    struct output_counts counts;
    line_output_close(&output, &counts);
    assert_null(output);
    assert_file(path, "older\nbroken off\nfirst\nsecond\n");
    assert_int_equal(counts.written, 2);
    assert_int_equal(counts.dropped + counts.failed, 0);
    line_output_close(&output, NULL); /* NULL is accepted */
}

static void *write_many(void *user)
{
    char line[64];
    for (int i = 0; i < LINES_EACH; i++) {
        snprintf(line, sizeof line, "line %d of many", i);
        write_line(user, line);
    }
    return NULL;
}

static void threads_write_whole_lines(void **state)
{
    const char *path = in_folder("threads");
    pthread_t writer[WRITERS];
    (void)state;
    struct line_output *output = open_output(path);
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writer[i], NULL, write_many, output), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writer[i], NULL);
    struct output_counts counts;
    line_output_close(&output, &counts);
    assert_int_equal(counts.written, WRITERS * LINES_EACH);
    FILE *file = fopen(path, "r");
    char line[64];
    int count = 0, number, length;
    for (; fgets(line, sizeof line, file); count++)
        if (sscanf(line, "line %d of many\n%n", &number, &length) != 1 ||
            (size_t)length != strlen(line))
            fail_msg("a line is mixed: %s", line);
    fclose(file);
    assert_int_equal(count, WRITERS * LINES_EACH);
}

static void what_cannot_be_opened_is_reported(void **state)
{
    struct line_output *output;
    char *there = app_strdup(in_folder("no/such")), *pipe_path = app_strdup(in_folder("pipe"));
    (void)state;
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    catch_messages();
    assert_int_equal(line_output_open(&app, there, &output), STATUS_FAILED);
    assert_int_equal(line_output_open(&app, test_folder(), &output), STATUS_FAILED);
    assert_int_equal(line_output_open(&app, pipe_path, &output), STATUS_FAILED);
    assert_null(output);
    release_messages();
    assert_int_equal(times_caught("\n"), 3);
    assert_int_equal(times_caught("/no/such: its folder is not there\n"), 1);
    assert_int_equal(times_caught(": is a folder\n") + times_caught(": Is a directory\n"), 1);
    assert_int_equal(times_caught("/pipe: nobody reads this pipe\n"), 1);
    free(there);
    free(pipe_path);
}

/* As logrotate does it, without a signal. */
static void a_file_that_was_moved_is_made_anew(void **state)
{
    char *path = app_strdup(in_folder("rotated")), *old = app_strdup(in_folder("rotated.1"));
    (void)state;
    struct line_output *output = open_output(path);
    write_line(output, "before");
    WAIT_UNTIL(file_holds(path, "before\n"));
    assert_int_equal(rename(path, old), 0);
    WAIT_UNTIL(access(path, F_OK) == 0);
    write_line(output, "after");
    WAIT_UNTIL(file_holds(path, "after\n"));
    assert_int_equal(unlink(path), 0);
    WAIT_UNTIL(access(path, F_OK) == 0);
    write_line(output, "again");
    struct output_counts counts;
    line_output_close(&output, &counts);
    assert_file(old, "before\n");
    assert_file(path, "again\n");
    assert_int_equal(counts.written, 3);
    free(path);
    free(old);
}

/* Until the output has stopped, then a line more. */
static void fill(struct line_output *output)
{
    while (line_output_counts(output).failed == 0) {
        write_line(output, LINE);
        pause_ms(1);
    }
    const uint64_t failed = line_output_counts(output).failed;
    write_line(output, LINE);
    WAIT_UNTIL(line_output_counts(output).failed > failed);
}

/* So many whole lines and nothing else. */
static void assert_whole_lines(const char *path, uint64_t count)
{
    char *text = file_text(path);
    const size_t size = sizeof LINE;
    assert_int_equal(strlen(text), count * size);
    for (size_t i = 0; i < count; i++)
        assert_memory_equal(text + i * size, LINE "\n", size);
    free(text);
}

/* The limit ends in the middle of a line. */
static void a_file_that_is_full_ends_with_a_whole_line(void **state)
{
    char *path = app_strdup(in_folder("limited"));
    struct rlimit limit, small;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){.rlim_cur = sizeof LINE * 10 + 7, .rlim_max = limit.rlim_max};
    catch_messages();
    struct line_output *output = open_output(path);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    fill(output);
    char *problem = line_output_problem(output);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    release_messages();
    assert_non_null(problem);
    assert_non_null(strstr(problem, "/limited: the file is as large as it may be: recording stops, "
                                    "detecting goes on"));
    assert_int_equal(times_caught("recording stops"), 1);
    assert_whole_lines(path, 10);

    /* moved away, it goes on */
    catch_messages();
    assert_int_equal(unlink(path), 0);
    WAIT_UNTIL(access(path, F_OK) == 0);
    WAIT_UNTIL(times_caught("/limited: recording goes on") == 1);
    release_messages();
    assert_null(line_output_problem(output));
    write_line(output, LINE);
    struct output_counts counts;
    line_output_close(&output, &counts);
    assert_whole_lines(path, 1);
    assert_int_equal(counts.written, 11);
    free(problem);
    free(path);
}

/* A file system of 64 kB, in a name space of a child's own. Its exit status. */
static int fill_disk(const char *place)
{
    char path[256];
    snprintf(path, sizeof path, "%s/lines", place);
    if (mount("none", place, "tmpfs", 0, "size=64k") != 0)
        return SKIPPED;
    struct line_output *output;
    if (line_output_open(&app, path, &output) != STATUS_DONE)
        return 1;
    while (line_output_counts(output).failed == 0)
        write_line(output, LINE);
    char *problem = line_output_problem(output);
    struct output_counts counts;
    line_output_close(&output, &counts);
    const bool is_told =
        problem && strstr(problem, "/lines: no space left on device: recording stops");
    char *text = file_text(path);
    const size_t length = strlen(text);
    const bool is_whole =
        length > 0 && length == counts.written * sizeof LINE && text[length - 1] == '\n';
    free(text);
    free(problem);
    return !is_told ? 2 : !is_whole ? 3 : 0;
}

static void a_disk_that_is_full_stops_recording(void **state)
{
    const char *place = in_folder("disk");
    (void)state;
    assert_int_equal(mkdir(place, 0700), 0);
    catch_messages();
    const pid_t child = fork();
    if (child == 0)
        _exit((geteuid() == 0 ? unshare(CLONE_NEWNS) : unshare(CLONE_NEWNS | CLONE_NEWUSER)) != 0 ||
                      mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
                  ? SKIPPED
                  : fill_disk(place));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    release_messages();
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED) {
        print_message("skipped: no file system can be mounted here\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(times_caught("recording stops"), 1);
}

static void a_full_device_is_said_once(void **state)
{
    (void)state;
    catch_messages();
    struct line_output *output = open_output("/dev/full");
    fill(output);
    struct output_counts counts;
    line_output_close(&output, &counts);
    release_messages();
    assert_int_equal(times_caught("octet: /dev/full: no space left on device: recording stops, "
                                  "detecting goes on\n"),
                     1);
    assert_int_equal(times_caught("\n"), 1);
    assert_int_equal(counts.written, 0);
}

/* Standard output becomes a pipe; the result is its reading end. */
static int pipe_output(int *kept)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(stdout);
    *kept = dup(STDOUT_FILENO);
    assert_true(*kept >= 0 && dup2(ends[1], STDOUT_FILENO) >= 0);
    close(ends[1]);
    return ends[0];
}

static void restore_output(int kept)
{
    dup2(kept, STDOUT_FILENO);
    close(kept);
}

/* Lines with a number each, which must grow. */
static uint64_t count_growing(const char *text, int *last)
{
    uint64_t count = 0;
    for (; *text; count++) {
        int number = -1, length = 0;
        if (sscanf(text, "line %d%n", &number, &length) != 1 || number <= *last ||
            text[length] != '\n')
            fail_msg("behind line %d: %.20s", *last, text);
        *last = number;
        text += length + 1;
    }
    return count;
}

static void a_slow_reader_is_waited_for_by_nobody(void **state)
{
    enum { LINES = 200000 };
    char line[64];
    int kept;
    (void)state;
    const int reader = pipe_output(&kept);
    struct line_output *output = open_output("-");
    for (int i = 0; i < LINES; i++) {
        snprintf(line, sizeof line, "line %d", i);
        write_line(output, line);
    }
    const struct output_counts before = line_output_counts(output);
    char *start = read_all(reader, 1000);
    struct output_counts counts;
    line_output_close(&output, &counts);
    restore_output(kept);
    char *rest = read_all(reader, 300);
    close(reader);
    assert_true(before.dropped > LINES / 2);
    assert_int_equal(counts.written + counts.dropped, LINES);
    assert_int_equal(counts.failed, 0);
    int last = -1;
    uint64_t count = count_growing(start, &last) + count_growing(rest, &last);
    assert_int_equal(count, counts.written);
    assert_int_equal(last, LINES - 1); /* of those that waited the oldest were dropped */
    free(start);
    free(rest);
}

/* Closing gives up a reader that takes nothing. */
static void the_end_does_not_wait_for_ever(void **state)
{
    enum { LINES = 20000 };
    int kept;
    (void)state;
    const int reader = pipe_output(&kept);
    struct line_output *output = open_output(NULL);
    for (int i = 0; i < LINES; i++)
        write_line(output, LINE);
    struct output_counts counts;
    const double begun_ms = app_now_ms();
    line_output_close(&output, &counts);
    const double took_ms = app_now_ms() - begun_ms;
    restore_output(kept);
    close(reader);
    assert_true(took_ms < 2000);
    assert_true(counts.written > 0);
    assert_int_equal(counts.written + counts.dropped, LINES);
}

static void a_reader_that_has_gone_is_told(void **state)
{
    int kept;
    (void)state;
    catch_messages();
    const int reader = pipe_output(&kept);
    struct line_output *output = open_output(NULL);
    write_line(output, LINE);
    WAIT_UNTIL(line_output_counts(output).written == 1);
    assert_false(line_output_reader_is_gone(output));
    close(reader);
    write_line(output, LINE);
    WAIT_UNTIL(line_output_reader_is_gone(output));
    write_line(output, LINE);
    struct output_counts counts;
    line_output_close(&output, &counts);
    restore_output(kept);
    release_messages();
    assert_int_equal(counts.failed, 2);
    assert_int_equal(times_caught("standard output: the reader has gone"), 1);
}

static void a_line_that_is_too_long_is_dropped(void **state)
{
    enum { SIZE = 5 * 1024 * 1024 };
    const char *path = in_folder("long");
    char *line = app_alloc(SIZE, 1);
    (void)state;
    memset(line, 'x', SIZE);
    struct line_output *output = open_output(path);
    line_output_write(output, line, SIZE);
    write_line(output, "short");
    struct output_counts counts;
    line_output_close(&output, &counts);
    assert_file(path, "short\n");
    assert_int_equal(counts.dropped, 1);
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_added_and_seen_at_once),
        cmocka_unit_test(threads_write_whole_lines),
        cmocka_unit_test(what_cannot_be_opened_is_reported),
        cmocka_unit_test(a_file_that_was_moved_is_made_anew),
        cmocka_unit_test(a_file_that_is_full_ends_with_a_whole_line),
        cmocka_unit_test(a_disk_that_is_full_stops_recording),
        cmocka_unit_test(a_full_device_is_said_once),
        cmocka_unit_test(a_slow_reader_is_waited_for_by_nobody),
        cmocka_unit_test(the_end_does_not_wait_for_ever),
        cmocka_unit_test(a_reader_that_has_gone_is_told),
        cmocka_unit_test(a_line_that_is_too_long_is_dropped),
    };
    signal(SIGPIPE, SIG_IGN); /* as the program has them */
    signal(SIGXFSZ, SIG_IGN);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder();
    return failed;
}
