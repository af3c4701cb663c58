/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_FILE_H
#define OCTET_FILE_H

#include <octet/context.h>

OCTET_BEGIN_DECLARATIONS

/** A file that is being written, the way octet writes its own: beside its place under a new name,
 * synced, read back and compared, then renamed. At the place there is ever the old file or the
 * whole new one; a link there is replaced, not followed; a replaced file's permissions stay. What a
 * killed run left (.octet- and 16 hexadecimal digits, locked by nobody) goes when the next file in
 * that folder is created. Every function's failures are told by the context, OCTET_FILE_WRITE or
 * OCTET_OUT_OF_MEMORY. */
typedef struct octet_file octet_file;

/** Finds out, before long work, whether `path` could be written: its folder is there and open to
 * us, and no folder, device or pipe stands at it. */
OCTET_API octet_status octet_file_check(octet_context *context, const char *path);

/** Starts a file for `path`. On failure `*file` is NULL and nothing is left. */
OCTET_API octet_status octet_file_create(octet_context *context, const char *path,
                                         octet_file **file);

/** Adds `size` bytes. A failure (a full disk) shows when committing. Accepts a NULL file. */
OCTET_API void octet_file_write(octet_file *file, const void *bytes, size_t size);

/** Puts the file in its place and sets `*file` to NULL; on failure nothing is left of it, and what
 * stood there before still does. */
OCTET_API octet_status octet_file_commit(octet_file **file);

/** Removes what was written and sets `*file` to NULL. Accepts a pointer to NULL. */
OCTET_API void octet_file_abandon(octet_file **file);

OCTET_END_DECLARATIONS
#endif
