/* SPDX-License-Identifier: Apache-2.0 */
/* All memory of octet goes through here. memory.c is the only file that calls the C library's
 * allocator. */
#ifndef OCTET_BASE_MEMORY_H
#define OCTET_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/messages.h"

#define OCT_ALIGNMENT 64 /* a cache line, and the widest vector */

void oct_allocator_default(octet_allocator *allocator);

/* count * size bytes, zeroed, 64-byte aligned; NULL when out of memory or when the product
 * overflows. A count or size of 0 yields memory of at least one byte. */
void *oct_calloc(octet_context *ctx, size_t count, size_t size);

/* Not zeroed. */
void *oct_malloc(octet_context *ctx, size_t count, size_t size);

/* `bytes` zeroed bytes of what is large and need not be touched all over: by octet's own allocator
 * they are pages that the system zeroes when they are first touched, by another as oct_calloc()
 * gives them. Given back with the same `bytes`; NULL when out of memory, and accepted. */
void *oct_pages_take(octet_context *ctx, size_t bytes);
void oct_pages_give(octet_context *ctx, void *memory, size_t bytes);

/* Accepts NULL. */
void oct_free(octet_context *ctx, void *memory);

/* A copy of `length` bytes of text and a NUL; NULL when out of memory. */
char *oct_strndup(octet_context *ctx, const char *text, size_t length);
char *oct_strdup(octet_context *ctx, const char *text);

/* Grows an array (elements of `size` bytes) so that it holds at least `needed`; doubles, keeps the
 * contents, zeroes the new part. Returns false when out of memory, with the array unchanged. */
bool oct_grow(octet_context *ctx, void *array_pointer, size_t *capacity, size_t needed,
              size_t size);

/* Overflow-checked arithmetic; false on overflow. */
static inline bool oct_mul(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}
static inline bool oct_add(size_t a, size_t b, size_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}
static inline size_t oct_align(size_t n, size_t alignment)
{
    return (n + alignment - 1) & ~(alignment - 1);
}

#endif
