/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers clients by the identities that ZeroMQ gives their connections. */
#include "serve/serve_clients.h"

#include <string.h>

struct serve_client *serve_clients_find(struct serve_clients *clients,
                                        const struct zeromq_peer *peer)
{
    struct serve_client *oldest = &clients->client[0];
    clients->clock++;
    for (int i = 0; i < SERVE_CLIENTS_MAX; i++) {
        struct serve_client *client = &clients->client[i];
        if (client->number && client->size == peer->size &&
            memcmp(client->identity, peer->identity, peer->size) == 0) {
            client->used = clients->clock;
            return client;
        }
        if (client->used < oldest->used)
            oldest = client;
    }
    *oldest = (struct serve_client){
        .size = peer->size, .number = ++clients->came, .used = clients->clock};
    memcpy(oldest->identity, peer->identity, peer->size);
    return oldest;
}
