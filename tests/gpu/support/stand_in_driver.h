/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for NVIDIA's driver (tests/gpu/driver): all of OCT_CUDA_FUNCTIONS on the CPU, and what
 * a GPU would do with octet's kernels. It is a library of the driver's name. Tests open it, which
 * makes it the one that octet finds, and steer it by the table that it exports.
 *
 * Memory of the device is garbage until it is written; every access must lie within one allocation
 * and be aligned. Streams do nothing until somebody waits, and a graph's nodes run in a random
 * order that their dependencies allow. Whatever a driver would refuse, or what goes wrong in a
 * kernel, is a failed call and a *complaint*, a line that says what it was.
 */
#ifndef OCTET_TESTS_GPU_SUPPORT_STAND_IN_DRIVER_H
#define OCTET_TESTS_GPU_SUPPORT_STAND_IN_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stand_in_gpu {
    const char *name;
    int major, minor, multiprocessors;
    int shared_bytes_a_block, shared_bytes_a_multiprocessor;
    size_t memory_bytes;
    bool integrated; /* it shares the machine's memory */
};

/* What there is now. */
struct stand_in_counts {
    int calls;       /* so far, since the last reset() */
    int launches;    /* kernels that ran, those of graphs among them */
    int copies_in;   /* from the host */
    size_t bytes_in; /* in them */
    int allocations, host_allocations, modules, streams, events, graphs, executables;
    int overlaps; /* dependencies of kernels that overlap, in all graphs that there are */
    int retained; /* contexts */
    int depth;    /* of the thread's stack of contexts */
    /* of what a context that was given up for the last time had left */
    int leaked;
};

enum { STAND_IN_GPUS_MAX = 2 };

#define STAND_IN_CLOCK_KHZ 918000 /* all of them, all the time */

struct stand_in_driver {
    /* One Orin, CUDA 12.2, nothing fails, no complaint. Nothing may be open. */
    void (*reset)(void);
    void (*set_gpus)(int count, const struct stand_in_gpu *gpus);
    void (*set_version)(int version);
    /* Call number `call` from now on (0: the next; -1: none) gives `result`, and so do all after it
     * when `for_good`. What gives something back does so all the same. */
    void (*fail_call)(int call, int result, bool for_good);
    /* For the order of nodes and blocks. */
    void (*set_seed)(uint64_t seed);
    void (*get_counts)(struct stand_in_counts *counts);
    const char *(*complaint)(void);   /* the first one since reset(), or "" */
    const char *(*failed_call)(void); /* the function that fail_call() let fail, or "" */
};

/* The table's name in the library. */
#define STAND_IN_DRIVER_SYMBOL "stand_in_driver"

/* ---- for test programs (open_stand_in.c) ---- */

/* Loads the stand-in, resets it and gives its table. Fails the running test. */
const struct stand_in_driver *stand_in_open(void);
/* Another one, too old to have all functions. */
void stand_in_open_old(void);
/* Whichever driver the system finds, a GPU's or the stand-in, and whether there is one. */
bool stand_in_open_any(void);
/* stand_in_close(), and whether the stand-in has nothing to say: no complaint (else it is printed),
 * and nothing that octet left. */
bool stand_in_close_clean(void);
/* Unloads whichever is loaded. */
void stand_in_close(void);

/* GPUs that octet is made for, and one that is too old for it. */
extern const struct stand_in_gpu stand_in_orin, stand_in_small, stand_in_hopper, stand_in_turing;

#endif
