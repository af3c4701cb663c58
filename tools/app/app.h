/* SPDX-License-Identifier: Apache-2.0 */
/* What every verb of the program shares: settings, messages, memory, time. */
#ifndef TOOLS_APP_H
#define TOOLS_APP_H

#include <stdbool.h>
#include <stddef.h>

#include <octet/octet.h>

#include "app/allocate.h"
#include "app/clock.h"
#include "app/format.h"
#include "app/signals.h"

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
    const char *device; /* as octet_session_settings has it; NULL: the CPU */
    bool no_cache;
    char *cache;       /* see cache_folder() */
    const char *names; /* the file of --names, or NULL */
    char **data_files; /* that came with a model, see inputs_note_model() */
    size_t data_file_count;
};

/* Makes app->context, with the library's messages going to standard error. */
int app_open(struct app *app);

/* Prints "octet: ..." as one line on standard error; unprintable bytes become '?'. Any thread may
 * call this and the messages below. Returns STATUS_FAILED. */
int app_fail(struct app *app, const char *format, ...) TOOLS_PRINTF(2, 3);

/* A file that could not be opened, by errno. Returns STATUS_FAILED. */
int app_fail_open(struct app *app, const char *path);

/* As app_fail(), "octet: VERB: ...". Returns STATUS_USAGE. */
int app_usage(struct app *app, const char *format, ...) TOOLS_PRINTF(2, 3);

/* A failed library call: `message` is the handle's line, or "" for the status' own text. */
int app_fail_library(struct app *app, octet_status status, const char *message);

/* A message for people on standard error; silent with -q. */
void app_say(struct app *app, const char *format, ...) TOOLS_PRINTF(2, 3);

/* Starts a bar, unless -q was given; messages take it off the screen first. */
void app_progress(struct app *app, struct progress *progress, const char *what, size_t total);

/* Flushes standard output; a failure (full disk, closed pipe) is reported, once. */
int app_flush(struct app *app);

#endif
