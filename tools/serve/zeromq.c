/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens libzmq with the first server: it brings libstdc++ and a dozen other libraries along, which
 * no other verb needs, and may be missing.
 */
#include "serve/zeromq.h"

#include <stdlib.h>

#ifdef OCTET_HAS_ZEROMQ

#include <errno.h>
#include <string.h>

#include <zmq.h>

#include "app/open_library.h"

#define ZEROMQ_LIBRARY "libzmq.so.5"
#define LINGER_MS 100
#define WAITING_MAX 4 /* messages of one client that wait on either side */
#define HEARTBEAT_MS 5000
#define SILENCE_MS 15000 /* a client that is silent for so long is given up */
#define ADDRESS_BYTES 512
#define HELD_MAX 4 /* parts that are looked at: identity, delimiter, header, body */

#define FUNCTIONS(DO)                                                                              \
    DO(zmq_ctx_new)                                                                                \
    DO(zmq_ctx_term)                                                                               \
    DO(zmq_socket)                                                                                 \
    DO(zmq_close)                                                                                  \
    DO(zmq_setsockopt)                                                                             \
    DO(zmq_getsockopt)                                                                             \
    DO(zmq_bind)                                                                                   \
    DO(zmq_poll)                                                                                   \
    DO(zmq_msg_init)                                                                               \
    DO(zmq_msg_recv)                                                                               \
    DO(zmq_msg_close)                                                                              \
    DO(zmq_msg_data)                                                                               \
    DO(zmq_msg_size)                                                                               \
    DO(zmq_msg_more)                                                                               \
    DO(zmq_send)                                                                                   \
    DO(zmq_errno)                                                                                  \
    DO(zmq_strerror)

struct functions {
    FUNCTIONS(LIBRARY_DECLARE)
};

static const char *const function_names[] = {FUNCTIONS(LIBRARY_NAME)};

struct zeromq {
    struct app *app;
    struct functions call;
    void *context, *socket;
    zmq_msg_t held[HELD_MAX]; /* the parts of the last request */
    size_t held_count;
};

static bool find_functions(struct functions *call)
{
    return library_open(ZEROMQ_LIBRARY, function_names,
                        sizeof function_names / sizeof *function_names, call);
}

static int fail(struct zeromq *zeromq, const char *what)
{
    const struct functions *call = &zeromq->call;
    return app_fail(zeromq->app, "%s: %s", what, call->zmq_strerror(call->zmq_errno()));
}

static bool set_integer(struct zeromq *zeromq, int option, int value)
{
    return zeromq->call.zmq_setsockopt(zeromq->socket, option, &value, sizeof value) == 0;
}

static bool set_options(struct zeromq *zeromq)
{
    const int64_t most = ZEROMQ_PART_BYTES_MAX;
    return zeromq->call.zmq_setsockopt(zeromq->socket, ZMQ_MAXMSGSIZE, &most, sizeof most) == 0 &&
           set_integer(zeromq, ZMQ_LINGER, LINGER_MS) &&
           set_integer(zeromq, ZMQ_RCVHWM, WAITING_MAX) &&
           set_integer(zeromq, ZMQ_SNDHWM, WAITING_MAX) &&
           set_integer(zeromq, ZMQ_ROUTER_MANDATORY, 1) && /* tells of clients that are gone */
           set_integer(zeromq, ZMQ_ROUTER_HANDOVER, 1) &&
           set_integer(zeromq, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) &&
           set_integer(zeromq, ZMQ_HEARTBEAT_TIMEOUT, SILENCE_MS);
}

int zeromq_open(struct app *app, struct zeromq **zeromq)
{
    struct zeromq *opened = *zeromq = app_alloc(1, sizeof *opened);
    opened->app = app;
    if (!find_functions(&opened->call)) {
        free(opened);
        *zeromq = NULL;
        return app_fail(app,
                        "%s cannot be opened, and octet serve speaks by it: install ZeroMQ "
                        "(the package libzmq5)",
                        ZEROMQ_LIBRARY);
    }
    opened->context = opened->call.zmq_ctx_new();
    if (opened->context)
        opened->socket = opened->call.zmq_socket(opened->context, ZMQ_ROUTER);
    if (opened->socket && set_options(opened))
        return STATUS_DONE;
    const int status = fail(opened, "a socket of ZeroMQ");
    zeromq_close(zeromq);
    return status;
}

int zeromq_bind(struct zeromq *zeromq, const char *address, char **bound)
{
    const struct functions *call = &zeromq->call;
    char text[ADDRESS_BYTES] = "";
    size_t size = sizeof text - 1;
    if (strchr(address, '['))
        set_integer(zeromq, ZMQ_IPV6, 1);
    if (call->zmq_bind(zeromq->socket, address) != 0) {
        const int why = call->zmq_errno();
        return app_fail(zeromq->app, "%s: %s", address,
                        why == EADDRINUSE ? "in use already: another server is there, or another "
                                            "program"
                        : why == ENODEV || why == EADDRNOTAVAIL ? "this machine has no such address"
                                                                : call->zmq_strerror(why));
    }
    const bool told =
        call->zmq_getsockopt(zeromq->socket, ZMQ_LAST_ENDPOINT, text, &size) == 0 && text[0];
    *bound = app_strdup(told ? text : address);
    return STATUS_DONE;
}

bool zeromq_wait(struct zeromq *zeromq, int milliseconds)
{
    zmq_pollitem_t item = {.socket = zeromq->socket, .events = ZMQ_POLLIN};
    return zeromq->call.zmq_poll(&item, 1, milliseconds) > 0;
}

static void drop_held(struct zeromq *zeromq)
{
    while (zeromq->held_count)
        zeromq->call.zmq_msg_close(&zeromq->held[--zeromq->held_count]);
}

/* All parts, of which the first ones are held. Returns how many came, 0: none. */
static size_t receive_parts(struct zeromq *zeromq)
{
    const struct functions *call = &zeromq->call;
    size_t count = 0;
    bool more = true;
    drop_held(zeromq);
    while (more) {
        zmq_msg_t left_out;
        const bool is_held = count < HELD_MAX;
        zmq_msg_t *part = is_held ? &zeromq->held[count] : &left_out;
        call->zmq_msg_init(part);
        if (call->zmq_msg_recv(part, zeromq->socket, ZMQ_DONTWAIT) < 0) {
            call->zmq_msg_close(part);
            return 0;
        }
        more = call->zmq_msg_more(part);
        count++;
        if (is_held)
            zeromq->held_count++;
        else
            call->zmq_msg_close(part);
    }
    return count;
}

static struct zeromq_bytes bytes_of(struct zeromq *zeromq, size_t part)
{
    zmq_msg_t *held = &zeromq->held[part];
    return (struct zeromq_bytes){zeromq->call.zmq_msg_data(held), zeromq->call.zmq_msg_size(held)};
}

bool zeromq_receive(struct zeromq *zeromq, struct zeromq_request *request)
{
    const size_t count = receive_parts(zeromq);
    if (!count)
        return false;
    *request = (struct zeromq_request){0};
    const struct zeromq_bytes identity = bytes_of(zeromq, 0);
    struct zeromq_peer *peer = &request->peer;
    peer->size = identity.size < sizeof peer->identity ? identity.size : sizeof peer->identity;
    if (peer->size)
        memcpy(peer->identity, identity.bytes, peer->size);
    peer->has_delimiter = count > 1 && bytes_of(zeromq, 1).size == 0;
    const size_t first = peer->has_delimiter ? 2 : 1;
    request->count = count - first;
    for (size_t i = 0; i < 2 && first + i < zeromq->held_count; i++)
        request->part[i] = bytes_of(zeromq, first + i);
    return true;
}

enum zeromq_sent zeromq_send(struct zeromq *zeromq, const struct zeromq_peer *peer,
                             const struct zeromq_bytes *parts, size_t count)
{
    const struct functions *call = &zeromq->call;
    void *socket = zeromq->socket;
    const int more = ZMQ_SNDMORE | ZMQ_DONTWAIT;
    if (call->zmq_send(socket, peer->identity, peer->size, more) < 0) {
        const int why = call->zmq_errno();
        return why == EHOSTUNREACH || why == EAGAIN ? ZEROMQ_GONE : ZEROMQ_FAILED;
    }
    bool sent = !peer->has_delimiter || call->zmq_send(socket, "", 0, more) == 0;
    for (size_t i = 0; i < count && sent; i++)
        sent = call->zmq_send(socket, parts[i].bytes, parts[i].size,
                              i + 1 < count ? more : ZMQ_DONTWAIT) >= 0;
    return sent ? ZEROMQ_SENT : ZEROMQ_FAILED;
}

void zeromq_close(struct zeromq **zeromq)
{
    struct zeromq *closed = *zeromq;
    if (!closed)
        return;
    if (closed->socket) {
        drop_held(closed);
        closed->call.zmq_close(closed->socket);
    }
    if (closed->context)
        closed->call.zmq_ctx_term(closed->context);
    free(closed);
    *zeromq = NULL;
}

#else

int zeromq_open(struct app *app, struct zeromq **zeromq)
{
    *zeromq = NULL;
    return app_fail(app, "this octet was built without ZeroMQ, which octet serve speaks by: "
                         "install libzmq3-dev and build it again");
}

int zeromq_bind(struct zeromq *zeromq, const char *address, char **bound)
{
    (void)zeromq, (void)address;
    *bound = NULL;
    return STATUS_FAILED;
}

bool zeromq_wait(struct zeromq *zeromq, int milliseconds)
{
    (void)zeromq, (void)milliseconds;
    return false;
}

bool zeromq_receive(struct zeromq *zeromq, struct zeromq_request *request)
{
    (void)zeromq, (void)request;
    return false;
}

enum zeromq_sent zeromq_send(struct zeromq *zeromq, const struct zeromq_peer *peer,
                             const struct zeromq_bytes *parts, size_t count)
{
    (void)zeromq, (void)peer, (void)parts, (void)count;
    return ZEROMQ_FAILED;
}

void zeromq_close(struct zeromq **zeromq)
{
    *zeromq = NULL;
}

#endif
