/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps messages of several threads apart. */
#include "watch/outputs/watch_say.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_BYTES 2048 /* as app_say() has room for */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void watch_say(struct app *app, const char *format, ...)
{
    char text[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&mutex);
    app_say(app, "%s", text);
    pthread_mutex_unlock(&mutex);
}

int watch_fail(struct app *app, const char *format, ...)
{
    char text[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&mutex);
    app_fail(app, "%s", text);
    pthread_mutex_unlock(&mutex);
    return STATUS_FAILED;
}
