/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads whole blocks over a pipe, whatever the system does at once. */
#include "draw/pipe.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

bool pipe_write(int descriptor, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(descriptor, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        size -= (size_t)written;
    }
    return true;
}

/* Whether something came, or the end; a signal starts the wait anew. */
static bool wait_for(int descriptor, int patience_ms)
{
    struct pollfd wait = {.fd = descriptor, .events = POLLIN};
    int ready;
    do
        ready = poll(&wait, 1, patience_ms);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

bool pipe_read_soon(int descriptor, void *bytes, size_t size, int patience_ms)
{
    char *at = bytes;
    while (size > 0) {
        if (!wait_for(descriptor, patience_ms))
            return false;
        ssize_t got = read(descriptor, at, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

bool pipe_read(int descriptor, void *bytes, size_t size)
{
    return pipe_read_soon(descriptor, bytes, size, -1);
}
