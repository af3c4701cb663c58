/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to say of a file, as text and as JSON. */
#ifndef TOOLS_INSPECT_H
#define TOOLS_INSPECT_H

#include "app/json_print.h"
#include "inspect/inspect_subject.h"

json_t *describe_json(const struct subject *subject);
void describe_text(const struct subject *subject);

int describe_statistics(struct app *app, const char *path, const octet_statistics *statistics);

/* `statistics`, to compare with, may be NULL. */
int describe_cache(struct app *app, const char *path, const octet_cache *cache,
                   const octet_statistics *statistics);

#endif
