/* SPDX-License-Identifier: Apache-2.0 */
/* What verbs tell of the parts of statistics. */
#ifndef TOOLS_STATISTICS_PARTS_H
#define TOOLS_STATISTICS_PARTS_H

#include "app/json_print.h"

/* Whether there is more to tell than one size: several parts, a named source, or shards that are
 * missing. */
bool statistics_have_parts(const octet_statistics *statistics);

/* A list of objects. */
json_t *statistics_parts_json(const octet_statistics *statistics);

/* A table on standard output, below `indent`. */
void statistics_print_parts(const octet_statistics *statistics);

/* "320x320, 384x640": each size once. The caller frees it. */
char *statistics_sizes_text(const octet_statistics *statistics);

#endif
