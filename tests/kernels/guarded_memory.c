/* SPDX-License-Identifier: Apache-2.0 */
/* The random numbers of the checks, and memory for them that faults right behind its end. */
#include "kernels/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CANARY = 0xa5, CANARY_BYTES = 256 };

struct check_random check_random_of(uint64_t seed)
{
    struct check_random random = {seed * 0x9e3779b97f4a7c15u + 0x1234567u};
    if (!random.state)
        random.state = 1;
    for (int i = 0; i < 8; i++)
        check_bits(&random);
    return random;
}

uint32_t check_bits(struct check_random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return (uint32_t)((random->state * 0x2545f4914f6cdd1du) >> 32);
}

int check_int(struct check_random *random, int low, int high)
{
    return low + (int)(check_bits(random) % (uint32_t)(high - low + 1));
}

float check_float(struct check_random *random, float low, float high)
{
    return low + (high - low) * (float)(check_bits(random) >> 8) * 0x1p-24f;
}

struct check_memory check_allocate(struct check_random *random, size_t size, size_t slack)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t body = (size + slack + 63) & ~(size_t)63;
    const size_t pages = (body + CANARY_BYTES + page - 1) / page * page;
    struct check_memory memory = {.size = size, .map_size = pages + page};
    memory.map =
        mmap(NULL, memory.map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory.map == MAP_FAILED || mprotect((uint8_t *)memory.map + pages, page, PROT_NONE) != 0) {
        fprintf(stderr, "kernel_check: out of memory\n");
        exit(1);
    }
    memory.bytes = (uint8_t *)memory.map + pages - body;
    memset(memory.map, CANARY, pages);
    for (size_t i = 0; i < size; i += 4) {
        const uint32_t bits = check_bits(random);
        memcpy(memory.bytes + i, &bits, size - i < 4 ? size - i : 4);
    }
    return memory;
}

bool check_whole(const struct check_memory *memory)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const uint8_t *end = (const uint8_t *)memory->map + memory->map_size - page;
    for (const uint8_t *at = memory->map; at < end; at++) {
        if ((at < memory->bytes || at >= memory->bytes + memory->size) && *at != CANARY)
            return false;
    }
    return true;
}

void check_release(struct check_memory *memory)
{
    if (memory->map)
        munmap(memory->map, memory->map_size);
    memset(memory, 0, sizeof *memory);
}
