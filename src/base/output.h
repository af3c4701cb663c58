/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way in which octet writes files. What is written goes to a new file beside its place, is
 * synced, read back and compared, and renamed: at the place there is ever the old file or the whole
 * new one.
 *
 * The new file's name (.octet- and 16 random hexadecimal digits) is never one that was there
 * before, so that no link is followed. Its writer holds a lock (flock) on it; a file of such a name
 * that nobody holds is what a killed run left, and goes when the next output in that folder opens.
 *
 * A replaced file's permissions and, as far as we may, its owner stay. A symbolic link at the place
 * is replaced itself, what it points to is left alone. Folders, devices and pipes are refused, and
 * so are links into /proc, which /dev/stdout is.
 */
#ifndef OCTET_BASE_OUTPUT_H
#define OCTET_BASE_OUTPUT_H

#include <sys/stat.h>

#include "base/read_file.h"

#define OCT_OUTPUT_PREFIX ".octet-"
#define OCT_OUTPUT_NAME_BYTES 24 /* of the new file: the prefix, 16 digits, a NUL */

struct oct_output {
    octet_context *ctx;
    char *path;       /* where it goes */
    const char *name; /* its part behind the folder */
    char temporary[OCT_OUTPUT_NAME_BYTES];
    int folder, file;     /* descriptors */
    struct stat replaced; /* st_mode 0: nothing is */
    uint8_t *buffer;
    size_t buffered;
    uint64_t size, checksum; /* of all that was taken */
    int error;               /* errno of the first write that failed, 0: none */
    bool finished;
};

/* Finds out whether `path` could be written: its folder is there and open to us, and what stands
 * there may be replaced. */
octet_status oct_output_check(octet_context *ctx, const char *path);

/* On failure (OCTET_FILE_WRITE or out of memory) nothing is left, and abandoning is harmless. */
octet_status oct_output_open(octet_context *ctx, const char *path, struct oct_output *output);

/* A failure shows when finishing or committing. */
void oct_output_write(struct oct_output *output, const void *bytes, size_t size);

/* Syncs what was written and reads it back; then nothing more is taken. */
octet_status oct_output_finish(struct oct_output *output);

/* All of a finished output in memory, for a reader to try; oct_file_close() frees it. */
octet_status oct_output_read(struct oct_output *output, struct oct_file *file);

/* Puts the file in its place, finishing it before where that was not done. On failure it is
 * removed. Frees what `output` holds either way. */
octet_status oct_output_commit(struct oct_output *output);

/* All of it in one call: a file of these bytes. */
octet_status oct_output_file(octet_context *ctx, const char *path, const void *bytes, size_t size);

/* Removes the file; a zeroed `output` is accepted. */
void oct_output_abandon(struct oct_output *output);

#endif
