/* SPDX-License-Identifier: Apache-2.0 */
/* Knows files by device and inode, so that no other name of one hides it. */
#include "pictures/inputs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void inputs_add(struct inputs *inputs, const char *path)
{
    struct stat entry;
    if (!path || stat(path, &entry) != 0)
        return;
    if (inputs->count == inputs->capacity) {
        inputs->capacity = inputs->capacity ? inputs->capacity * 2 : 8;
        inputs->files = app_resize(inputs->files, inputs->capacity, sizeof *inputs->files);
    }
    inputs->files[inputs->count++] = (struct input){entry.st_dev, entry.st_ino, app_strdup(path)};
    inputs->sorted = false;
}

void inputs_note_model(struct app *app, const octet_model *model)
{
    const char *path;
    for (int i = 0; octet_model_data_file(model, i, &path); i++) {
        app->data_files =
            app_resize(app->data_files, app->data_file_count + 1, sizeof *app->data_files);
        app->data_files[app->data_file_count++] = app_strdup(path);
    }
}

void inputs_add_sources(struct inputs *inputs, const struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        inputs_add(inputs, sources->path[i]);
    for (size_t i = 0; i < sources->read_count; i++)
        inputs_add(inputs, sources->read[i]);
}

static int compare_files(const void *a, const void *b)
{
    const struct input *x = a, *y = b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

/* Adds what a SOURCE stands for; whoever reads it in earnest says what there is to say of it. */
static int add_source(struct app *app, struct inputs *inputs, const char *source)
{
    struct sources sources = {0};
    const bool quiet = app->quiet;
    app->quiet = true;
    int status = sources_add(app, &sources, source);
    app->quiet = quiet;
    inputs_add_sources(inputs, &sources);
    sources_free(&sources);
    return status;
}

int inputs_protect(struct app *app, struct inputs *inputs, const struct texts *sources,
                   const char *output)
{
    struct stat entry;
    if (stat(output, &entry) != 0)
        return STATUS_DONE;
    int status = STATUS_DONE;
    for (; inputs->data_files < app->data_file_count; inputs->data_files++)
        inputs_add(inputs, app->data_files[inputs->data_files]);
    for (size_t i = 0; sources && i < sources->count && status == STATUS_DONE; i++)
        status = add_source(app, inputs, sources->text[i]);
    if (status != STATUS_DONE)
        return status;
    if (!inputs->sorted && inputs->count)
        qsort(inputs->files, inputs->count, sizeof *inputs->files, compare_files);
    inputs->sorted = true;
    const struct input key = {.device = entry.st_dev, .inode = entry.st_ino};
    const struct input *found = inputs->count ? bsearch(&key, inputs->files, inputs->count,
                                                        sizeof *inputs->files, compare_files)
                                              : NULL;
    if (!found)
        return STATUS_DONE;
    if (strcmp(found->path, output) == 0)
        return app_fail(app, "%s: is read, and would be lost to the output: choose another name",
                        output);
    return app_fail(app,
                    "%s: is the file %s, which is read and would be lost to the output: choose "
                    "another name",
                    output, found->path);
}

/* The folder of `path`, as the file system knows it, and the name in it. */
static const char *split(const char *path, struct stat *folder)
{
    const char *slash = strrchr(path, '/');
    char *parent = slash ? app_printf("%.*s/", (int)(slash - path), path) : app_strdup(".");
    if (stat(parent, folder) != 0)
        *folder = (struct stat){0};
    free(parent);
    return slash ? slash + 1 : path;
}

int inputs_check_outputs(struct app *app, const char *first, const char *second)
{
    struct stat a, b;
    const char *one = split(first, &a), *other = split(second, &b);
    bool same = strcmp(one, other) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    if (!same && stat(first, &a) == 0 && stat(second, &b) == 0)
        same = a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    if (!same)
        return STATUS_DONE;
    return app_fail(app, "%s and %s: two outputs of one name: the first would be lost", first,
                    second);
}

void inputs_free(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++)
        free(inputs->files[i].path);
    free(inputs->files);
    *inputs = (struct inputs){0};
}
