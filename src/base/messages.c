/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of failures and of the log, and what handles inherit from their context. */
#include "base/messages.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void one_line(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = ' ';
        else if (*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
}

octet_status oct_fail(octet_context *ctx, octet_status status, const char *format, ...)
{
    char line[OCT_MESSAGE_BYTES]; /* arguments may point into ctx->message */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    one_line(line);
    memcpy(ctx->message, line, sizeof line);
    return status;
}

octet_status oct_fail_memory(octet_context *ctx, const char *what)
{
    return oct_fail(ctx, OCTET_OUT_OF_MEMORY, "out of memory for %s", what);
}

octet_status oct_fail_null(octet_context *ctx, const char *call, const char *arguments)
{
    return ctx ? oct_fail(ctx, OCTET_INVALID_ARGUMENT, "%s: %s must not be NULL", call, arguments)
               : OCTET_INVALID_ARGUMENT;
}

void oct_log(octet_context *ctx, octet_log_level level, const char *format, ...)
{
    if (!ctx->log || level > ctx->log_level)
        return;
    char line[OCT_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    one_line(line);
    ctx->log(ctx->log_user, level, line);
}

void oct_context_inherit(octet_context *own, const octet_context *from)
{
    *own = *from;
    own->message[0] = '\0';
}
