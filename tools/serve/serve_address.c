/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the address of a server, and looks whether a path of one is free. */
#include "serve/serve_address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/options.h"

#define TCP "tcp://"
#define IPC "ipc://"
#define LOOPBACK "127.0.0.1"
#define PORT_MAX 65535
#define HOST_BYTES_MAX 255

static int refuse(struct app *app, const char *text)
{
    return app_usage(app,
                     "--frigate '%s': must be tcp://ADDRESS:PORT, for instance "
                     "tcp://127.0.0.1:5555, or ipc:///PATH",
                     text);
}

static bool port_is_good(const char *port)
{
    int64_t number;
    return strcmp(port, "*") == 0 ||
           (parse_integer(port, &number) && port[0] != '+' && number > 0 && number <= PORT_MAX);
}

static bool host_is_good(const char *host, size_t length)
{
    if (length > HOST_BYTES_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)host[i] <= ' ' || strchr("/;,'\"", host[i]))
            return false;
    return !memchr(host, ':', length) || (length > 2 && host[0] == '[' && host[length - 1] == ']');
}

static int parse_tcp(struct app *app, const char *text, char **address)
{
    const char *host = text + strlen(TCP), *colon = strrchr(host, ':');
    if (!colon || !port_is_good(colon + 1) || !host_is_good(host, (size_t)(colon - host)))
        return refuse(app, text);
    const int length = (int)(colon - host);
    const bool is_local = length == 0 || (length == 9 && strncmp(host, "localhost", 9) == 0);
    *address = is_local ? app_printf(TCP LOOPBACK "%s", colon) : app_strdup(text);
    return STATUS_DONE;
}

int serve_address_parse(struct app *app, const char *text, char **address)
{
    const struct sockaddr_un *local;
    *address = NULL;
    if (strncmp(text, TCP, strlen(TCP)) == 0)
        return parse_tcp(app, text, address);
    if (strncmp(text, IPC, strlen(IPC)) != 0 || !text[strlen(IPC)])
        return refuse(app, text);
    if (strlen(text + strlen(IPC)) >= sizeof local->sun_path)
        return app_usage(app, "--frigate '%s': a socket's path has %zu bytes at most", text,
                         sizeof local->sun_path - 1);
    *address = app_strdup(text);
    return STATUS_DONE;
}

bool serve_address_is_open(const char *address)
{
    const char *host = address + strlen(TCP);
    return strncmp(address, TCP, strlen(TCP)) == 0 && strncmp(host, "127.", 4) != 0 &&
           strncmp(host, "[::1]:", 6) != 0;
}

/* Whether somebody answers at the socket. */
static bool is_heard(const char *path)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    memcpy(local.sun_path, path, strlen(path));
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return false;
    const int result = connect(descriptor, (const struct sockaddr *)&local, sizeof local);
    const bool heard = result == 0 || errno == EAGAIN;
    close(descriptor);
    return heard;
}

/* The path of an ipc:// address, NULL where it has none. */
static const char *path_of(const char *address)
{
    const char *path = address + strlen(IPC);
    const bool has_path =
        strncmp(address, IPC, strlen(IPC)) == 0 && path[0] != '@' && strcmp(path, "*") != 0;
    return has_path ? path : NULL;
}

int serve_address_check(struct app *app, const char *address)
{
    struct stat entry;
    const char *path = path_of(address);
    if (!path || lstat(path, &entry) != 0)
        return STATUS_DONE;
    if (!S_ISSOCK(entry.st_mode))
        return app_fail(app, "%s: something that is no socket is there already", address);
    if (is_heard(path))
        return app_fail(app, "%s: in use already: another server is there, or another program",
                        address);
    return STATUS_DONE;
}

void serve_address_remove(const char *address)
{
    struct stat entry;
    const char *path = path_of(address);
    if (path && lstat(path, &entry) == 0 && S_ISSOCK(entry.st_mode) && !is_heard(path))
        unlink(path);
}
