/* SPDX-License-Identifier: Apache-2.0 */
/* How the program ends at SIGINT, SIGTERM and SIGHUP. */
#ifndef TOOLS_SIGNALS_H
#define TOOLS_SIGNALS_H

#include <stdbool.h>

/* Watches for SIGINT, SIGTERM and SIGHUP, unless they are ignored. The verb is asked to
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
