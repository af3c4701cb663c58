/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the pictures and the class names of a data.yaml. */
#include "pictures/data_yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/options.h"
#include "app/paths.h"
#include "pictures/source_folder.h"
#include "pictures/source_list.h"
#include "pictures/yaml.h"

#define CLASSES_MAX 65536

/* "a/" + "b", or "b" alone when it is absolute. */
static char *join(const char *folder, const char *path)
{
    if (path[0] == '/' || !folder[0])
        return app_strdup(path);
    return app_printf("%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", path);
}

/* The path, or where it has backslashes and nothing has that name, the path with slashes. */
static char *with_slashes(const char *folder, const char *given)
{
    char *path = join(folder, given), *slashed = app_strdup(given);
    for (char *c = slashed; *c; c++)
        *c = *c == '\\' ? '/' : *c;
    char *other = join(folder, slashed);
    free(slashed);
    const bool take_other = !path_exists(path) && path_exists(other);
    free(take_other ? path : other);
    return take_other ? other : path;
}

/* "~/data" in the user's own folder. */
static char *expand_home(const char *path)
{
    const char *home = getenv("HOME");
    const bool at_home = path[0] == '~' && (path[1] == '/' || !path[1]);
    return at_home && home && !path_exists(path) ? app_printf("%s%s", home, path + 1)
                                                 : app_strdup(path);
}

/* The dataset's root: `path:`, relative to the file's folder or else to the current one. The caller
 * frees it, whatever the status. */
static int find_root(struct app *app, const char *file, const struct yaml *yaml, char **root)
{
    const char *slash = strrchr(file, '/');
    const struct yaml_node *node;
    char *folder = app_printf("%.*s", slash ? (int)(slash - file) + 1 : 0, file);
    int status = yaml_find(app, file, yaml, "path", &node);
    *root = folder;
    if (status != STATUS_DONE || !node)
        return status;
    const char *text = yaml_text(app, file, node, "'path:' is no path");
    if (!text)
        return STATUS_FAILED;
    char *given = expand_home(text);
    *root = with_slashes(folder, given);
    if (!path_exists(*root) && path_exists(given)) {
        free(*root);
        *root = app_strdup(given);
    }
    free(given);
    free(folder);
    return STATUS_DONE;
}

static int add_entry(struct app *app, struct sources *sources, const char *file, const char *root,
                     const struct yaml_node *node)
{
    static const char *const lists[] = {"txt", NULL};
    struct stat entry;
    const char *text = yaml_text(app, file, node, "a split must be a path or a list of paths");
    if (!text)
        return STATUS_FAILED;
    char *given = expand_home(text), *path = with_slashes(root, given);
    if (!path_exists(path) && (strncmp(given, "../", 3) == 0 || strncmp(given, "..\\", 3) == 0)) {
        free(path);
        path = with_slashes(root, given + 3);
    }
    int status = STATUS_DONE;
    if (stat(path, &entry) != 0)
        status = app_fail(app, "%s: line %d: %s is not there: %s", file, yaml_value(node)->line,
                          path, strerror(errno));
    else if (S_ISDIR(entry.st_mode))
        status = sources_add_folder(app, sources, path, true);
    else if (path_has_extension(path, lists))
        status = sources_add_list(app, sources, path);
    else
        sources_append(sources, path);
    free(path);
    free(given);
    return status;
}

/* The split's value. Ultralytics takes `validation:` for `val:`; older files of Roboflow have
 * `valid:`. */
static int find_split(struct app *app, const char *file, const struct yaml *yaml, const char *split,
                      const struct yaml_node **node)
{
    static const char *const others[] = {"validation", "valid"};
    int status = yaml_find(app, file, yaml, split, node);
    for (size_t i = 0; i < 2 && status == STATUS_DONE && !*node && strcmp(split, "val") == 0; i++) {
        status = yaml_find(app, file, yaml, others[i], node);
        if (*node)
            app_say(app, "%s: no 'val:' in it: '%s:' is taken", file, others[i]);
    }
    if (status == STATUS_DONE && !*node)
        status = app_fail(app, "%s: no '%s:' in it", file, split);
    return status;
}

static int add_split(struct app *app, struct sources *sources, const char *file, const char *split,
                     const struct yaml *yaml)
{
    const struct yaml_node *node;
    char *root = NULL;
    int status = find_split(app, file, yaml, split, &node);
    if (status == STATUS_DONE)
        status = find_root(app, file, yaml, &root);
    if (status == STATUS_DONE && node->kind != YAML_SEQUENCE)
        status = add_entry(app, sources, file, root, node);
    else if (status == STATUS_DONE)
        for (node = node->first; node && status == STATUS_DONE; node = node->next)
            status = add_entry(app, sources, file, root, node);
    free(root);
    return status;
}

int data_yaml_add(struct app *app, struct sources *sources, const char *path, const char *split)
{
    static const char *const splits[] = {"train", "val", "test"};
    struct yaml yaml;
    size_t i = 0;
    while (i < 3 && strcmp(splits[i], split) != 0)
        i++;
    if (i == 3)
        return app_fail(app, "%s:%s: a split is train, val or test", path, split);
    int status = yaml_read(app, path, &yaml);
    sources_note_read(sources, path);
    if (status == STATUS_DONE)
        status = add_split(app, sources, path, split, &yaml);
    yaml_free(&yaml);
    return status;
}

/* Of a list the names in order; of a mapping the name of each number, 0 to count - 1 once. */
static int take_names(struct app *app, const char *file, const struct yaml_node *node, char **names,
                      size_t count)
{
    static const char wrong_key[] = "names: must be 0: NAME, 1: NAME and so on";
    int64_t number = 0;
    for (const struct yaml_node *item = node->first; item; item = item->next, number++) {
        if (node->kind == YAML_MAPPING) {
            const char *key = yaml_text(app, file, item->key, wrong_key);
            if (!key)
                return STATUS_FAILED;
            if (!parse_integer(key, &number) || number < 0 || (size_t)number >= count ||
                names[number])
                return app_fail(app, "%s: line %d: %s", file, item->key->line, wrong_key);
        }
        const char *name = yaml_text(app, file, item, "names: not a name");
        if (!name)
            return STATUS_FAILED;
        names[number] = app_strdup(name);
    }
    return STATUS_DONE;
}

/* `nc:`, 0 where there is none. */
static int find_class_count(struct app *app, const char *file, const struct yaml *yaml,
                            size_t *count)
{
    const struct yaml_node *node;
    int64_t classes = 0;
    *count = 0;
    int status = yaml_find(app, file, yaml, "nc", &node);
    if (status != STATUS_DONE || !node)
        return status;
    const char *text = yaml_text(app, file, node, "nc: not a number");
    if (!text)
        return STATUS_FAILED;
    if (!parse_integer(text, &classes) || classes < 1 || classes > CLASSES_MAX)
        return app_fail(app, "%s: line %d: nc: %s classes; 1 to %d are taken", file, node->line,
                        text, CLASSES_MAX);
    *count = (size_t)classes;
    return STATUS_DONE;
}

static int name_classes(struct app *app, const char *file, const struct yaml *yaml, char ***names,
                        size_t *count)
{
    const struct yaml_node *node;
    size_t classes, items = 0;
    int status = find_class_count(app, file, yaml, &classes);
    if (status == STATUS_DONE)
        status = yaml_find(app, file, yaml, "names", &node);
    if (status != STATUS_DONE)
        return status;
    if (node && node->kind == YAML_SCALAR)
        return app_fail(app, "%s: line %d: names: neither a list nor 0: NAME, 1: NAME and so on",
                        file, node->line);
    for (const struct yaml_node *item = node ? node->first : NULL; item; item = item->next)
        items++;
    if (node && (items < 1 || items > CLASSES_MAX))
        return app_fail(app, "%s: names: %zu classes; 1 to %d are taken", file, items, CLASSES_MAX);
    if (!node && !classes)
        return app_fail(app, "%s: no 'names:' of the classes in it", file);
    if (node && classes && classes != items)
        return app_fail(app, "%s: 'names:' has %zu entries, but 'nc:' is %zu", file, items,
                        classes);
    *count = node ? items : classes;
    *names = app_alloc(*count, sizeof **names);
    for (size_t i = 0; !node && i < *count; i++)
        (*names)[i] = app_printf("%zu", i);
    return node ? take_names(app, file, node, *names, *count) : STATUS_DONE;
}

int data_yaml_names(struct app *app, const char *path, char ***names, size_t *count)
{
    struct yaml yaml;
    int status = yaml_read(app, path, &yaml);
    if (status == STATUS_DONE)
        status = name_classes(app, path, &yaml, names, count);
    yaml_free(&yaml);
    return status;
}
