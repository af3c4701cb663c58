/* SPDX-License-Identifier: Apache-2.0 */
/* What a detector is, as `octet inspect` shows it: the parts that models and engines share. */
#ifndef TOOLS_INSPECT_H
#define TOOLS_INSPECT_H

#include "app/json_print.h"

/* A model or an engine behind one face; the other pointer is NULL. */
struct subject {
    const char *path;
    const octet_model *model;
    const octet_engine *engine;
};

/* What it selects boxes by; 1: limits of its own. */
int subject_settings(const struct subject *subject, octet_detect_settings *settings);

json_t *describe_json(const struct subject *subject);
void describe_text(const struct subject *subject);

int describe_statistics(struct app *app, const char *path, const octet_statistics *statistics);

/* `statistics`, to compare with, may be NULL. */
int describe_cache(struct app *app, const char *path, const octet_cache *cache,
                   const octet_statistics *statistics);

#endif
