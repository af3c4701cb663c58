/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are whole or not there: the calls of octet/file.h. */
#include <octet/file.h>

#include "base/output.h"

struct octet_file {
    struct oct_output output;
};

octet_status octet_file_check(octet_context *context, const char *path)
{
    if (!context || !path)
        return oct_fail_null(context, __func__, "path");
    return oct_output_check(context, path);
}

octet_status octet_file_create(octet_context *context, const char *path, octet_file **file)
{
    if (file)
        *file = NULL;
    if (!context || !path || !file)
        return oct_fail_null(context, __func__, "path and file");
    octet_file *made = oct_calloc(context, 1, sizeof *made);
    if (!made)
        return oct_fail_memory(context, path);
    const octet_status status = oct_output_open(context, path, &made->output);
    if (status)
        oct_free(context, made);
    else
        *file = made;
    return status;
}

void octet_file_write(octet_file *file, const void *bytes, size_t size)
{
    if (file && bytes)
        oct_output_write(&file->output, bytes, size);
}

octet_status octet_file_commit(octet_file **file)
{
    if (!file || !*file)
        return OCTET_INVALID_ARGUMENT;
    octet_context *ctx = (*file)->output.ctx;
    const octet_status status = oct_output_commit(&(*file)->output);
    oct_free(ctx, *file);
    *file = NULL;
    return status;
}

void octet_file_abandon(octet_file **file)
{
    if (!file || !*file)
        return;
    octet_context *ctx = (*file)->output.ctx;
    oct_output_abandon(&(*file)->output);
    oct_free(ctx, *file);
    *file = NULL;
}
