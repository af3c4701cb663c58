/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics for Prometheus and /healthz for whoever restarts what is not well. */
#ifndef TOOLS_WATCH_PAGES_H
#define TOOLS_WATCH_PAGES_H

#include "watch/watch.h"

struct watch_pages;

/* Serves them at [HOST:]PORT until they are closed; watch->cameras may still be absent. Returns a
 * status; failures are reported. */
int watch_pages_open(struct watch *watch, const char *address, struct watch_pages **pages);

/* Accepts a pointer to NULL. */
void watch_pages_close(struct watch_pages **pages);

#endif
