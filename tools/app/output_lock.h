/* SPDX-License-Identifier: Apache-2.0 */
/* Long runs that write the same file exclude each other. */
#ifndef TOOLS_OUTPUT_LOCK_H
#define TOOLS_OUTPUT_LOCK_H

#include "app/app.h"

struct output_lock {
    char *path;     /* of the lock's own file, or NULL */
    int descriptor; /* -1: none is held */
};

/* Takes the lock of what is to be written to `path`, whose folder must be there; refuses where
 * another run has it. It goes with the program, however that ends. Where a file system has no
 * locks, nothing is held, and that is no failure. Returns a status. */
int output_lock_take(struct output_lock *lock, struct app *app, const char *path);

/* Accepts a zeroed struct. */
void output_lock_release(struct output_lock *lock);

#endif
