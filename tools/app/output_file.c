/* SPDX-License-Identifier: Apache-2.0 */
/* Output files by way of octet/file.h, with failures reported; folders for them. */
#include "app/output_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    octet_file **files;
    size_t count, capacity;
} unfinished;

/* Lack of memory ends the program wherever it is. */
static void abandon_all(void)
{
    while (unfinished.count)
        octet_file_abandon(&unfinished.files[--unfinished.count]);
    free(unfinished.files);
}

static void remember(octet_file *file)
{
    if (!unfinished.capacity)
        atexit(abandon_all);
    if (unfinished.count == unfinished.capacity) {
        unfinished.capacity = unfinished.capacity ? unfinished.capacity * 2 : 8;
        unfinished.files = app_resize(unfinished.files, unfinished.capacity, sizeof(octet_file *));
    }
    unfinished.files[unfinished.count++] = file;
}

static void forget(const octet_file *file)
{
    size_t at = 0;
    while (at < unfinished.count && unfinished.files[at] != file)
        at++;
    if (at < unfinished.count)
        unfinished.files[at] = unfinished.files[--unfinished.count];
}

static int report(struct app *app, octet_status status)
{
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(app, status, octet_context_message(app->context));
}

int output_open(struct output_file *file, struct app *app, const char *path)
{
    *file = (struct output_file){.app = app};
    const octet_status status = octet_file_create(app->context, path, &file->file);
    if (status == OCTET_OK)
        remember(file->file);
    return report(app, status);
}

void output_write(struct output_file *file, const void *bytes, size_t size)
{
    octet_file_write(file->file, bytes, size);
}

int output_commit(struct output_file *file)
{
    struct app *app = file->app;
    if (!file->file)
        return STATUS_FAILED;
    forget(file->file);
    const octet_status status = octet_file_commit(&file->file);
    *file = (struct output_file){0};
    return report(app, status);
}

void output_abandon(struct output_file *file)
{
    if (!file->file)
        return;
    forget(file->file);
    octet_file_abandon(&file->file);
    *file = (struct output_file){0};
}

int output_write_file(struct app *app, const char *path, const void *bytes, size_t size)
{
    struct output_file file;
    int status = output_open(&file, app, path);
    if (status != STATUS_DONE)
        return status;
    output_write(&file, bytes, size);
    return output_commit(&file);
}

int output_check(struct app *app, const char *path)
{
    return report(app, octet_file_check(app->context, path));
}

static void take_down(struct output_folders *made, const char *path)
{
    made->path = app_resize(made->path, made->count + 1, sizeof *made->path);
    made->path[made->count++] = app_strdup(path);
}

int output_make_folder(struct app *app, const char *path, struct output_folders *made)
{
    char *copy = app_strdup(path);
    struct stat entry;
    int failed = 0;
    for (char *at = copy + 1; !failed; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char end = *at;
        *at = '\0';
        const bool is_new = mkdir(copy, 0777) == 0;
        if (!is_new && errno != EEXIST)
            failed = errno;
        if (is_new && made)
            take_down(made, copy);
        *at = end;
        if (end == '\0')
            break;
    }
    free(copy);
    if (stat(path, &entry) == 0) {
        if (S_ISDIR(entry.st_mode))
            return STATUS_DONE;
        return app_fail(app, "%s: not a folder", path);
    }
    return app_fail(app, "%s: cannot be made: %s", path, strerror(failed ? failed : errno));
}

void output_folders_free(struct output_folders *made, bool remove)
{
    while (made->count) {
        char *path = made->path[--made->count];
        if (remove)
            rmdir(path);
        free(path);
    }
    free(made->path);
    *made = (struct output_folders){0};
}
