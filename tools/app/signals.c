/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread of its own waits for SIGINT, SIGTERM and SIGHUP; no other thread is ever interrupted.
 * The first one asks the verb to end, which looks at app_interrupted() between pictures, runs and
 * files. A verb that is still there 0.7 s later waits for something that may never come (a pipe
 * without writer, a mount that is gone), or works on what nobody waits for: then unfinished outputs
 * are removed and the program dies of the signal. A second signal does that at once.
 */
#include "app/signals.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/clock.h"

#define GRACE_MS 700
#define SAME_MS 200 /* `timeout` and some shells send a signal twice */
#define SLICE_MS 50
#define SIGNAL_STATUS 128 /* a shell adds the signal's number to this */
#define STACK_BYTES ((size_t)256 * 1024)

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

static sigset_t watched;
static atomic_int caught;                                 /* 0: none */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards changes of all these */
static int holders;
static double came_ms, patience_ends_ms;

/* An output that was not finished has such a name until it is renamed. */
static void remove_if_unfinished(int descriptor)
{
    char link[64], path[PATH_MAX];
    struct stat entry;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return;
    path[length] = '\0';
    const char *slash = strrchr(path, '/');
    const int flags = fcntl(descriptor, F_GETFL);
    if (slash && strncmp(slash + 1, ".octet-", 7) == 0 && flags >= 0 &&
        (flags & O_ACCMODE) != O_RDONLY && fstat(descriptor, &entry) == 0 && S_ISREG(entry.st_mode))
        unlink(path);
}

static void remove_unfinished(void)
{
    DIR *open_files = opendir("/proc/self/fd");
    const struct dirent *entry;
    while (open_files && (entry = readdir(open_files)))
        remove_if_unfinished(atoi(entry->d_name));
    if (open_files)
        closedir(open_files);
}

/* With nothing of ours in the way: other threads may hold any lock, and may hold it for ever. */
static _Noreturn void die_of(int number)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    signal(number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    raise(number);
    _exit(SIGNAL_STATUS + number);
}

static _Noreturn void give_up(int number)
{
    static const char line[] = "octet: interrupted\n";
    struct pollfd terminal = {.fd = STDERR_FILENO, .events = POLLOUT};
    remove_unfinished();
    if (poll(&terminal, 1, 0) == 1 && write(STDERR_FILENO, line, sizeof line - 1) < 0)
        _exit(SIGNAL_STATUS + number);
    die_of(number);
}

/* Until the signal is forgotten. */
static void await_end(int number)
{
    for (;;) {
        const struct timespec slice = {0, SLICE_MS * 1000000L};
        bool again = sigtimedwait(&watched, NULL, &slice) > 0;
        pthread_mutex_lock(&mutex);
        again = again && app_now_ms() - came_ms > SAME_MS;
        const bool forgotten = !atomic_load(&caught);
        if (!forgotten && (again || (!holders && app_now_ms() >= patience_ends_ms)))
            give_up(number);
        pthread_mutex_unlock(&mutex);
        if (forgotten)
            return;
    }
}

static void *watch(void *started)
{
    sem_post(started);
    for (;;) {
        int number;
        if (sigwait(&watched, &number) != 0)
            continue;
        pthread_mutex_lock(&mutex);
        atomic_store(&caught, number);
        came_ms = app_now_ms();
        patience_ends_ms = came_ms + GRACE_MS;
        pthread_mutex_unlock(&mutex);
        await_end(number);
    }
    return NULL;
}

void app_catch_signals(void)
{
    sigemptyset(&watched);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction action;
        if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&watched, numbers[i]);
    }
    /* A closed pipe and a full quota are failed writes, reported as such. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    pthread_t thread;
    pthread_attr_t attributes;
    sem_t started;
    sem_init(&started, 0, 0);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_BLOCK, &watched, NULL); /* here and in all threads to come */
    /* A process forked while a thread is still being made may inherit a lock that nobody opens. */
    if (pthread_create(&thread, &attributes, watch, &started) != 0)
        pthread_sigmask(SIG_UNBLOCK, &watched, NULL); /* then a signal ends us as it comes */
    else
        while (sem_wait(&started) != 0)
            ;
    pthread_attr_destroy(&attributes);
    sem_destroy(&started);
}

void app_signals_in_child(void)
{
    pthread_sigmask(SIG_UNBLOCK, &watched, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

bool app_interrupted(void)
{
    return atomic_load(&caught) != 0;
}

void app_hold_signals(void)
{
    pthread_mutex_lock(&mutex);
    holders++;
    pthread_mutex_unlock(&mutex);
}

void app_release_signals(void)
{
    pthread_mutex_lock(&mutex);
    holders--;
    patience_ends_ms = app_now_ms() + GRACE_MS;
    pthread_mutex_unlock(&mutex);
}

void app_forget_signal(void)
{
    pthread_mutex_lock(&mutex);
    atomic_store(&caught, 0);
    pthread_mutex_unlock(&mutex);
}

void app_raise_caught(void)
{
    const int number = atomic_load(&caught);
    if (number)
        die_of(number);
}
