/* SPDX-License-Identifier: Apache-2.0 */
/* A small YAML file (a data.yaml) as a tree, within bounds of size, depth and number of nodes.
 * Aliases are followed, never copied, so that a small file cannot become a large tree. */
#ifndef TOOLS_YAML_H
#define TOOLS_YAML_H

#include "app/app.h"

enum yaml_kind { YAML_NULL, YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
    enum yaml_kind kind;
    int line;                              /* from 1 on */
    char *text;                            /* of a scalar */
    struct yaml_node *key;                 /* of a mapping's entry */
    struct yaml_node *first, *last, *next; /* entries, and the next entry of the same parent */
    struct yaml_node *alias;               /* what this one stands for, or NULL */
    struct yaml_node *made_before;
};

struct yaml {
    const struct yaml_node *root;
    struct yaml_node *nodes; /* all of them */
};

/* Reads the file; its root is a mapping. Bytes that are no text (not UTF-8, control characters)
 * become U+FFFD: where they stand in comments or in values that nobody asks for, they do no harm. A
 * failure is reported. The caller frees in both cases. */
int yaml_read(struct app *app, const char *path, struct yaml *yaml);
void yaml_free(struct yaml *yaml);

/* A node's value, behind an alias too. */
const struct yaml_node *yaml_value(const struct yaml_node *node);

/* The value under `key` of the root, NULL where it is absent or null. A key that is there twice is
 * reported. */
int yaml_find(struct app *app, const char *path, const struct yaml *yaml, const char *key,
              const struct yaml_node **value);

/* The text of a scalar; NULL, and reported, where it is none or has bytes that are no text. */
const char *yaml_text(struct app *app, const char *path, const struct yaml_node *node,
                      const char *what);

#endif
