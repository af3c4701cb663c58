/* SPDX-License-Identifier: Apache-2.0 */
/* Where a server listens: tcp://ADDRESS:PORT or ipc://PATH. */
#ifndef TOOLS_SERVE_ADDRESS_H
#define TOOLS_SERVE_ADDRESS_H

#include "app/app.h"

/* Puts the address into ZeroMQ's words: tcp://:5555 and tcp://localhost:5555 are loopback. Wrong
 * ones are wrong usage, one line. The caller frees `*address`. */
int serve_address_parse(struct app *app, const char *text, char **address);

/* Whether others than this machine may reach it. */
bool serve_address_is_open(const char *address);

/* For ipc://: ZeroMQ would remove what stands at the path, whatever that is. A file that is no
 * socket, and a socket that somebody listens at, are refused. */
int serve_address_check(struct app *app, const char *address);

/* Removes an ipc:// address' socket, once nobody listens at it. */
void serve_address_remove(const char *address);

#endif
