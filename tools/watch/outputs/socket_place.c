/* SPDX-License-Identifier: Apache-2.0 */
/* Finds out whether a path is free for a socket, and takes it. */
#include "watch/outputs/socket_place.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PRIVATE_MODE 0600
#define BACKLOG 16

static int make_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Whether nobody listens at a socket: connecting is refused, and not only put off. */
static bool is_deserted(const struct sockaddr_un *address)
{
    const int descriptor = make_socket();
    if (descriptor < 0)
        return false;
    const bool deserted =
        connect(descriptor, (const struct sockaddr *)address, sizeof *address) != 0 &&
        errno == ECONNREFUSED;
    close(descriptor);
    return deserted;
}

/* Frees the path of the socket of a dead program; NULL, or why that cannot be done. */
static const char *make_room(const struct sockaddr_un *address)
{
    struct stat entry;
    if (lstat(address->sun_path, &entry) != 0)
        return errno == ENOENT ? NULL : strerror(errno);
    if (!S_ISSOCK(entry.st_mode))
        return "something that is no socket is there already";
    if (!is_deserted(address))
        return "another program listens there already";
    return unlink(address->sun_path) == 0 ? NULL : strerror(errno);
}

static bool take_place(struct socket_place *place, const struct sockaddr_un *address)
{
    struct stat entry;
    /* before it can be reached; the mask of the process is not ours to change */
    if (fchmod(place->listener, PRIVATE_MODE) != 0 ||
        bind(place->listener, (const struct sockaddr *)address, sizeof *address) != 0)
        return false;
    if (chmod(place->path, PRIVATE_MODE) != 0 || lstat(place->path, &entry) != 0 ||
        listen(place->listener, BACKLOG) != 0) {
        const int why = errno;
        unlink(place->path);
        errno = why;
        return false;
    }
    place->device = entry.st_dev;
    place->number = entry.st_ino;
    return true;
}

int socket_place_open(struct app *app, const char *path, struct socket_place *place)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *place = (struct socket_place){.path = path, .listener = -1};
    if (!path[0] || strlen(path) >= sizeof address.sun_path)
        return app_fail(app, "%s: a socket's path has 1 to %zu bytes", path,
                        sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path));
    place->listener = make_socket();
    if (place->listener < 0)
        return app_fail(app, "%s: %s", path, strerror(errno));
    if (take_place(place, &address))
        return STATUS_DONE;
    const char *why = errno == EADDRINUSE ? make_room(&address)
                      : errno == ENOENT   ? "its folder is not there"
                                          : strerror(errno);
    if (!why && take_place(place, &address))
        return STATUS_DONE;
    if (!why)
        why = errno == EADDRINUSE ? "another program has just taken it" : strerror(errno);
    close(place->listener);
    place->listener = -1;
    return app_fail(app, "%s: %s", path, why);
}

void socket_place_close(struct socket_place *place)
{
    struct stat entry;
    if (place->listener < 0)
        return;
    if (lstat(place->path, &entry) == 0 && entry.st_dev == place->device &&
        entry.st_ino == place->number)
        unlink(place->path);
    close(place->listener);
    place->listener = -1;
}
