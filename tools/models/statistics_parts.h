/* SPDX-License-Identifier: Apache-2.0 */
/* What verbs tell of the parts of statistics. */
#ifndef TOOLS_STATISTICS_PARTS_H
#define TOOLS_STATISTICS_PARTS_H

#include "app/json_print.h"

/* Whether there is more to tell than one size: several parts, a named source, or shards that are
 * missing. */
bool statistics_have_parts(const octet_statistics *statistics);

/* Before long work, whether that can be: of so many parts, or 0 where nobody knows yet. Returns a
 * status. */
int weights_check(struct app *app, const char *weights, int parts);

/* Weighs the parts as octet_statistics_weigh(), unless `weights` is NULL. Returns a status. */
int statistics_weigh(struct app *app, octet_statistics *statistics, const char *weights);

/* A list of objects. */
json_t *statistics_parts_json(const octet_statistics *statistics);

/* A line for each on standard output; takes no memory. */
void statistics_print_parts(const octet_statistics *statistics);

/* "320x320, 384x640": each size once. The caller frees it. */
char *statistics_sizes_text(const octet_statistics *statistics);

#endif
