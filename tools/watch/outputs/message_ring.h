/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that wait to be written, so many and no more: what is new pushes out what is oldest. */
#ifndef TOOLS_MESSAGE_RING_H
#define TOOLS_MESSAGE_RING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "app/app.h"

struct message {
    atomic_uint references;
    size_t size;
    char bytes[];
};

/* Any thread may push. It is read in one of two ways: one reader takes messages out, or several go
 * along by numbers of their own and leave them in. */
struct message_ring {
    pthread_mutex_t mutex;
    struct message **slot;
    size_t slots;
    size_t bytes, bytes_most;
    uint64_t first, end; /* numbers of the oldest message, and of the one that comes next */
};

/* Holds at most `slots` messages of at most `bytes_most` bytes together. */
void message_ring_open(struct message_ring *ring, size_t slots, size_t bytes_most);
void message_ring_close(struct message_ring *ring);

/* Copies a message of two parts into the ring and returns how many were lost by that: older ones
 * that are pushed out, or itself, where it is larger than the ring. Never waits. */
size_t message_ring_push(struct message_ring *ring, const void *head, size_t head_size,
                         const void *tail, size_t tail_size);

/* Takes the oldest message out, NULL: there is none. */
struct message *message_ring_take(struct message_ring *ring);

/* The number of the message that comes next, where a new reader begins. */
uint64_t message_ring_end(struct message_ring *ring);

/* The message of a reader's number, which goes up by one; where it was pushed out, the oldest, and
 * `*lost` grows by what the reader did not get. NULL: there is none yet. */
struct message *message_ring_next(struct message_ring *ring, uint64_t *number, uint64_t *lost);

/* Gives a message back that was taken or read. Accepts NULL. */
void message_release(struct message *message);

#endif
