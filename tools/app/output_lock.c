/* SPDX-License-Identifier: Apache-2.0 */
/* A lock on an empty file beside the output, of a name that the output's makes. It is one of those
 * names that octet's unfinished outputs have (octet/file.h): a killed run's goes with the next
 * output in that folder. */
#include "app/output_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/byte_hash.h"
#include "app/paths.h"

#define TRIES 20 /* a sweep holds the lock for a moment, and may take the file away */
#define PAUSE_MS 5

static char *lock_path(const char *path)
{
    const char *name = path_name(path);
    const uint64_t hash = app_hash(APP_HASH_START, name, strlen(name));
    return app_printf("%.*s.octet-%016llx", (int)(name - path), path, (unsigned long long)hash);
}

/* One attempt: true when it is held, or there are no locks; false when somebody has it. */
static bool take(struct output_lock *lock)
{
    struct stat entry, there;
    lock->descriptor = open(lock->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (lock->descriptor < 0)
        return errno != EACCES && errno != EEXIST;
    const bool taken = flock(lock->descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!taken && fstat(lock->descriptor, &entry) == 0 && lstat(lock->path, &there) == 0 &&
        entry.st_dev == there.st_dev && entry.st_ino == there.st_ino)
        return true;
    close(lock->descriptor);
    lock->descriptor = -1;
    return false;
}

int output_lock_take(struct output_lock *lock, struct app *app, const char *path)
{
    const struct timespec pause = {0, PAUSE_MS * 1000000L};
    *lock = (struct output_lock){lock_path(path), -1};
    for (int i = 0; i < TRIES; i++) {
        if (take(lock))
            return STATUS_DONE;
        nanosleep(&pause, NULL);
    }
    return app_fail(app, "%s: another run of octet %s is writing it", path, app->verb);
}

void output_lock_release(struct output_lock *lock)
{
    if (lock->path && lock->descriptor >= 0) {
        unlink(lock->path);
        close(lock->descriptor);
    }
    free(lock->path);
    *lock = (struct output_lock){NULL, -1};
}
