/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to say of a file, as text and as JSON. */
#ifndef TOOLS_INSPECT_H
#define TOOLS_INSPECT_H

#include "app/json_print.h"
#include "inspect/inspect_subject.h"

json_t *describe_json(const struct subject *subject);
void describe_text(const struct subject *subject);

/* A line: what, and what it is. */
void inspect_row(const char *label, const char *text);

/* `calibrator`: what makes the ranges of which is told what it costs to share them; NULL: mse. */
int describe_statistics(struct app *app, const char *path, const octet_statistics *statistics,
                        const char *calibrator);

/* `statistics`, to compare with, may be NULL. */
int describe_cache(struct app *app, const char *path, const octet_cache *cache,
                   const octet_statistics *statistics);

#endif
