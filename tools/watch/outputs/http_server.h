/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP server for what the program tells of itself, by libmicrohttpd, which is opened at
 * run time. It answers GET and HEAD of a few paths, one request a connection, on a thread of its
 * own; the number of connections, their memory and their time are bounded.
 */
#ifndef TOOLS_HTTP_SERVER_H
#define TOOLS_HTTP_SERVER_H

#include "watch/outputs/output_state.h"

struct http_reply {
    unsigned status;  /* 200 unless set */
    const char *type; /* "text/plain; charset=utf-8" unless set; it must outlive the reply */
    char *body;       /* allocated; the server frees it. NULL: empty */
    size_t size;
};

struct http_route {
    const char *path; /* "/metrics"; it must outlive the server */
    void (*answer)(void *user, struct http_reply *reply); /* called by the server's thread */
    void *user;
};

#define HTTP_ROUTES_MAX 8

/* Opaque. Any thread may ask for counts. */
struct http_server;

/* Listens at [HOST:]PORT, where no host is 127.0.0.1 and port 0 any that is free; a wrong one is
 * wrong usage, one line that begins with `option`. The routes are copied. That others than this
 * machine may reach it is said. Failures, a missing library too, are reported. */
int http_server_open(struct app *app, const char *option, const char *address,
                     const struct http_route *routes, size_t count, struct http_server **server);

/* Where it listens: "127.0.0.1:9100". It lives as long as the server. */
const char *http_server_address(const struct http_server *server);

/* Replies of status 200 are `written`, others `failed`; `dropped` are connections that took too
 * long. */
struct output_counts http_server_counts(struct http_server *server);

/* Closes all connections. Accepts a pointer to NULL. */
void http_server_close(struct http_server **server);

#endif
