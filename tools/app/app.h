/* SPDX-License-Identifier: Apache-2.0 */
/* What every verb of the program shares: settings, messages, memory, time. */
#ifndef TOOLS_APP_H
#define TOOLS_APP_H

#include <stdbool.h>
#include <stddef.h>

#include <octet/octet.h>

/* The program's exit statuses; every function that returns "a status" returns one of these. */
enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_CHECK = 3 };

struct progress;

struct app {
    const char *verb; /* NULL outside of a verb */
    octet_context *context;
    struct progress *progress; /* the bar that stands on the terminal, or NULL */
    bool quiet, json;
    bool output_failed; /* standard output failed, and that was reported */
    int output_error;   /* errno of its first failure, 0: none or unknown */
    int verbose;        /* number of -v */
    int threads;        /* 0: the library's default */
    const char *cpu;
    const char *names; /* the file of --names, or NULL */
    char **data_files; /* that came with a model, see inputs_note_model() */
    size_t data_file_count;
};

#define TOOLS_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))

/* Makes app->context, with the library's messages going to standard error. */
int app_open(struct app *app);

/* Prints "octet: ..." as one line on standard error; unprintable bytes become '?'. Returns
 * STATUS_FAILED. */
int app_fail(struct app *app, const char *format, ...) TOOLS_PRINTF(2, 3);

/* As app_fail(), "octet: VERB: ...". Returns STATUS_USAGE. */
int app_usage(struct app *app, const char *format, ...) TOOLS_PRINTF(2, 3);

/* A failed library call: `message` is the handle's line, or "" for the status' own text. */
int app_fail_library(struct app *app, octet_status status, const char *message);

/* A message for people on standard error; silent with -q. */
void app_say(struct app *app, const char *format, ...) TOOLS_PRINTF(2, 3);

/* Flushes standard output; a failure (full disk, closed pipe) is reported, once. */
int app_flush(struct app *app);

/* Zeroed memory, a copy of text, a formatted text: freed with free(). Lack of memory ends the
 * program. */
void *app_alloc(size_t count, size_t size);
void *app_resize(void *memory, size_t count, size_t size);
char *app_strdup(const char *text);
char *app_printf(const char *format, ...) TOOLS_PRINTF(1, 2);

/* Milliseconds of a clock that only goes forward. */
double app_now_ms(void);

/* signals.c: watches for SIGINT, SIGTERM and SIGHUP, unless they are ignored. The verb is asked to
 * end; 0.7 s later, or at a second signal, unfinished outputs are removed and the program dies. */
void app_catch_signals(void);
/* True once such a signal came: the verb then ends early. */
bool app_interrupted(void);
/* What is between these two comes to its end although one signal came: results that are put in
 * their place. They may nest. */
void app_hold_signals(void);
void app_release_signals(void);
/* The verb came to an end in good order all the same: the program returns its status. */
void app_forget_signal(void);
/* Dies of the caught signal, if there was one. */
void app_raise_caught(void);
/* In a child process: signals do again what they do by themselves, and it dies with its parent. */
void app_signals_in_child(void);

#endif
