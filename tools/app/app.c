/* SPDX-License-Identifier: Apache-2.0 */
/* Messages for people, and the context whose messages go the same way. */
#include "app/app.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/progress.h"
#include "app/terminal_text.h"

#define LINE_BYTES 2048 /* of a message; the rest is cut */

static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER; /* one message at a time */

static void flush_output(struct app *app)
{
    if (fflush(stdout) != 0 && !app->output_error)
        app->output_error = errno;
}

/* One line, in one write, so that lines of several processes do not mix. */
static void print_line(struct app *app, const char *prefix, const char *format, va_list arguments)
{
    char text[LINE_BYTES];
    int length = snprintf(text, sizeof text, "octet: %s%s", prefix, prefix[0] ? ": " : "");
    vsnprintf(text + length, sizeof text - (size_t)length, format, arguments);
    for (char *c = text; *c; c++)
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = ' ';
    text_clean(text);
    pthread_mutex_lock(&printing);
    flush_output(app); /* in a common log, lines of both streams keep their order */
    progress_hide(app->progress);
    fprintf(stderr, "%s\n", text);
    pthread_mutex_unlock(&printing);
}

int app_fail(struct app *app, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(app, "", format, arguments);
    va_end(arguments);
    return STATUS_FAILED;
}

int app_fail_open(struct app *app, const char *path)
{
    const int why = errno;
    return app_fail(app, "%s: %s", path,
                    why == ENOENT   ? "no such file"
                    : why == ENOMEM ? "out of memory"
                                    : strerror(why));
}

int app_usage(struct app *app, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(app, app->verb ? app->verb : "", format, arguments);
    va_end(arguments);
    return STATUS_USAGE;
}

int app_fail_library(struct app *app, octet_status status, const char *message)
{
    return app_fail(app, "%s", message && message[0] ? message : octet_status_text(status));
}

void app_say(struct app *app, const char *format, ...)
{
    if (app->quiet)
        return;
    va_list arguments;
    va_start(arguments, format);
    print_line(app, "", format, arguments);
    va_end(arguments);
}

void app_progress(struct app *app, struct progress *progress, const char *what, size_t total)
{
    progress_start(progress, &app->progress, what, total, app->quiet);
}

int app_flush(struct app *app)
{
    flush_output(app);
    if (!app->output_error && !ferror(stdout))
        return STATUS_DONE;
    if (app->output_failed)
        return STATUS_FAILED;
    app->output_failed = true;
    return app_fail(app, "standard output: %s",
                    app->output_error ? strerror(app->output_error) : "cannot be written");
}

static void log_line(void *user, octet_log_level level, const char *line)
{
    app_say(user, "%s%s", level == OCTET_LOG_WARNING ? "warning: " : "", line);
}

int app_open(struct app *app)
{
    octet_context_settings settings;
    octet_context_defaults(&settings);
    settings.log = log_line;
    settings.log_user = app;
    settings.log_level = app->verbose == 0   ? OCTET_LOG_WARNING
                         : app->verbose == 1 ? OCTET_LOG_INFO
                                             : OCTET_LOG_DEBUG;
    octet_status status = octet_context_create(&settings, &app->context);
    return status == OCTET_OK ? STATUS_DONE : app_fail_library(app, status, "");
}
