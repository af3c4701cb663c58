/* SPDX-License-Identifier: Apache-2.0 */
/* A place in the file system where a Unix domain socket listens. */
#ifndef TOOLS_SOCKET_PLACE_H
#define TOOLS_SOCKET_PLACE_H

#include <sys/types.h>

#include "app/app.h"

struct socket_place {
    const char *path; /* it must outlive the struct */
    int listener;
    dev_t device;
    ino_t number;
};

/* Listens, for the user alone (mode 0600) and without waiting. The socket of a program that has
 * died is replaced; where another one listens, and where something is that is no socket, that is
 * reported and left as it is. */
int socket_place_open(struct app *app, const char *path, struct socket_place *place);

/* Closes the listener, and removes the socket if it still is this one. */
void socket_place_close(struct socket_place *place);

#endif
