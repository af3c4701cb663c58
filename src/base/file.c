/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static octet_status open_failure(octet_context *ctx, const char *path)
{
    int why = errno;
    if (why == ENOENT || why == ENOTDIR)
        return oct_fail(ctx, OCTET_FILE_NOT_FOUND, "%s: no such file", path);
    return oct_fail(ctx, OCTET_FILE_ACCESS, "%s: %s", path, strerror(why));
}

static octet_status read_all(octet_context *ctx, const char *path, int fd, struct oct_file *file)
{
    uint8_t *bytes = NULL;
    size_t capacity = 0, size = 0;
    octet_status status = OCTET_OK;
    for (;;) {
        if (!oct_grow(ctx, &bytes, &capacity, size + 65536, 1)) {
            status = oct_fail_memory(ctx, path);
            break;
        }
        ssize_t got = read(fd, bytes + size, capacity - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = oct_fail(ctx, OCTET_FILE_READ, "%s: %s", path, strerror(errno));
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    if (status) {
        oct_free(ctx, bytes);
        return status;
    }
    *file = (struct oct_file){bytes, size, false};
    return OCTET_OK;
}

octet_status oct_file_open(octet_context *ctx, const char *path, struct oct_file *file)
{
    *file = (struct oct_file){NULL, 0, false};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return open_failure(ctx, path);
    struct stat about;
    octet_status status;
    if (fstat(fd, &about) != 0) {
        status = open_failure(ctx, path);
    } else if (S_ISDIR(about.st_mode)) {
        status = oct_fail(ctx, OCTET_FILE_ACCESS, "%s: is a directory, not a file", path);
    } else if (S_ISREG(about.st_mode) && about.st_size > 0) {
        void *at = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at != MAP_FAILED) {
            *file = (struct oct_file){at, (size_t)about.st_size, true};
            status = OCTET_OK;
        } else {
            status = read_all(ctx, path, fd, file);
        }
    } else {
        status = read_all(ctx, path, fd, file);
    }
    close(fd);
    return status;
}

void oct_file_close(octet_context *ctx, struct oct_file *file)
{
    if (file->mapped)
        munmap((void *)(uintptr_t)file->bytes, file->size);
    else
        oct_free(ctx, (void *)(uintptr_t)file->bytes);
    *file = (struct oct_file){NULL, 0, false};
}

static int write_piece(int fd, const struct oct_piece *piece)
{
    const char *at = piece->bytes;
    size_t left = piece->size;
    while (left > 0) {
        ssize_t done = write(fd, at, left < ((size_t)1 << 30) ? left : (size_t)1 << 30);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        at += done;
        left -= (size_t)done;
    }
    return 0;
}

static void sync_directory(const char *path)
{
    char directory[4096];
    const char *slash = strrchr(path, '/');
    if (!slash)
        strcpy(directory, ".");
    else if ((size_t)(slash - path) + 2 > sizeof directory)
        return;
    else
        snprintf(directory, sizeof directory, "%.*s", slash == path ? 1 : (int)(slash - path),
                 path);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

octet_status oct_file_write(octet_context *ctx, const char *path, const struct oct_piece *pieces,
                            size_t count)
{
    char beside[4096];
    struct stat about;
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
        return oct_fail(ctx, OCTET_FILE_WRITE, "%s: is a directory", path);
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) /* renaming would replace a device */
        return oct_fail(ctx, OCTET_FILE_WRITE, "%s: cannot be written: it is no plain file", path);
    int length = snprintf(beside, sizeof beside, "%s.%ld.part", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof beside)
        return oct_fail(ctx, OCTET_FILE_WRITE, "%.200s...: path too long", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return oct_fail(ctx, OCTET_FILE_WRITE, "%s: cannot be written: %s", path, strerror(errno));
    int failed = 0;
    for (size_t i = 0; i < count && !failed; i++)
        failed = write_piece(fd, &pieces[i]);
    failed = failed || fsync(fd) != 0;
    int why = errno;
    if (close(fd) != 0 && !failed) {
        failed = 1;
        why = errno;
    }
    if (!failed && rename(beside, path) != 0) {
        failed = 1;
        why = errno;
    }
    if (failed) {
        unlink(beside);
        return oct_fail(ctx, OCTET_FILE_WRITE, "%s: cannot be written: %s", path, strerror(why));
    }
    sync_directory(path);
    return OCTET_OK;
}
