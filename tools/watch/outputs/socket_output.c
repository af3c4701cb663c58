/* SPDX-License-Identifier: Apache-2.0 */
/* One thread with poll(): takes clients in, and sends each what it takes. */
#include "watch/outputs/socket_output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "watch/outputs/message_ring.h"
#include "watch/outputs/output_thread.h"
#include "watch/outputs/socket_place.h"

#define LINES_MAX 1024
#define BYTES_MAX ((size_t)2 * 1024 * 1024)
#define INPUT_BYTES 4096
#define END_MS 100
#define HANG_MS 300
#define PAUSE_MS 200 /* where no more descriptors are to be had */
#define AT_ONCE 64   /* lines of a client before the next one has its turn */

struct client {
    int descriptor;
    bool is_silent;          /* it closed its side for writing: nothing more is read */
    bool is_full;            /* it takes nothing more now */
    uint64_t number;         /* of its next line in the ring */
    struct message *current; /* the line that it got a part of, or NULL */
    size_t sent;             /* bytes of that */
};

struct socket_output {
    char *path;
    struct socket_place place;
    struct message_ring ring;
    struct output_thread thread;
    struct output_state state;
    struct client client[SOCKET_CLIENTS_MAX];
    atomic_size_t count;
    bool cannot_accept;
};

static void close_client(struct socket_output *output, struct client *client)
{
    if (client->current) {
        atomic_fetch_add(&output->state.failed, 1);
        message_release(client->current);
    }
    close(client->descriptor);
    const size_t count = atomic_load(&output->count) - 1;
    *client = output->client[count];
    atomic_store(&output->count, count);
}

static void accept_clients(struct socket_output *output)
{
    for (;;) {
        const int descriptor =
            accept4(output->place.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        output->cannot_accept = descriptor < 0 && errno != EAGAIN && errno != ECONNABORTED;
        if (output->cannot_accept)
            output_state_problem(&output->state, "%s: no client can be let in: %s", output->path,
                                 strerror(errno));
        if (descriptor < 0)
            return;
        const size_t count = atomic_load(&output->count);
        if (count == SOCKET_CLIENTS_MAX) {
            output_state_problem(&output->state, "%s: %d clients are there, more are turned away",
                                 output->path, SOCKET_CLIENTS_MAX);
            close(descriptor);
            continue;
        }
        output->client[count] =
            (struct client){.descriptor = descriptor, .number = message_ring_end(&output->ring)};
        atomic_store(&output->count, count + 1);
        output_state_recovered(&output->state, "%s: clients are let in again", output->path);
    }
}

/* The rest of the line that it is at. False: the client is gone. */
static bool send_current(struct socket_output *output, struct client *client)
{
    struct message *line = client->current;
    const ssize_t sent = send(client->descriptor, line->bytes + client->sent,
                              line->size - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
        client->is_full = errno == EAGAIN || errno == ENOBUFS;
        return client->is_full || errno == EINTR;
    }
    client->sent += (size_t)sent;
    if (client->sent == line->size) {
        atomic_fetch_add(&output->state.written, 1);
        message_release(line);
        client->current = NULL;
    }
    return true;
}

/* What it takes without waiting. False: the client is gone. */
static bool serve_client(struct socket_output *output, struct client *client)
{
    for (int i = 0; i < AT_ONCE && !client->is_full; i++) {
        uint64_t lost = 0;
        if (!client->current) {
            client->current = message_ring_next(&output->ring, &client->number, &lost);
            client->sent = 0;
            atomic_fetch_add(&output->state.dropped, lost);
        }
        if (!client->current)
            return true;
        if (!send_current(output, client))
            return false;
    }
    return true;
}

/* Reads what a client says into nowhere. False: the client is gone. */
static bool hear_client(struct client *client, short events)
{
    char nowhere[INPUT_BYTES];
    if (events & (POLLERR | POLLHUP | POLLNVAL))
        return false;
    if (!(events & POLLIN))
        return true;
    const ssize_t got = recv(client->descriptor, nowhere, sizeof nowhere, MSG_DONTWAIT);
    if (got == 0)
        client->is_silent = true; /* it may read on */
    return got >= 0 || errno == EAGAIN || errno == EINTR;
}

/* Whether lines wait that the client could take: it had its turn. */
static bool has_more(struct socket_output *output, const struct client *client)
{
    return !client->is_full &&
           (client->current || client->number < message_ring_end(&output->ring));
}

/* Waits for clients and lines, `milliseconds` at most. */
static void wait_and_hear(struct socket_output *output, int milliseconds)
{
    struct pollfd waited[SOCKET_CLIENTS_MAX + 2];
    const size_t count = atomic_load(&output->count);
    for (size_t i = 0; i < count; i++) {
        const struct client *client = &output->client[i];
        waited[i] = (struct pollfd){
            .fd = client->descriptor,
            .events = (short)((client->is_silent ? 0 : POLLIN) | (client->is_full ? POLLOUT : 0))};
        milliseconds = has_more(output, client) ? 0 : milliseconds;
    }
    waited[count] = (struct pollfd){.fd = output->thread.wake, .events = POLLIN};
    waited[count + 1] = (struct pollfd){.fd = output->cannot_accept ? -1 : output->place.listener,
                                        .events = POLLIN};
    if (poll(waited, count + 2,
             output->cannot_accept && milliseconds < 0 ? PAUSE_MS : milliseconds) < 0)
        return;
    output_thread_awake(&output->thread);
    for (size_t i = count;
         i-- > 0;) { /* downwards: the last one takes the place of one that goes */
        struct client *client = &output->client[i];
        if (waited[i].revents & POLLOUT)
            client->is_full = false;
        if (!hear_client(client, waited[i].revents))
            close_client(output, client);
    }
    if (output->cannot_accept || waited[count + 1].revents)
        accept_clients(output);
}

/* Returns whether lines wait for somebody. */
static bool serve_clients(struct socket_output *output)
{
    bool waits = false;
    for (size_t i = atomic_load(&output->count); i-- > 0;) {
        struct client *client = &output->client[i];
        if (!serve_client(output, client))
            close_client(output, client);
        else
            waits = waits || client->current || has_more(output, client);
    }
    return waits;
}

static void run_output(void *user)
{
    struct socket_output *output = user;
    while (!atomic_load(&output->thread.ending)) {
        wait_and_hear(output, -1);
        serve_clients(output);
    }
    const double until_ms = app_now_ms() + END_MS;
    while (serve_clients(output) && app_now_ms() < until_ms)
        wait_and_hear(output, END_MS / 10);
    const uint64_t end = message_ring_end(&output->ring);
    while (atomic_load(&output->count)) {
        atomic_fetch_add(&output->state.dropped, end - output->client[0].number);
        close_client(output, &output->client[0]);
    }
}

static void free_output(struct socket_output *output)
{
    socket_place_close(&output->place);
    message_ring_close(&output->ring);
    output_state_close(&output->state);
    free(output->path);
    free(output);
}

int socket_output_open(struct app *app, const char *path, struct socket_output **output)
{
    struct socket_output *opened = app_alloc(1, sizeof *opened);
    *output = NULL;
    opened->path = app_strdup(path);
    message_ring_open(&opened->ring, LINES_MAX, BYTES_MAX);
    output_state_open(&opened->state, app);
    int status = socket_place_open(app, opened->path, &opened->place);
    if (status == STATUS_DONE)
        status = output_thread_start(&opened->thread, app, run_output, opened);
    if (status == STATUS_DONE)
        *output = opened;
    else
        free_output(opened);
    return status;
}

void socket_output_write(struct socket_output *output, const char *line, size_t length)
{
    const size_t count = atomic_load(&output->count);
    if (!count)
        return;
    /* What is pushed out is counted by the clients that did not come so far. */
    if (message_ring_push(&output->ring, line, length, "\n", 1) && length >= BYTES_MAX)
        atomic_fetch_add(&output->state.dropped, count);
    output_thread_wake(&output->thread);
}

size_t socket_output_clients(struct socket_output *output)
{
    return atomic_load(&output->count);
}

struct output_counts socket_output_counts(struct socket_output *output)
{
    return output_state_counts(&output->state);
}

char *socket_output_problem(struct socket_output *output)
{
    return output_state_problem_text(&output->state);
}

void socket_output_close(struct socket_output **output, struct output_counts *counts)
{
    struct socket_output *closed = *output;
    *output = NULL;
    if (!closed)
        return;
    const bool ended = output_thread_end(&closed->thread, HANG_MS);
    if (counts)
        *counts = output_state_counts(&closed->state);
    if (ended)
        free_output(closed);
}
