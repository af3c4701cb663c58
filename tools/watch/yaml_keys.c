/* SPDX-License-Identifier: Apache-2.0 */
/* Reads mappings by tables of keys. */
#include "watch/yaml_keys.h"

#include <stdlib.h>
#include <string.h>

#include "app/suggest.h"

int yaml_refuse(const struct yaml_place *place, const struct yaml_node *node, const char *name,
                const char *what)
{
    return app_fail(place->app, "%s: line %d: %s: %s", place->path, node->line, name, what);
}

static int refuse_unknown(const struct yaml_place *place, const struct yaml_node *node,
                          const char *name, const struct yaml_key *keys, size_t count)
{
    char text[SUGGEST_BYTES];
    struct suggestion suggestion = suggest_for(name);
    for (size_t i = 0; i < count; i++)
        suggest_offer(&suggestion, keys[i].name);
    return app_fail(place->app, "%s: line %d: unknown key '%s'%s", place->path, node->line, name,
                    suggest_text(&suggestion, "", text));
}

static bool has_name(const struct yaml_node *pair, const char *name)
{
    const struct yaml_node *key = yaml_value(pair->key);
    return key->kind == YAML_SCALAR && strcmp(key->text, name) == 0;
}

const struct yaml_node *yaml_pair(const struct yaml_node *mapping, const char *name)
{
    for (const struct yaml_node *pair = mapping->first; pair; pair = pair->next)
        if (has_name(pair, name))
            return yaml_value(pair);
    return NULL;
}

int yaml_keys_read(const struct yaml_place *place, const struct yaml_node *mapping,
                   const struct yaml_key *keys, size_t count, void *user)
{
    for (const struct yaml_node *pair = mapping->first; pair; pair = pair->next) {
        const char *name = yaml_text(place->app, place->path, pair->key, "no key's name");
        size_t i = 0;
        if (!name)
            return STATUS_FAILED;
        while (i < count && strcmp(keys[i].name, name) != 0)
            i++;
        if (i == count)
            return refuse_unknown(place, pair->key, name, keys, count);
        for (const struct yaml_node *other = pair->next; other; other = other->next)
            if (has_name(other, name))
                return yaml_refuse(place, other->key, name, "is there twice");
        const struct yaml_node *value = yaml_value(pair);
        const int status = value->kind == YAML_NULL ? STATUS_DONE : keys[i].take(user, value, name);
        if (status != STATUS_DONE)
            return status;
    }
    return STATUS_DONE;
}

int yaml_take_number(const struct yaml_place *place, const struct yaml_node *value,
                     const char *name, double minimum, double maximum, double *number)
{
    const char *text = yaml_text(place->app, place->path, value, name);
    char *end;
    if (!text)
        return STATUS_FAILED;
    *number = strtod(text, &end);
    if (end != text && !*end && *number >= minimum && *number <= maximum)
        return STATUS_DONE;
    return app_fail(place->app, "%s: line %d: %s: '%s' is no number from %g to %g", place->path,
                    value->line, name, text, minimum, maximum);
}

int yaml_take_copy(const struct yaml_place *place, const struct yaml_node *value, const char *name,
                   char **copy)
{
    const char *text = yaml_text(place->app, place->path, value, name);
    if (!text)
        return STATUS_FAILED;
    if (!text[0])
        return yaml_refuse(place, value, name, "nothing there");
    free(*copy);
    *copy = app_strdup(text);
    return STATUS_DONE;
}
