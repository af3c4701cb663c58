/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks that are filled from one end, and freed together. */
#include "base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 * 1024)

struct oct_arena_block {
    struct oct_arena_block *next;
    size_t used, size;
    _Alignas(OCT_ALIGNMENT) unsigned char bytes[];
};

_Static_assert(OCT_ARENA_ALIGNMENT >= _Alignof(max_align_t), "any type of C may lie in an arena");

void oct_arena_init(struct oct_arena *arena, octet_context *ctx)
{
    arena->ctx = ctx;
    arena->blocks = NULL;
}

void *oct_arena_calloc(struct oct_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!oct_mul(count, size, &bytes) || bytes > PTRDIFF_MAX / 2)
        return NULL;
    const size_t alignment = bytes >= OCT_ALIGNMENT ? OCT_ALIGNMENT : OCT_ARENA_ALIGNMENT;
    bytes = oct_align(bytes ? bytes : 1, alignment);
    struct oct_arena_block *block = arena->blocks;
    size_t start = block ? oct_align(block->used, alignment) : 0;
    if (!block || start > block->size || block->size - start < bytes) {
        size_t room = bytes > BLOCK_BYTES / 4 ? bytes : BLOCK_BYTES;
        block = oct_calloc(arena->ctx, 1, sizeof *block + room);
        if (!block)
            return NULL;
        block->size = room;
        if (room != BLOCK_BYTES && arena->blocks) { /* keep filling the current block */
            block->next = arena->blocks->next;
            arena->blocks->next = block;
        } else {
            block->next = arena->blocks;
            arena->blocks = block;
        }
        start = 0;
    }
    block->used = start + bytes;
    return block->bytes + start;
}

char *oct_arena_strndup(struct oct_arena *arena, const char *text, size_t length)
{
    size_t bytes;
    if (!oct_add(length, 1, &bytes))
        return NULL;
    char *copy = oct_arena_calloc(arena, bytes, 1);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

char *oct_arena_strdup(struct oct_arena *arena, const char *text)
{
    return oct_arena_strndup(arena, text, strlen(text));
}

char *oct_arena_printf(struct oct_arena *arena, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0)
        return NULL;
    size_t kept = (size_t)length < sizeof line ? (size_t)length : sizeof line - 1;
    return oct_arena_strndup(arena, line, kept);
}

void oct_arena_reset(struct oct_arena *arena)
{
    struct oct_arena_block *kept = arena->blocks;
    if (!kept || kept->size != BLOCK_BYTES) {
        oct_arena_clear(arena);
        return;
    }
    arena->blocks = kept->next;
    oct_arena_clear(arena);
    memset(kept->bytes, 0, kept->used);
    kept->used = 0;
    kept->next = NULL;
    arena->blocks = kept;
}

void oct_arena_clear(struct oct_arena *arena)
{
    while (arena->blocks) {
        struct oct_arena_block *block = arena->blocks;
        arena->blocks = block->next;
        oct_free(arena->ctx, block);
    }
}
