/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a program, makes its allocation number OCTET_FAIL_AT fail, once; OCTET_COUNT=FILE
 * writes there how many there were. Of all memory: octet's own, the libraries', the tool's.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* glibc's own, under the names that nothing replaces. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static atomic_long calls;
static long fail_at;

__attribute__((constructor)) static void start(void)
{
    const char *at = getenv("OCTET_FAIL_AT");
    fail_at = at ? atol(at) : 0;
    atomic_store(&calls, 0);
}

__attribute__((destructor)) static void end(void)
{
    const long count = atomic_load(&calls);
    const char *path = getenv("OCTET_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%ld\n", count);
    fclose(file);
}

static bool fails(void)
{
    if (atomic_fetch_add(&calls, 1) + 1 != fail_at)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t bytes)
{
    return fails() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t bytes)
{
    return fails() ? NULL : __libc_realloc(memory, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return fails() ? NULL : __libc_memalign(alignment, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    *memory = fails() ? NULL : __libc_memalign(alignment, bytes);
    return *memory ? 0 : ENOMEM;
}
