/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a file of class names, and gives them to the model. */
#include "models/names_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/paths.h"
#include "pictures/data_yaml.h"

#define BYTES_MAX (4 * 1024 * 1024)

/* The file's text, for the caller to free; NULL when it cannot be read (reported). */
static char *read_names(struct app *app, const char *path)
{
    struct stat entry;
    const bool there = stat(path, &entry) == 0; /* before it is opened: a pipe could block */
    const bool plain = there && S_ISREG(entry.st_mode) && entry.st_size <= BYTES_MAX;
    FILE *file = plain ? fopen(path, "re") : NULL;
    if (!there || (plain && !file)) {
        app_fail_open(app, path);
        return NULL;
    }
    char *text = plain ? app_alloc((size_t)entry.st_size + 1, 1) : NULL;
    const size_t length = plain ? fread(text, 1, (size_t)entry.st_size, file) : 0;
    if (file)
        fclose(file);
    if (plain && strlen(text) == length)
        return text;
    app_fail(app, "%s: not a file of class names (text of at most 4 MiB, one name a line)", path);
    free(text);
    return NULL;
}

/* The names of a data.yaml, one a line. */
static char *yaml_names(struct app *app, const char *path)
{
    char **names = NULL;
    size_t count = 0, bytes = 1;
    int status = data_yaml_names(app, path, &names, &count);
    for (size_t i = 0; i < count && status == STATUS_DONE; i++) {
        bytes += strlen(names[i]) + 1;
        if (!names[i][0] || strpbrk(names[i], "\r\n"))
            status = app_fail(app, "%s: names: class %zu has no name of one line", path, i);
    }
    char *text = status == STATUS_DONE ? app_alloc(bytes, 1) : NULL, *end = text;
    for (size_t i = 0; i < count; i++) {
        if (text)
            end += sprintf(end, "%s\n", names[i]);
        free(names[i]);
    }
    free(names);
    return text;
}

int names_give(struct app *app, octet_model *model)
{
    static const char *const yaml[] = {"yaml", "yml", NULL};
    const char *path = app->names;
    if (!path)
        return STATUS_DONE;
    char *text = path_has_extension(path, yaml) ? yaml_names(app, path) : read_names(app, path);
    if (!text)
        return STATUS_FAILED;
    const octet_status status = octet_model_set_names(app->context, model, text);
    free(text);
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail(app, "%s: %s", path, octet_context_message(app->context));
}

int names_refuse(struct app *app, const char *path)
{
    if (!app->names)
        return STATUS_DONE;
    return app_usage(app, "--names goes with an ONNX model: %s is an engine, which has its own",
                     path);
}
