/* SPDX-License-Identifier: Apache-2.0 */
#include "sources.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "options.h"

#define YAML_BYTES_MAX (4 * 1024 * 1024)
#define CLASSES_MAX 65536

/* The file's text, for the caller to free; NULL when it cannot be read (reported). */
static char *read_text(struct app *app, const char *path, size_t *length)
{
    struct stat entry;
    FILE *file = fopen(path, "re");
    if (!file) {
        app_fail(app, "%s: cannot be opened: %s", path, strerror(errno));
        return NULL;
    }
    char *text = NULL;
    if (fstat(fileno(file), &entry) != 0 || !S_ISREG(entry.st_mode) ||
        entry.st_size > YAML_BYTES_MAX) {
        app_fail(app, "%s: not a data.yaml (a text file of at most 4 MiB)", path);
    } else {
        text = app_alloc((size_t)entry.st_size + 1, 1);
        *length = fread(text, 1, (size_t)entry.st_size, file);
    }
    fclose(file);
    return text;
}

/* Builds the document without resolving aliases, so that a small file cannot become a large one. */
static struct fy_document *parse(struct app *app, const char *path, const char *text, size_t length)
{
    struct fy_diag_cfg diagnosis;
    fy_diag_cfg_default(&diagnosis);
    diagnosis.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&diagnosis);
    if (diag)
        fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg settings = {.flags = FYPCF_QUIET | FYPCF_JSON_NONE, .diag = diag};
    struct fy_document *document = fy_document_build_from_string(&settings, text, length);
    if (!document) {
        void *previous = NULL;
        struct fy_diag_error *error = diag ? fy_diag_errors_iterate(diag, &previous) : NULL;
        if (error)
            app_fail(app, "%s: line %d: not valid YAML: %s", path, error->line, error->msg);
        else
            app_fail(app, "%s: not valid YAML", path);
    }
    if (diag)
        fy_diag_destroy(diag);
    return document;
}

/* The text under `key` of a mapping, for the caller to free; NULL when it is absent or no text. */
static char *scalar_text(struct fy_node *node)
{
    size_t length;
    const char *text = node && fy_node_is_scalar(node) ? fy_node_get_scalar(node, &length) : NULL;
    return text && length ? app_printf("%.*s", (int)length, text) : NULL;
}

static bool exists(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0;
}

/* "a/" + "b", or "b" alone when it is absolute. */
static char *join(const char *folder, const char *path)
{
    if (path[0] == '/' || !folder[0])
        return app_strdup(path);
    return app_printf("%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", path);
}

/* The dataset's root: `path:`, relative to the file's folder or else to the current one. */
static char *find_root(const char *file, struct fy_node *mapping)
{
    const char *slash = strrchr(file, '/');
    char *folder = app_printf("%.*s", slash ? (int)(slash - file) + 1 : 0, file);
    char *given = scalar_text(fy_node_mapping_lookup_by_string(mapping, "path", FY_NT));
    if (!given)
        return folder;
    char *root = join(folder, given);
    if (!exists(root) && exists(given)) {
        free(root);
        root = app_strdup(given);
    }
    free(given);
    free(folder);
    return root;
}

static int add_entry(struct app *app, struct sources *sources, const char *file, const char *root,
                     struct fy_node *node)
{
    static const char *const lists[] = {"txt", NULL};
    struct stat entry;
    char *given = scalar_text(node);
    if (!given)
        return app_fail(app, "%s: a split must be a path or a list of paths", file);
    char *path = join(root, given);
    if (!exists(path) && strncmp(given, "../", 3) == 0) {
        free(path);
        path = join(root, given + 3);
    }
    int status = STATUS_DONE;
    if (stat(path, &entry) != 0)
        status = app_fail(app, "%s: %s is not there: %s", file, path, strerror(errno));
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

static int add_split(struct app *app, struct sources *sources, const char *file, const char *split,
                     struct fy_document *document)
{
    struct fy_node *mapping = fy_document_root(document);
    if (!mapping || !fy_node_is_mapping(mapping))
        return app_fail(app, "%s: not a data.yaml: no keys in it", file);
    struct fy_node *node = fy_node_mapping_lookup_by_string(mapping, split, FY_NT);
    if (!node)
        return app_fail(app, "%s: no '%s:' in it", file, split);
    char *root = find_root(file, mapping);
    int status = STATUS_DONE;
    if (fy_node_is_sequence(node)) {
        void *previous = NULL;
        struct fy_node *item;
        while (status == STATUS_DONE && (item = fy_node_sequence_iterate(node, &previous)))
            status = add_entry(app, sources, file, root, item);
    } else {
        status = add_entry(app, sources, file, root, node);
    }
    free(root);
    return status;
}

int data_yaml_add(struct app *app, struct sources *sources, const char *path, const char *split)
{
    static const char *const splits[] = {"train", "val", "test"};
    size_t length = 0, i = 0;
    while (i < 3 && strcmp(splits[i], split) != 0)
        i++;
    if (i == 3)
        return app_fail(app, "%s:%s: a split is train, val or test", path, split);
    char *text = read_text(app, path, &length);
    if (!text)
        return STATUS_FAILED;
    sources_note_read(sources, path);
    int status = STATUS_FAILED;
    struct fy_document *document = parse(app, path, text, length);
    if (document)
        status = add_split(app, sources, path, split, document);
    fy_document_destroy(document);
    free(text);
    return status;
}

static int take_list(struct app *app, const char *file, struct fy_node *list, char **names)
{
    void *previous = NULL;
    struct fy_node *item;
    for (size_t i = 0; (item = fy_node_sequence_iterate(list, &previous)); i++) {
        names[i] = scalar_text(item);
        if (!names[i])
            return app_fail(app, "%s: names: entry %zu is not a name", file, i);
    }
    return STATUS_DONE;
}

/* Keys are the classes' numbers, each of 0 to count - 1 once. */
static int take_mapping(struct app *app, const char *file, struct fy_node *mapping, char **names,
                        size_t count)
{
    void *previous = NULL;
    struct fy_node_pair *pair;
    while ((pair = fy_node_mapping_iterate(mapping, &previous))) {
        int64_t number = -1;
        char *key = scalar_text(fy_node_pair_key(pair));
        bool fits = key && parse_integer(key, &number) && number >= 0 && (size_t)number < count &&
                    !names[number];
        free(key);
        if (fits)
            names[number] = scalar_text(fy_node_pair_value(pair));
        if (!fits || !names[number])
            return app_fail(app, "%s: names: must be 0: NAME, 1: NAME and so on", file);
    }
    return STATUS_DONE;
}

static int number_names(struct app *app, const char *file, struct fy_node *root, char ***names,
                        size_t *count)
{
    int64_t classes = 0;
    char *text = scalar_text(fy_node_mapping_lookup_by_string(root, "nc", FY_NT));
    bool fits = text && parse_integer(text, &classes) && classes >= 1 && classes <= CLASSES_MAX;
    free(text);
    if (!fits)
        return app_fail(app, "%s: no 'names:' of the classes in it", file);
    *names = app_alloc((size_t)classes, sizeof **names);
    for (*count = 0; *count < (size_t)classes; (*count)++)
        (*names)[*count] = app_printf("%zu", *count);
    return STATUS_DONE;
}

static int take_names(struct app *app, const char *file, struct fy_document *document,
                      char ***names, size_t *count)
{
    struct fy_node *root = fy_document_root(document);
    if (!root || !fy_node_is_mapping(root))
        return app_fail(app, "%s: not a data.yaml: no keys in it", file);
    struct fy_node *node = fy_node_mapping_lookup_by_string(root, "names", FY_NT);
    bool list = node && fy_node_is_sequence(node), mapping = node && fy_node_is_mapping(node);
    if (!list && !mapping)
        return number_names(app, file, root, names, count);
    int items = list ? fy_node_sequence_item_count(node) : fy_node_mapping_item_count(node);
    if (items < 1 || items > CLASSES_MAX)
        return app_fail(app, "%s: names: %d classes; 1 to %d are taken", file, items, CLASSES_MAX);
    *count = (size_t)items;
    *names = app_alloc(*count, sizeof **names);
    return list ? take_list(app, file, node, *names)
                : take_mapping(app, file, node, *names, *count);
}

int data_yaml_names(struct app *app, const char *path, char ***names, size_t *count)
{
    size_t length = 0;
    char *text = read_text(app, path, &length);
    if (!text)
        return STATUS_FAILED;
    int status = STATUS_FAILED;
    struct fy_document *document = parse(app, path, text, length);
    if (document)
        status = take_names(app, path, document, names, count);
    fy_document_destroy(document);
    free(text);
    return status;
}
