/* SPDX-License-Identifier: Apache-2.0 */
/* Messages for people, from any thread: app_say() and app_fail() are one thread's at a time. */
#ifndef TOOLS_WATCH_SAY_H
#define TOOLS_WATCH_SAY_H

#include "app/app.h"

/* app_say(), one message at a time. Text that holds an address with a password is the caller's to
 * clean. */
void watch_say(struct app *app, const char *format, ...) TOOLS_PRINTF(2, 3);

/* app_fail() in the same way. Returns STATUS_FAILED. */
int watch_fail(struct app *app, const char *format, ...) TOOLS_PRINTF(2, 3);

#endif
