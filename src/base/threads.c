/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fork-join pool whose run ends when its items are done, not when every worker has looked in: on
 * a busy machine a worker that is not scheduled costs nothing, the others take its items.
 * (pthreadpool waits for every worker in each of a network's 70 layers; docs/dependencies.md has
 * the figures.)
 *
 * All of a run's state is one word, the ticket: generation, number of items, next item. A worker
 * claims an item by adding one to it; a claim can only succeed for the run that is published, and
 * the next run is published only after every claimed item was finished, so what the worker then
 * reads of the job belongs to its item.
 */
#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/cores.h"
#include "base/memory.h"

#define THREADS_MAX 1024
#define ITEMS_MAX 0xfffffu
/* Some 0.1 ms: longer than a thin layer, shorter than a wait for a picture. */
#define SPINS_BEFORE_SLEEP 4000
#define SPINS_BEFORE_YIELD 1000

struct worker {
    struct oct_threads *pool;
    pthread_t thread;
    int number; /* 1 to count - 1; the caller is worker 0 */
};

struct oct_threads {
    octet_context ctx; /* allocator of this */
    int count, started;
    void (*task)(void *user, int worker, int item);
    void *user;
    _Alignas(64) _Atomic uint64_t ticket; /* generation << 40 | items << 20 | next item */
    _Alignas(64) atomic_int unfinished;
    _Alignas(64) atomic_int sleeping;
    atomic_bool stopping, resting;
    pthread_mutex_t mutex; /* guards falling asleep and waking */
    pthread_cond_t wake;
    struct worker workers[];
};

static inline void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static uint32_t next_of(uint64_t ticket)
{
    return (uint32_t)ticket & ITEMS_MAX;
}

static uint32_t items_of(uint64_t ticket)
{
    return (uint32_t)(ticket >> 20) & ITEMS_MAX;
}

/* Takes items of the published run until none is left. */
static void work(struct oct_threads *pool, int worker)
{
    uint64_t ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    while (next_of(ticket) < items_of(ticket)) {
        if (!atomic_compare_exchange_weak_explicit(&pool->ticket, &ticket, ticket + 1,
                                                   memory_order_acq_rel, memory_order_acquire))
            continue;
        pool->task(pool->user, worker, (int)next_of(ticket));
        atomic_fetch_sub_explicit(&pool->unfinished, 1, memory_order_release);
        ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    }
}

static bool has_work(struct oct_threads *pool)
{
    const uint64_t ticket = atomic_load(&pool->ticket);
    return next_of(ticket) < items_of(ticket) || atomic_load(&pool->stopping);
}

static bool is_resting(struct oct_threads *pool)
{
    return atomic_load_explicit(&pool->resting, memory_order_relaxed);
}

static void *worker_main(void *argument)
{
    const struct worker *self = argument;
    struct oct_threads *pool = self->pool;
    while (!atomic_load(&pool->stopping)) {
        for (int spin = 0; spin < SPINS_BEFORE_SLEEP && !has_work(pool) && !is_resting(pool);
             spin++)
            pause_briefly();
        if (!has_work(pool)) {
            pthread_mutex_lock(&pool->mutex);
            atomic_fetch_add(&pool->sleeping, 1);
            while (!has_work(pool))
                pthread_cond_wait(&pool->wake, &pool->mutex);
            atomic_fetch_sub(&pool->sleeping, 1);
            pthread_mutex_unlock(&pool->mutex);
        }
        work(pool, self->number);
    }
    return NULL;
}

/* A sleeper counts itself before it looks for work a last time, so that either it sees what was
 * just published or the publisher sees it. */
static void wake_sleepers(struct oct_threads *pool)
{
    if (atomic_load(&pool->sleeping) == 0)
        return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

octet_status oct_threads_check(octet_context *ctx, int count)
{
    if (count < 0 || count > THREADS_MAX)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "%d threads: must be 0 to %d", count,
                        THREADS_MAX);
    return OCTET_OK;
}

octet_status oct_threads_create(octet_context *ctx, int count, struct oct_threads **threads)
{
    *threads = NULL;
    const octet_status status = oct_threads_check(ctx, count);
    if (status)
        return status;
    if (count == 0) {
        const int fitting = oct_cores_default_threads();
        count = fitting < THREADS_MAX ? fitting : THREADS_MAX;
    }
    if (count == 1)
        return OCTET_OK;
    const size_t extra = (size_t)count * sizeof(struct worker);
    struct oct_threads *pool = oct_calloc(ctx, 1, sizeof *pool + extra);
    if (!pool)
        return oct_fail_memory(ctx, "threads");
    oct_context_inherit(&pool->ctx, ctx);
    pool->count = count;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    for (int i = 1; i < count; i++) {
        struct worker *worker = &pool->workers[i];
        *worker = (struct worker){.pool = pool, .number = i};
        if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) {
            oct_threads_destroy(&pool);
            return oct_fail(ctx, OCTET_OUT_OF_MEMORY, "the system gave only %d of %d threads", i,
                            count);
        }
        pool->started = i;
    }
    *threads = pool;
    return OCTET_OK;
}

int oct_threads_count(const struct oct_threads *threads)
{
    return threads ? threads->count : 1;
}

void oct_threads_destroy(struct oct_threads **threads)
{
    struct oct_threads *pool = *threads;
    *threads = NULL;
    if (!pool)
        return;
    atomic_store(&pool->stopping, true);
    wake_sleepers(pool);
    for (int i = 1; i <= pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    octet_context last = pool->ctx;
    oct_free(&last, pool);
}

static void run_some(struct oct_threads *pool, int items)
{
    const uint64_t generation = (atomic_load(&pool->ticket) >> 40) + 1;
    atomic_store_explicit(&pool->resting, false, memory_order_relaxed);
    atomic_store(&pool->unfinished, items);
    atomic_store(&pool->ticket, generation << 40 | (uint64_t)items << 20);
    wake_sleepers(pool);
    work(pool, 0);
    for (int spin = 0; atomic_load_explicit(&pool->unfinished, memory_order_acquire) > 0; spin++) {
        pause_briefly();
        if (spin >= SPINS_BEFORE_YIELD)
            sched_yield();
    }
}

void oct_threads_run(struct oct_threads *threads, void (*task)(void *user, int worker, int item),
                     void *user, int items)
{
    if (!threads || items <= 1 || items > (int)ITEMS_MAX) {
        for (int item = 0; item < items; item++)
            task(user, 0, item);
        return;
    }
    threads->task = task;
    threads->user = user;
    run_some(threads, items);
}

void oct_threads_rest(struct oct_threads *threads)
{
    if (threads)
        atomic_store_explicit(&threads->resting, true, memory_order_relaxed);
}
