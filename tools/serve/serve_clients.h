/* SPDX-License-Identifier: Apache-2.0 */
/* Who asked lately: a client is one connection, and a socket that was reset is a new one. */
#ifndef TOOLS_SERVE_CLIENTS_H
#define TOOLS_SERVE_CLIENTS_H

#include "serve/zeromq.h"

#define SERVE_CLIENTS_MAX 64 /* beyond, the one silent longest is forgotten */

struct serve_client {
    uint8_t identity[ZEROMQ_IDENTITY_BYTES];
    size_t size;
    uint64_t number; /* the order in which they came, from 1; 0: a free place */
    uint64_t used;
    int model; /* see served_models_find() */
};

struct serve_clients {
    struct serve_client client[SERVE_CLIENTS_MAX];
    uint64_t came, clock;
};

/* The client that this is; a new one has MODEL. */
struct serve_client *serve_clients_find(struct serve_clients *clients,
                                        const struct zeromq_peer *peer);

#endif
