/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every fuzzer has: memory that is counted and ends, a folder for files that must have names,
 * and, with OCTET_FUZZ_PLAIN defined, a main that takes files.
 */
#ifndef OCTET_TESTS_FUZZ_H
#define OCTET_TESTS_FUZZ_H

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/read_file.h"

#define FUZZ_ROOM 64 /* before each block, for its size */

/* More than `most` bytes at a time, or in one block, fail as memory does. */
struct fuzz_pool {
    size_t most, block_most;
    size_t live; /* bytes not released yet */
};

static void *fuzz_allocate(void *user, size_t bytes, size_t alignment)
{
    struct fuzz_pool *pool = user;
    void *memory = NULL;
    if (alignment > FUZZ_ROOM)
        abort();
    if (bytes > pool->block_most || bytes > pool->most - pool->live ||
        posix_memalign(&memory, FUZZ_ROOM, bytes + FUZZ_ROOM) != 0)
        return NULL;
    *(size_t *)memory = bytes;
    pool->live += bytes;
    return (char *)memory + FUZZ_ROOM;
}

static void fuzz_release(void *user, void *memory)
{
    struct fuzz_pool *pool = user;
    void *start = (char *)memory - FUZZ_ROOM;
    pool->live -= *(size_t *)start;
    free(start);
}

static inline octet_context fuzz_context(struct fuzz_pool *pool)
{
    return (octet_context){.allocator = {fuzz_allocate, fuzz_release, pool}};
}

/* Chooses among variants: every change of the input may choose another one. */
static inline unsigned fuzz_sum(const uint8_t *data, size_t size)
{
    unsigned sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += data[i];
    return sum;
}

static char fuzz_folder[4096];

static inline int fuzz_remove_entry(const char *path, const struct stat *entry, int kind,
                                    struct FTW *place)
{
    (void)entry, (void)kind, (void)place;
    return remove(path);
}

static inline void fuzz_remove_folder(void)
{
    nftw(fuzz_folder, fuzz_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes an empty folder in $TMPDIR the current one, once; it goes away when the program ends. */
static inline void fuzz_enter_folder(void)
{
    const char *parent = getenv("TMPDIR");
    if (fuzz_folder[0])
        return;
    snprintf(fuzz_folder, sizeof fuzz_folder, "%s/octet-fuzz-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(fuzz_folder) || chdir(fuzz_folder) != 0 || atexit(fuzz_remove_folder) != 0)
        abort();
}

static inline void fuzz_write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(name, "we");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
}

/* A picture of 2 x 2 pixels. */
static inline void fuzz_write_picture(const char *name)
{
    static const char picture[] = "P5 2 2 255\n\0\1\2\3";
    fuzz_write_file(name, picture, sizeof picture - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef OCTET_FUZZ_PLAIN
int main(int count, char **paths)
{
    octet_context ctx = {.message = ""};
    oct_allocator_default(&ctx.allocator);
    int run = 0;
    for (int i = 1; i < count; i++)
        paths[i] = realpath(paths[i], NULL); /* before a fuzzer enters its folder */
    for (int i = 1; i < count; i++) {
        struct oct_file file;
        if (paths[i] && oct_file_open(&ctx, paths[i], &file) == OCTET_OK) {
            LLVMFuzzerTestOneInput(file.bytes, file.size);
            oct_file_close(&ctx, &file);
            run++;
        }
        free(paths[i]);
    }
    return run != count - 1;
}
#endif

#endif
