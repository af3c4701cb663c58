/* SPDX-License-Identifier: Apache-2.0 */
/* A bump allocator for things that die together: graphs, plans, strings of a handle. Grows by
 * blocks. */
#ifndef OCTET_BASE_ARENA_H
#define OCTET_BASE_ARENA_H

#include "base/memory.h"

#define OCT_ARENA_ALIGNMENT 16

struct oct_arena_block;

struct oct_arena {
    octet_context *ctx;
    struct oct_arena_block *blocks;
};

void oct_arena_init(struct oct_arena *arena, octet_context *ctx);

/* count * size zeroed bytes; NULL when out of memory or on overflow. OCT_ALIGNMENT bytes and more
 * are aligned to OCT_ALIGNMENT; less to OCT_ARENA_ALIGNMENT, which does for any type of C, so that
 * texts and small structs lie close together. */
void *oct_arena_calloc(struct oct_arena *arena, size_t count, size_t size);
char *oct_arena_strndup(struct oct_arena *arena, const char *text, size_t length);
char *oct_arena_strdup(struct oct_arena *arena, const char *text);
char *oct_arena_printf(struct oct_arena *arena, const char *format, ...) OCT_PRINTF(2, 3);

/* Forgets everything and keeps a block for what comes next:
 * for many small jobs one after another. */
void oct_arena_reset(struct oct_arena *arena);

/* Frees everything; the arena can be used again. */
void oct_arena_clear(struct oct_arena *arena);

#endif
