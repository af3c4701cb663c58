/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the stand-in's devices, of which every access is checked. */
#ifndef OCTET_TESTS_GPU_DRIVER_DEVICE_MEMORY_H
#define OCTET_TESTS_GPU_DRIVER_DEVICE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RESULT_INVALID_VALUE = 1,
    RESULT_OUT_OF_MEMORY = 2,
    RESULT_NO_DEVICE = 100,
    RESULT_INVALID_DEVICE = 101,
    RESULT_INVALID_CONTEXT = 201,
    RESULT_INVALID_HANDLE = 400,
    RESULT_NOT_FOUND = 500,
    RESULT_ILLEGAL_ADDRESS = 700,
    RESULT_MISALIGNED_ADDRESS = 716
};

/* An allocation full of garbage, aligned to 256 bytes, with guards around it. Returns 0 when there
 * is no memory. */
uint64_t memory_allocate(size_t bytes);
/* 0, or why it is refused. */
int memory_release(uint64_t address);
/* How many there are, and their bytes. */
int memory_count(void);
size_t memory_bytes_in_use(void);
/* Releases what there is; returns how many. */
int memory_release_all(void);

/* Whether bytes lie within one allocation. */
bool memory_holds(uint64_t address, size_t bytes);

/* Pointers for a kernel's access; one that is not allowed ends the kernel by stop(). Alignments are
 * powers of two. */
const void *gpu_read(uint64_t address, size_t bytes, size_t alignment);
void *gpu_write(uint64_t address, size_t bytes, size_t alignment);

/* Notes what is wrong: the first such line is kept. Returns `result`. */
__attribute__((format(printf, 2, 3))) int complain(int result, const char *format, ...);
const char *first_complaint(void);
void forget_complaint(void);

/* Runs a kernel's work, and gives the result with which stop() ended it, or 0. */
int run_stoppable(void (*work)(void *user), void *user);
/* Complains, and ends the work that runs. */
_Noreturn __attribute__((format(printf, 2, 3))) void stop(int result, const char *format, ...);

/* Random bits, by the seed of set_seed(). */
uint32_t random_bits(void);
void random_seed(uint64_t seed);
void fill_with_garbage(void *bytes, size_t size);

#endif
