/* SPDX-License-Identifier: Apache-2.0 */
/* A text that grows. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void oct_text_init(struct oct_text *text, octet_context *ctx)
{
    *text = (struct oct_text){ctx, NULL, 0, 0, false};
}

void oct_text_add(struct oct_text *text, const char *bytes, size_t length)
{
    size_t needed;
    if (text->failed || !oct_add(text->length, length, &needed) || !oct_add(needed, 1, &needed) ||
        !oct_grow(text->ctx, &text->bytes, &text->capacity, needed, 1)) {
        text->failed = true;
        return;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void oct_text_printf(struct oct_text *text, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line)
        text->failed = true;
    else
        oct_text_add(text, line, (size_t)length);
}

void oct_text_free(struct oct_text *text)
{
    oct_free(text->ctx, text->bytes);
    *text = (struct oct_text){text->ctx, NULL, 0, 0, false};
}

octet_status oct_text_start(octet_context *ctx, const char *name, const void *bytes, size_t size,
                            size_t *start)
{
    *start = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    if (size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: UTF-16 text: save the file as UTF-8", name);
    return OCTET_OK;
}
