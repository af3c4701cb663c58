/* SPDX-License-Identifier: Apache-2.0 */
/* Files in: whole, up to their bounds, with one line about what is in the way. */
#include "base/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP_BYTES 65536
#define FILE_BYTES_MAX ((int64_t)4 << 30)
/* What a pipe or a device gives has no end that could be known; a file has its size. */
#define STREAM_BYTES_MAX ((size_t)512 << 20)

static octet_status open_failure(octet_context *ctx, const char *path)
{
    int why = errno;
    char target[512];
    const ssize_t length = readlink(path, target, sizeof target);
    if (why == ENOENT && length > 0)
        return oct_fail(ctx, OCTET_FILE_NOT_FOUND, "%s: a link to %.*s, which is not there", path,
                        (int)length, target);
    if (why == ENOENT || why == ENOTDIR)
        return oct_fail(ctx, OCTET_FILE_NOT_FOUND, "%s: no such file", path);
    return oct_fail(ctx, OCTET_FILE_ACCESS, "%s: %s", path, strerror(why));
}

/* Room for what the file says it has, and one byte more, which finds its end. `*most` is what is
 * read at the most. */
static size_t expected_bytes(int fd, size_t *most)
{
    struct stat about;
    const bool plain = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    *most = plain ? SIZE_MAX : STREAM_BYTES_MAX;
    return plain && about.st_size > 0 ? (size_t)about.st_size + 1 : STEP_BYTES;
}

octet_status oct_file_read(octet_context *ctx, const char *path, int fd, struct oct_file *file)
{
    size_t most, size = 0, capacity = expected_bytes(fd, &most);
    uint8_t *bytes = oct_malloc(ctx, capacity, 1);
    octet_status status = bytes ? OCTET_OK : oct_fail_memory(ctx, path);
    while (!status) {
        if (size == capacity && !oct_grow(ctx, &bytes, &capacity, size + STEP_BYTES, 1)) {
            status = oct_fail_memory(ctx, path);
            break;
        }
        const ssize_t got = read(fd, bytes + size, capacity - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = oct_fail(ctx, OCTET_FILE_READ, "%s: %s", path, strerror(errno));
        if (got <= 0)
            break;
        size += (size_t)got;
        if (size > most) {
            status = oct_fail(ctx, OCTET_FILE_READ,
                              "%s: not a plain file, and it gives more than the %zu MiB that are "
                              "read from such",
                              path, most >> 20);
            break;
        }
    }
    if (status) {
        oct_free(ctx, bytes);
        return status;
    }
    *file = (struct oct_file){bytes, size};
    return OCTET_OK;
}

octet_status oct_file_open(octet_context *ctx, const char *path, struct oct_file *file)
{
    *file = (struct oct_file){NULL, 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return open_failure(ctx, path);
    struct stat about;
    octet_status status;
    if (fstat(fd, &about) != 0)
        status = open_failure(ctx, path);
    else if (S_ISDIR(about.st_mode))
        status = oct_fail(ctx, OCTET_FILE_ACCESS, "%s: is a directory, not a file", path);
    else if (about.st_size > FILE_BYTES_MAX)
        status = oct_fail(ctx, OCTET_FILE_READ,
                          "%s: larger than 4 GiB, which nothing octet reads is", path);
    else
        status = oct_file_read(ctx, path, fd, file);
    close(fd);
    return status;
}

void oct_file_close(octet_context *ctx, struct oct_file *file)
{
    oct_free(ctx, (void *)(uintptr_t)file->bytes);
    *file = (struct oct_file){NULL, 0};
}
