/* SPDX-License-Identifier: Apache-2.0 */
/* Files out: written beside their place, synced, read back, renamed; what killed runs left is
 * swept. */
#include "base/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)64 * 1024)
#define NAME_TRIES 100

static octet_status refuse(octet_context *ctx, const char *path, const char *why)
{
    return oct_fail(ctx, OCTET_FILE_WRITE, "%s: cannot be written: %s", path, why);
}

/* ---- the place ---- */

/* A link such as /dev/stdout, which would be replaced itself. */
static bool is_link_to_process(const char *path)
{
    static const char processes[] = "/proc/";
    char target[sizeof processes];
    return readlink(path, target, sizeof target) == sizeof target &&
           memcmp(target, processes, sizeof processes - 1) == 0;
}

/* At the place is a file, a link to one, or nothing; tells a file's owner and permissions. */
static octet_status check_place(octet_context *ctx, const char *path, struct stat *replaced)
{
    struct stat behind;
    if (lstat(path, replaced) == 0 && S_ISREG(replaced->st_mode))
        return OCTET_OK;
    *replaced = (struct stat){0};
    const bool exists = stat(path, &behind) == 0;
    if (exists && S_ISDIR(behind.st_mode))
        return refuse(ctx, path, "it is a folder");
    if ((exists && !S_ISREG(behind.st_mode)) || is_link_to_process(path))
        return refuse(ctx, path, "it is no plain file");
    return OCTET_OK;
}

static const char *name_in(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The folder of `path`: O_PATH needs no permission to list it. */
static octet_status open_folder(octet_context *ctx, const char *path, int *descriptor)
{
    const size_t length = (size_t)(name_in(path) - path);
    if (path[length] == '\0')
        return refuse(ctx, path, "it names no file");
    char *folder = length ? oct_strndup(ctx, path, length) : oct_strdup(ctx, ".");
    if (!folder)
        return oct_fail_memory(ctx, path);
    octet_status status = OCTET_OK;
    *descriptor = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*descriptor < 0)
        status = oct_fail(ctx, OCTET_FILE_WRITE, "%s: cannot be written: the folder %s: %s", path,
                          folder, strerror(errno));
    else if (faccessat(*descriptor, ".", W_OK | X_OK, 0) != 0)
        status = oct_fail(ctx, OCTET_FILE_WRITE, "%s: cannot be written: the folder %s: %s", path,
                          folder, strerror(errno));
    if (status && *descriptor >= 0)
        close(*descriptor);
    oct_free(ctx, folder);
    return status;
}

octet_status oct_output_check(octet_context *ctx, const char *path)
{
    struct stat replaced;
    int folder;
    octet_status status = check_place(ctx, path, &replaced);
    if (!status)
        status = open_folder(ctx, path, &folder);
    if (!status)
        close(folder);
    return status;
}

/* ---- what killed runs left ---- */

static bool is_temporary(const char *name)
{
    const size_t prefix = sizeof OCT_OUTPUT_PREFIX - 1;
    return strlen(name) == OCT_OUTPUT_NAME_BYTES - 1 &&
           memcmp(name, OCT_OUTPUT_PREFIX, prefix) == 0 &&
           strspn(name + prefix, "0123456789abcdef") == OCT_OUTPUT_NAME_BYTES - 1 - prefix;
}

/* Removes a file of ours that no run holds a lock on. */
static void remove_left(int folder, const char *name)
{
    struct stat entry;
    const int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return;
    if (fstat(file, &entry) == 0 && S_ISREG(entry.st_mode) && entry.st_uid == geteuid() &&
        flock(file, LOCK_EX | LOCK_NB) == 0)
        unlinkat(folder, name, 0);
    close(file);
}

static bool was_swept(octet_context *ctx, int folder)
{
    struct stat entry;
    if (fstat(folder, &entry) != 0)
        return true;
    for (int i = 0; i < OCT_FOLDERS_SWEPT; i++)
        if (ctx->swept[i].device == (uint64_t)entry.st_dev &&
            ctx->swept[i].inode == (uint64_t)entry.st_ino)
            return true;
    ctx->swept[ctx->sweeps++ % OCT_FOLDERS_SWEPT] =
        (struct oct_folder_swept){(uint64_t)entry.st_dev, (uint64_t)entry.st_ino};
    return false;
}

/* Once for each folder: one with very many files takes a while to list. */
static void sweep(octet_context *ctx, int folder)
{
    if (was_swept(ctx, folder))
        return;
    const int listed = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = listed >= 0 ? fdopendir(listed) : NULL;
    const struct dirent *entry;
    while (entries && (entry = readdir(entries)))
        if (is_temporary(entry->d_name))
            remove_left(folder, entry->d_name);
    if (entries)
        closedir(entries);
    else if (listed >= 0)
        close(listed);
}

/* ---- the new file ---- */

static void choose_name(char name[OCT_OUTPUT_NAME_BYTES])
{
    uint64_t number;
    struct timespec now;
    /* Any number will do: a name that is there already is not taken. */
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        number = (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec << 16 ^ (uint64_t)getpid();
    }
    snprintf(name, OCT_OUTPUT_NAME_BYTES, OCT_OUTPUT_PREFIX "%016llx", (unsigned long long)number);
}

/* Makes the file and locks it. One that another run's sweep took away before it was locked has no
 * name any more: then again. */
static octet_status make_file(struct oct_output *o)
{
    const mode_t mode = o->replaced.st_mode ? 0600 : 0666;
    struct stat entry;
    for (int tries = 0; tries < NAME_TRIES; tries++) {
        choose_name(o->temporary);
        o->file = openat(o->folder, o->temporary,
                         O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (o->file < 0 && errno == EEXIST)
            continue;
        if (o->file < 0)
            return refuse(o->ctx, o->path, strerror(errno));
        /* a file system without locks has no sweeps either: they need one */
        const bool taken = flock(o->file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        if (!taken && fstat(o->file, &entry) == 0 && entry.st_nlink > 0)
            return OCTET_OK;
        unlinkat(o->folder, o->temporary, 0);
        close(o->file);
        o->file = -1;
    }
    return refuse(o->ctx, o->path, "no name could be found for a file beside it");
}

octet_status oct_output_open(octet_context *ctx, const char *path, struct oct_output *output)
{
    struct oct_output o = {.ctx = ctx, .folder = -1, .file = -1};
    *output = (struct oct_output){0};
    octet_status status = check_place(ctx, path, &o.replaced);
    if (!status)
        status = open_folder(ctx, path, &o.folder);
    if (status)
        return status;
    o.path = oct_strdup(ctx, path);
    o.buffer = oct_malloc(ctx, BUFFER_BYTES, 1);
    if (!o.path || !o.buffer)
        status = oct_fail_memory(ctx, path);
    if (!status) {
        o.name = name_in(o.path);
        sweep(ctx, o.folder);
        status = make_file(&o);
    }
    if (status) {
        close(o.folder);
        oct_free(ctx, o.path);
        oct_free(ctx, o.buffer);
        return status;
    }
    *output = o;
    return OCTET_OK;
}

/* ---- writing ---- */

/* FNV-1a. */
static uint64_t add_checksum(uint64_t checksum, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        checksum = (checksum ^ bytes[i]) * 1099511628211u;
    return checksum;
}

static void write_out(struct oct_output *o, const uint8_t *bytes, size_t size)
{
    while (size > 0 && !o->error) {
        const ssize_t done =
            write(o->file, bytes, size < ((size_t)1 << 30) ? size : (size_t)1 << 30);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            o->error = errno;
            return;
        }
        bytes += done;
        size -= (size_t)done;
    }
}

static void flush(struct oct_output *o)
{
    write_out(o, o->buffer, o->buffered);
    o->buffered = 0;
}

void oct_output_write(struct oct_output *output, const void *bytes, size_t size)
{
    struct oct_output *o = output;
    if (!o->buffer || o->finished || size == 0)
        return;
    o->checksum = add_checksum(o->checksum, bytes, size);
    o->size += size;
    if (o->buffered + size > BUFFER_BYTES)
        flush(o);
    if (size >= BUFFER_BYTES) {
        write_out(o, bytes, size);
        return;
    }
    memcpy(o->buffer + o->buffered, bytes, size);
    o->buffered += size;
}

/* ---- the end ---- */

/* True when the file holds what was taken; the buffer is free by now. */
static bool reads_back(struct oct_output *o)
{
    uint64_t checksum = 0, size = 0;
    for (;;) {
        const ssize_t got = pread(o->file, o->buffer, BUFFER_BYTES, (off_t)size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            o->error = errno;
            return false;
        }
        if (got == 0)
            return size == o->size && checksum == o->checksum;
        checksum = add_checksum(checksum, o->buffer, (size_t)got);
        size += (uint64_t)got;
    }
}

octet_status oct_output_finish(struct oct_output *output)
{
    struct oct_output *o = output;
    if (!o->buffer)
        return OCTET_FILE_WRITE;
    if (o->finished)
        return OCTET_OK;
    flush(o);
    if (!o->error && fsync(o->file) != 0 && errno != EINVAL) /* what cannot be synced at all */
        o->error = errno;
    if (o->error)
        return refuse(o->ctx, o->path, strerror(o->error));
    if (!reads_back(o))
        return refuse(o->ctx, o->path,
                      o->error ? strerror(o->error) : "what was written is not what is read back");
    o->finished = true;
    return OCTET_OK;
}

octet_status oct_output_read(struct oct_output *output, struct oct_file *file)
{
    if (!output->finished || lseek(output->file, 0, SEEK_SET) != 0)
        return refuse(output->ctx, output->path, "it cannot be read back");
    return oct_file_read(output->ctx, output->path, output->file, file);
}

/* Owner before permissions: a new owner takes some of them away. Neither is a failure of ours. */
static void keep_permissions(const struct oct_output *o)
{
    struct stat entry;
    if (!o->replaced.st_mode || fstat(o->file, &entry) != 0)
        return;
    int failed = 0;
    if (entry.st_uid != o->replaced.st_uid || entry.st_gid != o->replaced.st_gid)
        failed = fchown(o->file, o->replaced.st_uid, o->replaced.st_gid);
    failed |= fchmod(o->file, o->replaced.st_mode & 0777);
    (void)failed;
}

static void sync_folder(int folder)
{
    const int descriptor = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    fsync(descriptor);
    close(descriptor);
}

static void release(struct oct_output *o)
{
    close(o->file);
    close(o->folder);
    oct_free(o->ctx, o->path);
    oct_free(o->ctx, o->buffer);
    *o = (struct oct_output){0};
}

octet_status oct_output_commit(struct oct_output *output)
{
    struct oct_output *o = output;
    octet_status status = oct_output_finish(o);
    if (!o->buffer)
        return status;
    if (!status) {
        keep_permissions(o);
        if (renameat(o->folder, o->temporary, o->folder, o->name) != 0)
            status = refuse(o->ctx, o->path, strerror(errno));
    }
    if (status)
        unlinkat(o->folder, o->temporary, 0);
    else
        sync_folder(o->folder);
    release(o);
    return status;
}

void oct_output_abandon(struct oct_output *output)
{
    if (!output->buffer)
        return;
    unlinkat(output->folder, output->temporary, 0);
    release(output);
}

octet_status oct_output_file(octet_context *ctx, const char *path, const void *bytes, size_t size)
{
    struct oct_output output;
    const octet_status status = oct_output_open(ctx, path, &output);
    if (!status)
        oct_output_write(&output, bytes, size);
    return status ? status : oct_output_commit(&output);
}
