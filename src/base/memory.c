/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's allocator, and the calls that everything else allocates with. */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What processors map as one page where the system lets them. */
#define LARGE_PAGE ((size_t)2 << 20)

/* Asks for large pages where whole ones fit: each is one page fault instead of 512. */
static void *default_allocate(void *user, size_t bytes, size_t alignment)
{
    (void)user;
    if (alignment < sizeof(void *))
        alignment = sizeof(void *);
    if (bytes >= LARGE_PAGE)
        alignment = LARGE_PAGE;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment, bytes) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (bytes >= LARGE_PAGE)
        (void)madvise(memory, bytes & ~(LARGE_PAGE - 1), MADV_HUGEPAGE);
#endif
    return memory;
}

static void default_release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

void oct_allocator_default(octet_allocator *allocator)
{
    *allocator = (octet_allocator){default_allocate, default_release, NULL};
}

void *oct_malloc(octet_context *ctx, size_t count, size_t size)
{
    size_t bytes;
    if (!oct_mul(count, size, &bytes) || bytes > PTRDIFF_MAX - 4096)
        return NULL;
    return ctx->allocator.allocate(ctx->allocator.user, bytes ? bytes : 1, OCT_ALIGNMENT);
}

void *oct_calloc(octet_context *ctx, size_t count, size_t size)
{
    void *memory = oct_malloc(ctx, count, size);
    if (memory)
        memset(memory, 0, count * size);
    return memory;
}

#if defined(__SANITIZE_ADDRESS__)
#define IS_WATCHED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_WATCHED true
#endif
#endif
#ifndef IS_WATCHED
#define IS_WATCHED                                                                                 \
    false /* by who sees past the end of what malloc() gives, not of what is mapped */
#endif

static bool are_mapped(const octet_context *ctx, size_t bytes)
{
    return !IS_WATCHED && bytes >= LARGE_PAGE && ctx->allocator.allocate == default_allocate;
}

/* At a large page's boundary: what is mapped before and behind is given back at once. */
static void *map_pages(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (bytes > PTRDIFF_MAX - 2 * LARGE_PAGE)
        return NULL;
    const size_t whole = oct_align(bytes, page), all = whole + LARGE_PAGE;
    char *start = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    const size_t before = -(uintptr_t)start & (LARGE_PAGE - 1), behind = LARGE_PAGE - before;
    char *memory = start + before;
    if (before)
        munmap(start, before);
    if (behind)
        munmap(memory + whole, behind);
#ifdef MADV_HUGEPAGE
    (void)madvise(memory, bytes & ~(LARGE_PAGE - 1), MADV_HUGEPAGE);
#endif
    return memory;
}

void *oct_pages_take(octet_context *ctx, size_t bytes)
{
    return are_mapped(ctx, bytes) ? map_pages(bytes) : oct_calloc(ctx, bytes, 1);
}

void oct_pages_give(octet_context *ctx, void *memory, size_t bytes)
{
    if (memory && are_mapped(ctx, bytes))
        munmap(memory, oct_align(bytes, (size_t)sysconf(_SC_PAGESIZE)));
    else
        oct_free(ctx, memory);
}

void oct_free(octet_context *ctx, void *memory)
{
    if (memory)
        ctx->allocator.release(ctx->allocator.user, memory);
}

char *oct_strndup(octet_context *ctx, const char *text, size_t length)
{
    size_t bytes;
    if (!oct_add(length, 1, &bytes))
        return NULL;
    char *copy = oct_malloc(ctx, bytes, 1);
    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

char *oct_strdup(octet_context *ctx, const char *text)
{
    return oct_strndup(ctx, text, strlen(text));
}

bool oct_grow(octet_context *ctx, void *array_pointer, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return true;
    size_t more = *capacity < 8 ? 8 : *capacity;
    if (!oct_mul(more, 2, &more))
        return false;
    if (more < needed)
        more = needed;
    char *grown = oct_calloc(ctx, more, size);
    if (!grown)
        return false;
    void *old;
    memcpy(&old, array_pointer, sizeof old);
    if (old)
        memcpy(grown, old, *capacity * size);
    oct_free(ctx, old);
    memcpy(array_pointer, &grown, sizeof grown);
    *capacity = more;
    return true;
}
