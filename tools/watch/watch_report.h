/* SPDX-License-Identifier: Apache-2.0 */
/* What came of it all, when `octet watch` ends. */
#ifndef TOOLS_WATCH_REPORT_H
#define TOOLS_WATCH_REPORT_H

#include "watch/watch.h"

struct watch_span {
    double start_ms, end_ms; /* by app_now_ms() */
    double start_cpu_ms, end_cpu_ms;
    int workers, threads; /* threads of each worker's network */
    const char *device, *kernels;
};

/* A line a camera on standard error, or JSON on standard output. Returns a status. */
int watch_report(struct watch *watch, const struct watch_span *span);

#endif
