/* SPDX-License-Identifier: Apache-2.0 */
#include "output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The length of the folder part of `path` with its slash, 0 when there is none. */
static int folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash - path) + 1 : 0;
}

/* mkstemp() makes private files; an output gets the permissions that any new file gets. */
static void allow_as_usual(int descriptor)
{
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(descriptor, 0666 & ~mask) != 0)
        errno = 0; /* a file system without permissions: nothing lost */
}

/* What must not be replaced by a file: a folder, a device, a pipe. */
static int refuse_special(struct app *app, const char *path)
{
    struct stat entry;
    if (stat(path, &entry) != 0 || S_ISREG(entry.st_mode))
        return STATUS_DONE;
    return app_fail(app, "%s: cannot be written: it is %s", path,
                    S_ISDIR(entry.st_mode) ? "a folder" : "no plain file");
}

int output_open(struct output_file *file, struct app *app, const char *path)
{
    *file = (struct output_file){.app = app};
    if (refuse_special(app, path) != STATUS_DONE)
        return STATUS_FAILED;
    *file = (struct output_file){.app = app, .path = app_strdup(path)};
    int folder = folder_length(path);
    file->temporary = app_printf("%.*s.octet-XXXXXX", folder, path);
    int descriptor = mkstemp(file->temporary);
    if (descriptor >= 0) {
        allow_as_usual(descriptor);
        file->stream = fdopen(descriptor, "wb");
    }
    if (file->stream)
        return STATUS_DONE;
    int error = errno;
    if (descriptor >= 0) {
        close(descriptor);
        unlink(file->temporary);
    }
    app_fail(app, "%s: cannot be written: %s", path, strerror(error));
    free(file->path);
    free(file->temporary);
    *file = (struct output_file){0};
    return STATUS_FAILED;
}

void output_write(struct output_file *file, const void *bytes, size_t size)
{
    if (file->stream && fwrite(bytes, 1, size, file->stream) != size && !file->error)
        file->error = errno;
}

/* Makes the rename last; a folder that cannot be synced is no failure of ours. */
static void sync_folder(const char *path)
{
    int length = folder_length(path);
    char *folder = length ? app_printf("%.*s", length, path) : app_strdup(".");
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
    free(folder);
}

int output_commit(struct output_file *file)
{
    if (!file->stream)
        return STATUS_FAILED;
    bool written = fflush(file->stream) == 0 && !ferror(file->stream) &&
                   (fsync(fileno(file->stream)) == 0 || errno == EINVAL);
    int error = file->error ? file->error : errno;
    if (fclose(file->stream) != 0 && written) {
        written = false;
        error = errno;
    }
    file->stream = NULL;
    if (written && rename(file->temporary, file->path) != 0) {
        written = false;
        error = errno;
    }
    if (written) {
        sync_folder(file->path);
    } else {
        unlink(file->temporary);
        app_fail(file->app, "%s: cannot be written: %s", file->path, strerror(error));
    }
    free(file->path);
    free(file->temporary);
    *file = (struct output_file){0};
    return written ? STATUS_DONE : STATUS_FAILED;
}

void output_abandon(struct output_file *file)
{
    if (!file->stream)
        return;
    fclose(file->stream);
    unlink(file->temporary);
    free(file->path);
    free(file->temporary);
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
    int length = folder_length(path);
    if (refuse_special(app, path) != STATUS_DONE)
        return STATUS_FAILED;
    char *folder = length ? app_printf("%.*s", length, path) : app_strdup(".");
    int status = STATUS_DONE;
    if (access(folder, W_OK | X_OK) != 0)
        status = app_fail(app, "%s: cannot be written: the folder %s: %s", path, folder,
                          strerror(errno));
    free(folder);
    return status;
}

int output_make_folder(struct app *app, const char *path)
{
    char *copy = app_strdup(path);
    struct stat entry;
    int failed = 0;
    for (char *at = copy + 1; !failed; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char end = *at;
        *at = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            failed = errno;
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
