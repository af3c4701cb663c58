/* SPDX-License-Identifier: Apache-2.0 */
/* A small pool of fork-join threads. */
#ifndef OCTET_BASE_THREADS_H
#define OCTET_BASE_THREADS_H

#include "base/messages.h"

struct oct_threads; /* NULL stands for the calling thread alone */

/* OCTET_INVALID_ARGUMENT for a `count` that oct_threads_create() does not take. */
octet_status oct_threads_check(octet_context *ctx, int count);
/* `count` includes the caller; 0: the default of base/cores.h. With 1, *threads becomes NULL. */
octet_status oct_threads_create(octet_context *ctx, int count, struct oct_threads **threads);
int oct_threads_count(const struct oct_threads *threads);
void oct_threads_destroy(struct oct_threads **threads);

/* Calls task(user, worker, item) for every item of [0, items); worker is in [0, count). Returns
 * when all are done. Does not allocate. */
void oct_threads_run(struct oct_threads *threads, void (*task)(void *user, int worker, int item),
                     void *user, int items);

/* Lets the other threads sleep until the next run. Between runs they wait for a while without
 * sleeping, on processors that another pool may need now. */
void oct_threads_rest(struct oct_threads *threads);

#endif
