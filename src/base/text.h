/* SPDX-License-Identifier: Apache-2.0 */
/* Texts: one that grows, and where one in a file begins. */
#ifndef OCTET_BASE_TEXT_H
#define OCTET_BASE_TEXT_H

#include "base/memory.h"

/* A number of the preprocessor as text. */
#define OCT_TEXT(number) OCT_TEXT_OF(number)
#define OCT_TEXT_OF(number) #number

/* A growing text. Errors stick: check `failed` once, at the end. */
struct oct_text {
    octet_context *ctx;
    char *bytes; /* NUL-terminated once something was added */
    size_t length, capacity;
    bool failed;
};

void oct_text_init(struct oct_text *text, octet_context *ctx);
void oct_text_add(struct oct_text *text, const char *bytes, size_t length);
void oct_text_printf(struct oct_text *text, const char *format, ...) OCT_PRINTF(2, 3);
void oct_text_free(struct oct_text *text);

/* Where the text of a file begins: behind UTF-8's byte order mark, if there is one. UTF-16 is
 * OCTET_BAD_FORMAT. */
octet_status oct_text_start(octet_context *ctx, const char *name, const void *bytes, size_t size,
                            size_t *start);

#endif
