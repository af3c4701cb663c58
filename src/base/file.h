/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in, whole files out. */
#ifndef OCTET_BASE_FILE_H
#define OCTET_BASE_FILE_H

#include "base/memory.h"

/* A read-only view of a whole file: mapped where that is possible, else read. */
struct oct_file {
    const uint8_t *bytes;
    size_t size;
    bool mapped;
};

/* Fails with OCTET_FILE_NOT_FOUND, _FILE_ACCESS (no permission, a directory), _FILE_READ, or out of
 * memory. */
octet_status oct_file_open(octet_context *ctx, const char *path, struct oct_file *file);
void oct_file_close(octet_context *ctx, struct oct_file *file);

/* One piece of an output file. */
struct oct_piece {
    const void *bytes;
    size_t size;
};

/* Writes the pieces one after another to a temporary file beside `path`, fsync, rename, fsync of
 * the directory. On any failure the temporary file is removed and what stood at `path` is
 * untouched; devices and pipes are not written. */
octet_status oct_file_write(octet_context *ctx, const char *path, const struct oct_piece *pieces,
                            size_t count);

#endif
