/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of counted messages, locked for no longer than it takes to move a pointer. */
#include "watch/outputs/message_ring.h"

#include <stdlib.h>
#include <string.h>

void message_ring_open(struct message_ring *ring, size_t slots, size_t bytes_most)
{
    *ring = (struct message_ring){.slots = slots, .bytes_most = bytes_most};
    ring->slot = app_alloc(slots, sizeof(struct message *));
    pthread_mutex_init(&ring->mutex, NULL);
}

/* Of a locked ring, or of one that nobody else has any more. */
static struct message *remove_oldest(struct message_ring *ring)
{
    struct message **slot = &ring->slot[ring->first++ % ring->slots], *message = *slot;
    ring->bytes -= message->size;
    *slot = NULL;
    return message;
}

void message_ring_close(struct message_ring *ring)
{
    while (ring->first < ring->end)
        message_release(remove_oldest(ring));
    free(ring->slot);
    pthread_mutex_destroy(&ring->mutex);
}

static bool is_full_for(const struct message_ring *ring, size_t size)
{
    return ring->end - ring->first == ring->slots || ring->bytes > ring->bytes_most - size;
}

size_t message_ring_push(struct message_ring *ring, const void *head, size_t head_size,
                         const void *tail, size_t tail_size)
{
    const size_t size = head_size + tail_size;
    size_t lost = 0;
    if (size > ring->bytes_most)
        return 1;
    struct message *message = app_alloc(1, sizeof *message + size);
    atomic_init(&message->references, 1);
    message->size = size;
    memcpy(message->bytes, head, head_size);
    memcpy(message->bytes + head_size, tail, tail_size);
    pthread_mutex_lock(&ring->mutex);
    for (; is_full_for(ring, size); lost++)
        message_release(remove_oldest(ring));
    ring->slot[ring->end++ % ring->slots] = message;
    ring->bytes += size;
    pthread_mutex_unlock(&ring->mutex);
    return lost;
}

struct message *message_ring_take(struct message_ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    struct message *message = ring->first < ring->end ? remove_oldest(ring) : NULL;
    pthread_mutex_unlock(&ring->mutex);
    return message;
}

uint64_t message_ring_end(struct message_ring *ring)
{
    pthread_mutex_lock(&ring->mutex);
    const uint64_t end = ring->end;
    pthread_mutex_unlock(&ring->mutex);
    return end;
}

struct message *message_ring_next(struct message_ring *ring, uint64_t *number, uint64_t *lost)
{
    struct message *message = NULL;
    pthread_mutex_lock(&ring->mutex);
    if (*number < ring->first) {
        *lost += ring->first - *number;
        *number = ring->first;
    }
    if (*number < ring->end) {
        message = ring->slot[(*number)++ % ring->slots];
        atomic_fetch_add(&message->references, 1);
    }
    pthread_mutex_unlock(&ring->mutex);
    return message;
}

void message_release(struct message *message)
{
    if (message && atomic_fetch_sub(&message->references, 1) == 1)
        free(message);
}
