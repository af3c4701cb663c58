/* SPDX-License-Identifier: Apache-2.0 */
/* A lock between threads, for what several handles change. */
#ifndef OCTET_BASE_LOCK_H
#define OCTET_BASE_LOCK_H

#include <pthread.h>
#include <stdbool.h>

struct oct_lock {
    pthread_mutex_t mutex;
};

/* False when the system has none left. */
static inline bool oct_lock_make(struct oct_lock *lock)
{
    return pthread_mutex_init(&lock->mutex, NULL) == 0;
}

static inline void oct_lock_end(struct oct_lock *lock)
{
    pthread_mutex_destroy(&lock->mutex);
}

static inline void oct_lock_take(struct oct_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
}

static inline void oct_lock_leave(struct oct_lock *lock)
{
    pthread_mutex_unlock(&lock->mutex);
}

#endif
