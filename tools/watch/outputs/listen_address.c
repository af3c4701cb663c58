/* SPDX-License-Identifier: Apache-2.0 */
/* Reads where to listen, and does so: on this machine alone unless told otherwise. */
#include "watch/outputs/listen_address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPBACK "127.0.0.1"
#define PORT_MAX 65535
#define PORT_DIGITS 5
#define HOST_BYTES_MAX 255
#define BACKLOG 16

static bool parse_port(const char *text, size_t length, int *port)
{
    int number = 0;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]) || i >= PORT_DIGITS)
            return false;
        number = number * 10 + (text[i] - '0');
    }
    *port = number;
    return length > 0 && number <= PORT_MAX;
}

static bool host_is_good(const char *host, size_t length)
{
    if (!length || length > HOST_BYTES_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)host[i] <= ' ' || strchr("/?#@[]\\\"'", host[i]))
            return false;
    return true;
}

bool host_port_parse(const char *text, size_t length, char **host, int *port)
{
    const char *end = text + length, *host_end;
    int number = *port;
    const bool has_brackets = length && text[0] == '[';
    if (has_brackets) {
        host_end = memchr(text, ']', length);
        text++;
    } else {
        host_end = memchr(text, ':', length);
        host_end = host_end ? host_end : end;
    }
    if (!host_end || !host_is_good(text, (size_t)(host_end - text)))
        return false;
    const char *rest = host_end + has_brackets;
    if (rest < end && (*rest != ':' || !parse_port(rest + 1, (size_t)(end - rest - 1), &number)))
        return false;
    *host = app_printf("%.*s", (int)(host_end - text), text);
    *port = number;
    return true;
}

int listen_address_parse(struct app *app, const char *option, const char *text,
                         struct listen_address *address)
{
    const char *port = text[0] == ':' ? text + 1 : text;
    *address = (struct listen_address){.port = -1};
    if (parse_port(port, strlen(port), &address->port)) {
        address->host = app_strdup(LOOPBACK);
        return STATUS_DONE;
    }
    address->port = -1; /* that of a port that is none */
    if (host_port_parse(text, strlen(text), &address->host, &address->port) && address->port >= 0)
        return STATUS_DONE;
    listen_address_free(address);
    return app_usage(app, "%s '%s': must be [HOST:]PORT, for instance 9100 or 0.0.0.0:9100", option,
                     text);
}

void listen_address_free(struct listen_address *address)
{
    free(address->host);
    *address = (struct listen_address){0};
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        return ntohl(four->sin_addr.s_addr) >> 24 == 127;
    }
    const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
}

/* The bound address in numbers. */
static bool show(int listener, char **shown, bool *is_open)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[NI_MAXHOST], port[PORT_DIGITS + 1];
    struct sockaddr *address = (struct sockaddr *)&bound;
    if (getsockname(listener, address, &size) != 0 ||
        getnameinfo(address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    const bool has_colon = strchr(host, ':') != NULL;
    *shown = app_printf("%s%s%s:%s", has_colon ? "[" : "", host, has_colon ? "]" : "", port);
    *is_open = !is_loopback(address);
    return true;
}

static int listen_at(const struct addrinfo *found)
{
    const int yes = 1;
    const int listener = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return -1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, found->ai_addr, found->ai_addrlen) == 0 && listen(listener, BACKLOG) == 0)
        return listener;
    const int why = errno;
    close(listener);
    errno = why;
    return -1;
}

int listen_address_listen(struct app *app, const struct listen_address *address, int *listener,
                          char **shown, bool *is_open)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char port[PORT_DIGITS + 1];
    snprintf(port, sizeof port, "%u", (unsigned)address->port % (PORT_MAX + 1));
    *listener = -1;
    const int code = getaddrinfo(address->host, port, &wanted, &found);
    if (code)
        return app_fail(app, "%s:%s: %s", address->host, port, gai_strerror(code));
    *listener = listen_at(found);
    const int why = errno;
    freeaddrinfo(found);
    if (*listener < 0)
        return app_fail(app, "%s:%s: %s", address->host, port,
                        why == EADDRINUSE      ? "in use already: another program listens there"
                        : why == EADDRNOTAVAIL ? "this machine has no such address"
                        : why == EACCES        ? "a port that only root may listen at"
                                               : strerror(why));
    if (show(*listener, shown, is_open))
        return STATUS_DONE;
    close(*listener);
    *listener = -1;
    return app_fail(app, "%s:%s: the address cannot be told", address->host, port);
}
