/* SPDX-License-Identifier: Apache-2.0 */
/* A table of allocations, each between guards; complaints, and the end of a kernel by one. */
#include "device_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

#define GUARD_BYTES ((size_t)4096)
#define GUARD 0xEB
#define ALIGNMENT 256
#define ALLOCATIONS_MAX 4096

static struct allocation {
    uint8_t *block;
    uint64_t address;
    size_t bytes;
} allocations[ALLOCATIONS_MAX];
static int allocation_count, last_found;

static struct test_random randomness = {1};
static char complaint[400];
static jmp_buf *running;
static int stopped_by;

uint32_t random_bits(void)
{
    return test_bits(&randomness);
}

void random_seed(uint64_t seed)
{
    randomness = test_random_of(seed);
}

/* A pattern that begins somewhere else each time: quick, and no number that means anything. */
void fill_with_garbage(void *bytes, size_t size)
{
    uint8_t *to = bytes;
    uint32_t pattern[64];
    for (size_t i = 0; i < 64; i++)
        pattern[i] = random_bits();
    for (size_t at = 0; at < size; at += sizeof pattern)
        memcpy(to + at, pattern, size - at < sizeof pattern ? size - at : sizeof pattern);
}

uint64_t memory_allocate(size_t bytes)
{
    const size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (allocation_count == ALLOCATIONS_MAX || bytes > SIZE_MAX / 2)
        return 0;
    uint8_t *block = aligned_alloc(ALIGNMENT, rounded + 2 * GUARD_BYTES);
    if (!block)
        return 0;
    memset(block, GUARD, rounded + 2 * GUARD_BYTES);
    fill_with_garbage(block + GUARD_BYTES, bytes);
    allocations[allocation_count++] =
        (struct allocation){block, (uint64_t)(uintptr_t)(block + GUARD_BYTES), bytes};
    return (uint64_t)(uintptr_t)(block + GUARD_BYTES);
}

static bool is_guarded(const struct allocation *a)
{
    const uint8_t *end = a->block + GUARD_BYTES + a->bytes;
    for (size_t i = 0; i < GUARD_BYTES; i++)
        if (a->block[i] != GUARD || end[i] != GUARD)
            return false;
    return true;
}

int memory_release(uint64_t address)
{
    int at = 0;
    while (at < allocation_count && allocations[at].address != address)
        at++;
    if (at == allocation_count)
        return complain(RESULT_INVALID_VALUE, "released what was not allocated");
    const int result = is_guarded(&allocations[at])
                           ? 0
                           : complain(RESULT_ILLEGAL_ADDRESS, "guards were written over");
    free(allocations[at].block);
    allocations[at] = allocations[--allocation_count];
    last_found = 0;
    return result;
}

int memory_release_all(void)
{
    const int count = allocation_count;
    while (allocation_count > 0)
        memory_release(allocations[0].address);
    return count;
}

int memory_count(void)
{
    return allocation_count;
}

size_t memory_bytes_in_use(void)
{
    size_t sum = 0;
    for (int i = 0; i < allocation_count; i++)
        sum += allocations[i].bytes;
    return sum;
}

static bool lies_in(const struct allocation *a, uint64_t address, size_t bytes)
{
    return address >= a->address && address - a->address <= a->bytes &&
           bytes <= a->bytes - (address - a->address);
}

bool memory_holds(uint64_t address, size_t bytes)
{
    if (last_found < allocation_count && lies_in(&allocations[last_found], address, bytes))
        return true;
    for (int i = 0; i < allocation_count; i++)
        if (lies_in(&allocations[i], address, bytes)) {
            last_found = i;
            return true;
        }
    return false;
}

/* Where an address is, for a complaint. */
static void describe(uint64_t address, char *text, size_t size)
{
    const struct allocation *nearest = NULL;
    for (int i = 0; i < allocation_count; i++)
        if (allocations[i].address <= address + GUARD_BYTES &&
            (!nearest || allocations[i].address > nearest->address))
            nearest = &allocations[i];
    if (nearest)
        snprintf(text, size, "byte %lld of an allocation of %zu",
                 (long long)(address - nearest->address), nearest->bytes);
    else
        snprintf(text, size, "an address before all allocations");
}

static void *check_access(uint64_t address, size_t bytes, size_t alignment, const char *what)
{
    char where[100];
    if (address & (alignment - 1)) {
        describe(address, where, sizeof where);
        stop(RESULT_MISALIGNED_ADDRESS, "%s %zu bytes at %s: not aligned to %zu", what, bytes,
             where, alignment);
    }
    if (!memory_holds(address, bytes)) {
        describe(address, where, sizeof where);
        stop(RESULT_ILLEGAL_ADDRESS, "%s %zu bytes at %s", what, bytes, where);
    }
    return (void *)(uintptr_t)address;
}

const void *gpu_read(uint64_t address, size_t bytes, size_t alignment)
{
    return check_access(address, bytes, alignment, "reads");
}

void *gpu_write(uint64_t address, size_t bytes, size_t alignment)
{
    return check_access(address, bytes, alignment, "writes");
}

static void keep(const char *format, va_list arguments)
{
    if (!complaint[0])
        vsnprintf(complaint, sizeof complaint, format, arguments);
}

int complain(int result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    keep(format, arguments);
    va_end(arguments);
    return result;
}

const char *first_complaint(void)
{
    return complaint;
}

void forget_complaint(void)
{
    complaint[0] = '\0';
}

int run_stoppable(void (*work)(void *user), void *user)
{
    jmp_buf here;
    running = &here;
    stopped_by = 0;
    if (setjmp(here) == 0)
        work(user);
    running = NULL;
    return stopped_by;
}

void stop(int result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    keep(format, arguments);
    va_end(arguments);
    stopped_by = result;
    if (!running)
        abort();
    longjmp(*running, 1);
}
