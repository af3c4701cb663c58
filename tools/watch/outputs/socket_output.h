/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for whoever connects to a Unix domain socket, each client from when it came. A client that
 * reads slowly loses the oldest lines that wait for it, and nobody else does; what a client sends
 * is thrown away.
 */
#ifndef TOOLS_SOCKET_OUTPUT_H
#define TOOLS_SOCKET_OUTPUT_H

#include "watch/outputs/output_state.h"

#define SOCKET_CLIENTS_MAX 64 /* of more, each is closed at once */

/* Opaque. Any thread may call all but opening and closing. */
struct socket_output;

/* Listens at the path, see socket_place_open(). */
int socket_output_open(struct app *app, const char *path, struct socket_output **output);

/* Takes a copy of the line, without its end, for all clients. Never waits. */
void socket_output_write(struct socket_output *output, const char *line, size_t length);

/* Clients that are connected now. */
size_t socket_output_clients(struct socket_output *output);

/* Lines times clients; `failed` are lines that broke off because their client went away. */
struct output_counts socket_output_counts(struct socket_output *output);

/* What is wrong now, the caller's to free; NULL: nothing. */
char *socket_output_problem(struct socket_output *output);

/* Gives clients a tenth of a second for what waits, closes them and removes the socket. `counts`,
 * unless NULL, are the last ones. Accepts a pointer to NULL. */
void socket_output_close(struct socket_output **output, struct output_counts *counts);

#endif
