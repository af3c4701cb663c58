/* SPDX-License-Identifier: Apache-2.0 */
/* Mappings of YAML whose keys are known: each has a function that takes its value. Failures are
 * reported, and are statuses. */
#ifndef TOOLS_YAML_KEYS_H
#define TOOLS_YAML_KEYS_H

#include "pictures/yaml.h"

/* Where the mapping stands. */
struct yaml_place {
    struct app *app;
    const char *path; /* of the file */
};

/* `user` is what yaml_keys_read() was given. */
struct yaml_key {
    const char *name;
    int (*take)(void *user, const struct yaml_node *value, const char *name);
};

/* Hands every pair of the mapping to the key of its name; null values are passed over. Fails at an
 * unknown key, and at one that is there twice. */
int yaml_keys_read(const struct yaml_place *place, const struct yaml_node *mapping,
                   const struct yaml_key *keys, size_t count, void *user);

/* "PATH: line N: NAME: what". */
int yaml_refuse(const struct yaml_place *place, const struct yaml_node *node, const char *name,
                const char *what);

/* The value under a key, or NULL. */
const struct yaml_node *yaml_pair(const struct yaml_node *mapping, const char *name);

/* The value as a number. */
int yaml_take_number(const struct yaml_place *place, const struct yaml_node *value,
                     const char *name, double minimum, double maximum, double *number);

/* The value as text that is not empty; `*copy`, which may be NULL, is freed first. */
int yaml_take_copy(const struct yaml_place *place, const struct yaml_node *value, const char *name,
                   char **copy);

#endif
