/* SPDX-License-Identifier: Apache-2.0 */
/* A model or an engine behind one face. */
#ifndef TOOLS_INSPECT_SUBJECT_H
#define TOOLS_INSPECT_SUBJECT_H

#include <octet/octet.h>

/* One of the two pointers is NULL. */
struct subject {
    const char *path;
    const octet_model *model;
    const octet_engine *engine;
};

void subject_info(const struct subject *subject, octet_info *info);

const char *subject_class_name(const struct subject *subject, int class_id);

octet_status subject_layer(const struct subject *subject, int index, octet_layer_info *layer);

/* Metadata of a model, provenance of an engine; returns 0 past the end. */
int subject_pair(const struct subject *subject, int index, const char **key, const char **text);

/* What it selects boxes by; 1: limits of its own. */
int subject_settings(const struct subject *subject, octet_detect_settings *settings);

#endif
