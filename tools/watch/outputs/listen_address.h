/* SPDX-License-Identifier: Apache-2.0 */
/* HOST:PORT, and sockets that listen at such an address. */
#ifndef TOOLS_LISTEN_ADDRESS_H
#define TOOLS_LISTEN_ADDRESS_H

#include "app/app.h"

/* Reads HOST[:PORT] of so many bytes; the host may be [IPV6]. Without a port `*port` stays as it
 * is. `*host` is the caller's to free. False, and nothing is made: it is none. */
bool host_port_parse(const char *text, size_t length, char **host, int *port);

struct listen_address {
    char *host; /* 127.0.0.1 where none is given */
    int port;   /* 0: any that is free */
};

/* Reads [HOST:]PORT; wrong ones are wrong usage, one line that begins with `option`. */
int listen_address_parse(struct app *app, const char *option, const char *text,
                         struct listen_address *address);
void listen_address_free(struct listen_address *address);

/* Listens at the address, without waiting. `*shown` is where it came out ("127.0.0.1:9100"), the
 * caller's to free; `*is_open`: others than this machine may reach it. A failure is reported. */
int listen_address_listen(struct app *app, const struct listen_address *address, int *listener,
                          char **shown, bool *is_open);

#endif
