/* SPDX-License-Identifier: Apache-2.0 */
/* One ZeroMQ socket that answers requests (ROUTER), by libzmq, which is opened at run time. */
#ifndef TOOLS_ZEROMQ_H
#define TOOLS_ZEROMQ_H

#include <stdint.h>

#include "app/app.h"

/* Opaque. It is used by one thread. */
struct zeromq;

/* Largest part of a message that is taken in; a peer that sends more is cut off. */
#define ZEROMQ_PART_BYTES_MAX ((int64_t)512 * 1024 * 1024)
#define ZEROMQ_IDENTITY_BYTES 256

struct zeromq_bytes {
    const void *bytes;
    size_t size;
};

/* Of whom a request came, and how its reply must be wrapped. */
struct zeromq_peer {
    uint8_t identity[ZEROMQ_IDENTITY_BYTES];
    size_t size;
    bool has_delimiter; /* an empty part stands before what is said, as REQ sockets have it */
};

/* Parts of a request; their bytes are the socket's until the next one is received. */
struct zeromq_request {
    struct zeromq_peer peer;
    struct zeromq_bytes part[2]; /* zeroed where they did not come */
    size_t count;                /* all parts that came, those that were left out too */
};

enum zeromq_sent { ZEROMQ_SENT, ZEROMQ_GONE, ZEROMQ_FAILED };

/* Opens libzmq and makes the socket. Where it is missing one line names the package. */
int zeromq_open(struct app *app, struct zeromq **zeromq);

/* Binds; `*bound` is the address as it came out, the caller's to free. A failure is reported. */
int zeromq_bind(struct zeromq *zeromq, const char *address, char **bound);

/* Waits at most `milliseconds` for a request. */
bool zeromq_wait(struct zeromq *zeromq, int milliseconds);

/* Takes the next request, of the clients in turn; false: there is none. */
bool zeromq_receive(struct zeromq *zeromq, struct zeromq_request *request);

/* Never waits. ZEROMQ_GONE: the client is no longer there, or takes nothing. */
enum zeromq_sent zeromq_send(struct zeromq *zeromq, const struct zeromq_peer *peer,
                             const struct zeromq_bytes *parts, size_t count);

/* Closes the socket; what was sent has a tenth of a second to get away. Accepts a pointer to
 * NULL. */
void zeromq_close(struct zeromq **zeromq);

#endif
