/* SPDX-License-Identifier: Apache-2.0 */
/* Runs libmicrohttpd's loop on a thread of its own, and cuts off who takes too long. */
#include "watch/outputs/http_server.h"

#include <stdlib.h>

#include "watch/outputs/listen_address.h"
#include "watch/outputs/output_thread.h"

#ifdef OCTET_HAS_MICROHTTPD

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "app/open_library.h"

#define HTTP_LIBRARY "libmicrohttpd.so.12"
#define CONNECTIONS_MAX 64
#define CONNECTIONS_OF_ONE_MAX 32 /* of one address */
#define CONNECTION_BYTES ((size_t)32 * 1024)
#define IDLE_S 5u
#define WHOLE_MS 10000 /* from a connection's beginning to its end */
#define LOOK_MS 500
#define HANG_MS 300
#define PLAIN_TYPE "text/plain; charset=utf-8"

#define FUNCTIONS(DO)                                                                              \
    DO(MHD_start_daemon)                                                                           \
    DO(MHD_stop_daemon)                                                                            \
    DO(MHD_run)                                                                                    \
    DO(MHD_get_timeout)                                                                            \
    DO(MHD_get_daemon_info)                                                                        \
    DO(MHD_get_connection_info)                                                                    \
    DO(MHD_create_response_from_buffer)                                                            \
    DO(MHD_destroy_response)                                                                       \
    DO(MHD_add_response_header)                                                                    \
    DO(MHD_queue_response)

struct functions {
    FUNCTIONS(LIBRARY_DECLARE)
};

static const char *const function_names[] = {FUNCTIONS(LIBRARY_NAME)};

struct connection {
    int descriptor; /* -1: this place is free */
    double begun_ms;
    bool is_cut_off;
};

struct http_server {
    struct functions call;
    struct http_route route[HTTP_ROUTES_MAX];
    size_t routes;
    char *address;
    struct MHD_Daemon *daemon;
    struct connection connection[CONNECTIONS_MAX];
    size_t connections;
    struct output_thread thread;
    struct output_state state;
};

static bool find_functions(struct functions *call)
{
    return library_open(HTTP_LIBRARY, function_names,
                        sizeof function_names / sizeof *function_names, call);
}

/* Takes over the reply's body. */
static enum MHD_Result send_reply(struct http_server *server, struct MHD_Connection *connection,
                                  struct http_reply *reply)
{
    const struct functions *call = &server->call;
    char *body = reply->body ? reply->body : app_strdup("");
    struct MHD_Response *response = call->MHD_create_response_from_buffer(
        reply->body ? reply->size : 0, body, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(body);
        return MHD_NO;
    }
    call->MHD_add_response_header(response, "Content-Type", reply->type);
    /* One request a connection: so a connection has one time in which all must be done. */
    call->MHD_add_response_header(response, "Connection", "close");
    if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        call->MHD_add_response_header(response, "Allow", "GET, HEAD");
    const enum MHD_Result result = call->MHD_queue_response(connection, reply->status, response);
    call->MHD_destroy_response(response);
    atomic_fetch_add(reply->status == MHD_HTTP_OK ? &server->state.written : &server->state.failed,
                     1);
    return result;
}

static const struct http_route *find_route(const struct http_server *server, const char *path)
{
    for (size_t i = 0; i < server->routes; i++)
        if (strcmp(server->route[i].path, path) == 0)
            return &server->route[i];
    return NULL;
}

static void set_text(struct http_reply *reply, unsigned status, const char *text)
{
    reply->status = status;
    reply->body = app_strdup(text);
    reply->size = strlen(text);
}

static enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *body,
                              size_t *body_size, void **request)
{
    struct http_server *server = user;
    struct http_reply reply = {.status = MHD_HTTP_OK, .type = PLAIN_TYPE};
    const struct http_route *route = find_route(server, path);
    (void)version, (void)body, (void)body_size, (void)request;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        set_text(&reply, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are answered\n");
    else if (!route)
        set_text(&reply, MHD_HTTP_NOT_FOUND, "there is nothing here\n");
    else
        route->answer(route->user, &reply);
    return send_reply(server, connection, &reply);
}

/* Keeps the table of connections. */
static void note_connection(void *user, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = user;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        struct connection *closed = *context;
        if (closed) {
            closed->descriptor = -1;
            server->connections--;
        }
        return;
    }
    const union MHD_ConnectionInfo *info =
        server->call.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    for (size_t i = 0; info && i < CONNECTIONS_MAX; i++) {
        struct connection *free_one = &server->connection[i];
        if (free_one->descriptor >= 0)
            continue;
        *free_one = (struct connection){.descriptor = info->connect_fd, .begun_ms = app_now_ms()};
        *context = free_one;
        server->connections++;
        return;
    }
}

/* Its own time-out begins anew with each byte. */
static void cut_off_slow(struct http_server *server)
{
    const double before_ms = app_now_ms() - WHOLE_MS;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *connection = &server->connection[i];
        if (connection->descriptor < 0 || connection->is_cut_off ||
            connection->begun_ms > before_ms)
            continue;
        shutdown(connection->descriptor, SHUT_RDWR);
        connection->is_cut_off = true;
        atomic_fetch_add(&server->state.dropped, 1);
    }
}

static void run_server(void *user)
{
    struct http_server *server = user;
    const struct functions *call = &server->call;
    const union MHD_DaemonInfo *info =
        call->MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd waited[] = {{.fd = info ? info->epoll_fd : -1, .events = POLLIN},
                              {.fd = server->thread.wake, .events = POLLIN}};
    while (!atomic_load(&server->thread.ending)) {
        MHD_UNSIGNED_LONG_LONG left;
        int milliseconds = server->connections ? LOOK_MS : -1;
        if (call->MHD_get_timeout(server->daemon, &left) == MHD_YES &&
            (milliseconds < 0 || left < (MHD_UNSIGNED_LONG_LONG)milliseconds))
            milliseconds = left < LOOK_MS ? (int)left : LOOK_MS;
        poll(waited, 2, milliseconds);
        cut_off_slow(server);
        call->MHD_run(server->daemon);
    }
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int listener)
{
    return server->call.MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, answer, server, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_OF_ONE_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION,
        note_connection, server, MHD_OPTION_END);
}

static void free_server(struct http_server *server)
{
    if (server->daemon)
        server->call.MHD_stop_daemon(server->daemon);
    output_state_close(&server->state);
    free(server->address);
    free(server);
}

/* Listens, and answers from now on. */
static int begin(struct app *app, struct http_server *server, const char *option, const char *text)
{
    struct listen_address address;
    int listener;
    bool is_open = false;
    int status = listen_address_parse(app, option, text, &address);
    if (status != STATUS_DONE)
        return status;
    status = find_functions(&server->call)
                 ? listen_address_listen(app, &address, &listener, &server->address, &is_open)
                 : app_fail(app,
                            "%s cannot be opened, and HTTP is spoken by it: install GNU "
                            "libmicrohttpd (the package libmicrohttpd12)",
                            HTTP_LIBRARY);
    listen_address_free(&address);
    if (status != STATUS_DONE)
        return status;
    server->daemon = start_daemon(server, listener); /* closes the listener, whatever comes */
    if (!server->daemon)
        return app_fail(app, "%s: the server cannot be started", server->address);
    if (is_open)
        app_say(app,
                "warning: %s is open to everybody who reaches this machine: nobody is asked for "
                "a password, and nothing is encrypted",
                server->address);
    return output_thread_start(&server->thread, app, run_server, server);
}

int http_server_open(struct app *app, const char *option, const char *address,
                     const struct http_route *routes, size_t count, struct http_server **server)
{
    struct http_server *opened = app_alloc(1, sizeof *opened);
    *server = NULL;
    opened->routes = count < HTTP_ROUTES_MAX ? count : HTTP_ROUTES_MAX;
    memcpy(opened->route, routes, opened->routes * sizeof *routes);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        opened->connection[i].descriptor = -1;
    output_state_open(&opened->state, app);
    const int status = begin(app, opened, option, address);
    if (status == STATUS_DONE)
        *server = opened;
    else
        free_server(opened);
    return status;
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
}

struct output_counts http_server_counts(struct http_server *server)
{
    return output_state_counts(&server->state);
}

void http_server_close(struct http_server **server)
{
    struct http_server *closed = *server;
    *server = NULL;
    if (closed && output_thread_end(&closed->thread, HANG_MS))
        free_server(closed);
}

#else

int http_server_open(struct app *app, const char *option, const char *address,
                     const struct http_route *routes, size_t count, struct http_server **server)
{
    (void)option, (void)address, (void)routes, (void)count;
    *server = NULL;
    return app_fail(app, "this octet was built without an HTTP server: install libmicrohttpd-dev "
                         "and build it again");
}

const char *http_server_address(const struct http_server *server)
{
    (void)server;
    return "";
}

struct output_counts http_server_counts(struct http_server *server)
{
    (void)server;
    return (struct output_counts){0};
}

void http_server_close(struct http_server **server)
{
    *server = NULL;
}

#endif
