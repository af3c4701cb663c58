/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in, whole files out. */
#ifndef OCTET_BASE_READ_FILE_H
#define OCTET_BASE_READ_FILE_H

#include "base/memory.h"

/* A whole file in memory: read, not mapped, for a mapped file that somebody cuts short kills its
 * reader. */
struct oct_file {
    const uint8_t *bytes;
    size_t size;
};

/* Fails with OCTET_FILE_NOT_FOUND, _FILE_ACCESS (no permission, a directory), _FILE_READ, or out of
 * memory. From a pipe or a device at most 512 MiB are read. */
octet_status oct_file_open(octet_context *ctx, const char *path, struct oct_file *file);
/* The same from a descriptor's position on; `path` is for messages. */
octet_status oct_file_read(octet_context *ctx, const char *path, int fd, struct oct_file *file);
void oct_file_close(octet_context *ctx, struct oct_file *file);

#endif
