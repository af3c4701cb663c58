/* SPDX-License-Identifier: Apache-2.0 */
#include "base/threads.h"

#include <pthreadpool.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#define CPUS_MAX 1024

static int read_number(const char *format, int cpu)
{
    char path[128];
    snprintf(path, sizeof path, format, cpu);
    FILE *file = fopen(path, "r");
    int number = -1;
    if (file) {
        if (fscanf(file, "%d", &number) != 1)
            number = -1;
        fclose(file);
    }
    return number;
}

int oct_threads_physical_cores(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return 1;
    int64_t seen[CPUS_MAX];
    int cores = 0;
    for (int cpu = 0; cpu < CPUS_MAX && cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &allowed))
            continue;
        int core = read_number("/sys/devices/system/cpu/cpu%d/topology/core_id", cpu);
        int package =
            read_number("/sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu);
        int64_t key = core < 0 ? -1 - cpu : (int64_t)package * 65536 + core;
        int i = 0;
        while (i < cores && seen[i] != key)
            i++;
        if (i == cores)
            seen[cores++] = key;
    }
    return cores > 0 ? cores : 1;
}

octet_status oct_threads_create(octet_context *ctx, int count, struct oct_threads **threads)
{
    *threads = NULL;
    if (count < 0 || count > CPUS_MAX)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "%d threads: must be 0 to %d", count,
                        CPUS_MAX);
    if (count == 0)
        count = oct_threads_physical_cores();
    if (count == 1)
        return OCTET_OK;
    *threads = (struct oct_threads *)pthreadpool_create((size_t)count);
    return *threads ? OCTET_OK : oct_fail_memory(ctx, "threads");
}

int oct_threads_count(const struct oct_threads *threads)
{
    return threads ? (int)pthreadpool_get_threads_count((pthreadpool_t)(uintptr_t)threads) : 1;
}

void oct_threads_destroy(struct oct_threads **threads)
{
    if (*threads)
        pthreadpool_destroy((pthreadpool_t)*threads);
    *threads = NULL;
}

/* Workers take items from a shared counter; the range that pthreadpool hands out is the worker's
 * number. */
struct job {
    void (*task)(void *user, int worker, int item);
    void *user;
    int items;
    atomic_int next;
};

static void take_items(void *context, size_t worker)
{
    struct job *job = context;
    for (;;) {
        int item = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed);
        if (item >= job->items)
            return;
        job->task(job->user, (int)worker, item);
    }
}

void oct_threads_run(struct oct_threads *threads, void (*task)(void *user, int worker, int item),
                     void *user, int items)
{
    if (!threads || items <= 1) {
        for (int item = 0; item < items; item++)
            task(user, 0, item);
        return;
    }
    struct job job = {.task = task, .user = user, .items = items};
    atomic_init(&job.next, 0);
    pthreadpool_parallelize_1d((pthreadpool_t)threads, take_items, &job,
                               (size_t)oct_threads_count(threads), 0);
}
