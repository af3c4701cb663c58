/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of outputs share: messages that are caught, files, other programs, sockets. */
#ifndef TESTS_OUTPUT_SUPPORT_H
#define TESTS_OUTPUT_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "app/app.h"

#define SKIPPED 77
#define WAIT_MS 10000 /* for what other programs and threads do */

/* Waits until the condition holds, and fails where it does not in time. */
#define WAIT_UNTIL(condition)                                                                      \
    do {                                                                                           \
        const double wait_until_ms = app_now_ms() + WAIT_MS;                                       \
        while (!(condition)) {                                                                     \
            if (app_now_ms() > wait_until_ms)                                                      \
                fail_msg("never came true: %s", #condition);                                       \
            pause_ms(5);                                                                           \
        }                                                                                          \
    } while (0)

void pause_ms(int milliseconds);

/* A folder for this process' files; removed with all that is in it by remove_folder(). */
const char *test_folder(void);
void remove_folder(void);

/* A path in it, in one of four buffers in turn. */
const char *in_folder(const char *name);

/* Standard error goes to a file from here on; caught() is what came so far, the caller's to free,
 * and release_messages() puts it back. */
void catch_messages(void);
char *caught(void);
void release_messages(void);

/* How often `part` is in what was caught. */
size_t times_caught(const char *part);

/* A whole file, the caller's to free; "" where there is none. */
char *file_text(const char *path);
void write_text(const char *path, const char *text);
bool file_holds(const char *path, const char *part);

/* Starts a program whose output goes to a file, NULL: nowhere. It dies with this one. */
pid_t start_program(const char *const *arguments, const char *output);

/* Runs one to its end and returns its status. */
int run_program(const char *const *arguments, const char *output);

/* Not where an emulator runs it: the kernel does not know its instructions. */
bool can_run_itself(void);

/* Runs this program again with the argument "missing", where a library of this name cannot be
 * opened, and returns its status. What it says goes to the file. */
int run_without_library(const char *library, const char *output);

/* Ends one and waits for it. Accepts 0. */
void stop_program(pid_t *program, int number);

/* Whether the shell would find the program. */
bool has_program(const char *name);

/* A TCP port of this machine that nobody listens at. */
int free_port(void);

/* A socket that is connected to a port of this machine, or to a path; -1: refused. */
int connect_to_port(int port);
int connect_to_path(const char *path);

/* Listens, accepts nobody, and has room for two who wait. */
int listen_silently(int *port);

/* A connection that is not waited for. */
int begin_to_connect(int port);

/* What comes out of a socket until it is closed, or `milliseconds` were silent; the caller's to
 * free. */
char *read_all(int descriptor, int milliseconds);

#endif
