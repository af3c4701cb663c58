/* SPDX-License-Identifier: Apache-2.0 */
/* Lines for many clients of a Unix domain socket: slow ones, dead ones, talkative ones. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "output_support.h"
#include "watch/outputs/socket_output.h"

static struct app app;

static struct socket_output *open_output(const char *path)
{
    struct socket_output *output;
    assert_int_equal(socket_output_open(&app, path, &output), STATUS_DONE);
    return output;
}

/* A client that the output knows of. */
static int join(struct socket_output *output, const char *path)
{
    const size_t before = socket_output_clients(output);
    const int client = connect_to_path(path);
    assert_true(client >= 0);
    WAIT_UNTIL(socket_output_clients(output) == before + 1);
    return client;
}

static void write_line(struct socket_output *output, const char *line)
{
    socket_output_write(output, line, strlen(line));
}

static void assert_read(int client, const char *wanted)
{
    char *text = app_alloc(strlen(wanted) + 1, 1);
    size_t length = 0;
    while (length < strlen(wanted)) {
        const ssize_t got = read(client, text + length, strlen(wanted) - length);
        if (got <= 0)
            fail_msg("the client was closed after '%s'", text);
        length += (size_t)got;
    }
    assert_string_equal(text, wanted);
    free(text);
}

static void each_client_gets_what_comes_after_it(void **state)
{
    const char *path = in_folder("socket");
    struct stat entry;
    (void)state;
    const mode_t mask = umask(0);
    struct socket_output *output = open_output(path);
    umask(mask);
    assert_int_equal(stat(path, &entry), 0);
    assert_true(S_ISSOCK(entry.st_mode));
    assert_int_equal(entry.st_mode & 0777, 0600);
    write_line(output, "nobody");
    const int first = join(output, path);
    write_line(output, "one");
    assert_read(first, "one\n");
    const int second = join(output, path);
    write_line(output, "two");
    struct output_counts counts;
    socket_output_close(&output, &counts);
    assert_read(first, "two\n");
    assert_read(second, "two\n");
    char rest;
    assert_int_equal(read(first, &rest, 1), 0); /* closed */
    assert_int_equal(counts.written, 3);
    assert_int_equal(counts.dropped + counts.failed, 0);
    assert_int_equal(access(path, F_OK), -1); /* removed */
    close(first);
    close(second);
}

static void clients_may_talk_close_and_die(void **state)
{
    char *path = app_strdup(in_folder("talk")), noise[100000] = {0};
    (void)state;
    struct socket_output *output = open_output(path);
    const int talker = join(output, path), silent = join(output, path), dead = join(output, path);
    assert_int_equal(send(talker, noise, sizeof noise, 0), sizeof noise);
    assert_int_equal(shutdown(silent, SHUT_WR), 0); /* it reads on */
    close(dead);
    WAIT_UNTIL(socket_output_clients(output) == 2);
    write_line(output, "line");
    assert_read(talker, "line\n");
    assert_read(silent, "line\n");
    close(talker);
    close(silent);
    WAIT_UNTIL(socket_output_clients(output) == 0);
    socket_output_close(&output, NULL);
    free(path);
}

/* Lines of 1 kB with a number in front. */
static void write_numbered(struct socket_output *output, int number)
{
    char line[1024];
    memset(line, '.', sizeof line);
    line[snprintf(line, sizeof line, "%08d", number)] = '.';
    socket_output_write(output, line, sizeof line);
}

static void a_slow_client_loses_lines_and_others_do_not(void **state)
{
    enum { LINES = 6000, BYTES = 1025 };
    char *path = app_strdup(in_folder("slow"));
    (void)state;
    struct socket_output *output = open_output(path);
    const int slow = join(output, path), quick = join(output, path);
    char line[BYTES];
    for (int i = 0; i < LINES; i++) {
        write_numbered(output, i);
        assert_int_equal(recv(quick, line, BYTES, MSG_WAITALL), BYTES);
        assert_int_equal(atoi(line), i);
    }
    WAIT_UNTIL(socket_output_counts(output).written >= LINES);
    /* what the socket took first, then a gap, then the latest: whole lines in their order */
    int count = 0, gaps = 0, last = -1;
    while (last != LINES - 1) {
        assert_int_equal(recv(slow, line, BYTES, MSG_WAITALL), BYTES);
        assert_int_equal(line[BYTES - 1], '\n');
        assert_true(atoi(line) > last);
        gaps += atoi(line) != last + 1;
        last = atoi(line);
        count++;
    }
    struct output_counts counts;
    socket_output_close(&output, &counts);
    assert_int_equal(gaps, 1);
    assert_true(count < LINES);
    assert_int_equal(counts.written, LINES + count);
    assert_int_equal(counts.dropped, LINES - count);
    close(slow);
    close(quick);
    free(path);
}

static void a_client_that_takes_nothing_holds_nobody_up(void **state)
{
    char *path = app_strdup(in_folder("stuck"));
    (void)state;
    struct socket_output *output = open_output(path);
    const int stuck = join(output, path);
    for (int i = 0; i < 3000; i++)
        write_numbered(output, i);
    const double begun_ms = app_now_ms();
    struct output_counts counts;
    socket_output_close(&output, &counts);
    assert_true(app_now_ms() - begun_ms < 2000);
    assert_true(counts.failed <= 1); /* the line that it has a part of */
    close(stuck);
    free(path);
}

static void too_many_clients_are_turned_away(void **state)
{
    char *path = app_strdup(in_folder("many"));
    int client[SOCKET_CLIENTS_MAX];
    (void)state;
    struct socket_output *output = open_output(path);
    for (int i = 0; i < SOCKET_CLIENTS_MAX; i++)
        client[i] = join(output, path);
    catch_messages();
    const int one_more = connect_to_path(path);
    char byte;
    assert_int_equal(read(one_more, &byte, 1), 0);
    close(one_more);
    char *problem = socket_output_problem(output);
    assert_non_null(problem);
    free(problem);
    close(client[0]);
    WAIT_UNTIL(socket_output_clients(output) == SOCKET_CLIENTS_MAX - 1);
    client[0] = join(output, path);
    WAIT_UNTIL(times_caught("clients are let in again") == 1);
    release_messages();
    assert_int_equal(times_caught("more are turned away"), 1);
    assert_null(socket_output_problem(output));
    write_line(output, "all");
    for (int i = 0; i < SOCKET_CLIENTS_MAX; i++) {
        assert_read(client[i], "all\n");
        close(client[i]);
    }
    socket_output_close(&output, NULL);
    free(path);
}

static void refuses(const char *path, const char *why)
{
    struct socket_output *output;
    catch_messages();
    assert_int_equal(socket_output_open(&app, path, &output), STATUS_FAILED);
    release_messages();
    assert_null(output);
    assert_int_equal(times_caught("\n"), 1);
    if (!times_caught(why))
        fail_msg("%s: not said: %s", path, why);
}

static void places_that_are_taken_are_refused(void **state)
{
    char *file = app_strdup(in_folder("file")), *living = app_strdup(in_folder("living"));
    char *dead = app_strdup(in_folder("dead"));
    (void)state;
    write_text(file, "mine\n");
    refuses(file, "something that is no socket is there already");
    assert_true(file_holds(file, "mine\n"));
    struct socket_output *output = open_output(living);
    refuses(living, "another program listens there already");
    WAIT_UNTIL(socket_output_clients(output) == 0); /* it was asked whether it lives */
    const int client = join(output, living);
    write_line(output, "still here");
    assert_read(client, "still here\n");
    close(client);
    refuses(in_folder("no/such"), "its folder is not there");
    refuses("", "has 1 to 107 bytes");
    char path[200];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    refuses(path, "has 1 to 107 bytes");
    socket_output_close(&output, NULL);

    /* of a program that has died without a word */
    const pid_t child = fork();
    if (child == 0) {
        struct socket_output *left;
        socket_output_open(&app, dead, &left);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(access(dead, F_OK), 0);
    output = open_output(dead);
    const int next = join(output, dead);
    write_line(output, "new");
    assert_read(next, "new\n");
    close(next);
    socket_output_close(&output, NULL);
    free(file);
    free(living);
    free(dead);
}

/* Somebody else's file at the path is not ours to remove. */
static void what_took_its_place_is_left(void **state)
{
    const char *path = in_folder("replaced");
    (void)state;
    struct socket_output *output = open_output(path);
    assert_int_equal(unlink(path), 0);
    write_text(path, "other\n");
    socket_output_close(&output, NULL);
    assert_true(file_holds(path, "other\n"));
}

static void *write_many(void *user)
{
    for (int i = 0; i < 500; i++)
        write_line(user, "a line of many");
    return NULL;
}

static void threads_write_whole_lines(void **state)
{
    enum { WRITERS = 4 };
    char *path = app_strdup(in_folder("threads"));
    pthread_t writer[WRITERS];
    (void)state;
    struct socket_output *output = open_output(path);
    const int client = join(output, path);
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writer[i], NULL, write_many, output), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writer[i], NULL);
    struct output_counts counts;
    socket_output_close(&output, &counts);
    char *text = read_all(client, 1000);
    const size_t size = strlen("a line of many\n");
    assert_in_range(strlen(text), counts.written * size, (counts.written + 1) * size - 1);
    assert_int_equal(counts.written + counts.dropped + counts.failed, WRITERS * 500);
    for (size_t i = 0; i < counts.written; i++)
        assert_memory_equal(text + i * size, "a line of many\n", size);
    free(text);
    close(client);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_client_gets_what_comes_after_it),
        cmocka_unit_test(clients_may_talk_close_and_die),
        cmocka_unit_test(a_slow_client_loses_lines_and_others_do_not),
        cmocka_unit_test(a_client_that_takes_nothing_holds_nobody_up),
        cmocka_unit_test(too_many_clients_are_turned_away),
        cmocka_unit_test(places_that_are_taken_are_refused),
        cmocka_unit_test(what_took_its_place_is_left),
        cmocka_unit_test(threads_write_whole_lines),
    };
    signal(SIGPIPE, SIG_IGN);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder();
    return failed;
}
