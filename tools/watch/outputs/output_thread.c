/* SPDX-License-Identifier: Apache-2.0 */
/* Starts, wakes and ends threads by way of event descriptors. */
#include "watch/outputs/output_thread.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void raise_event(int descriptor)
{
    const uint64_t one = 1;
    /* it fails only where the event stands already */
    if (write(descriptor, &one, sizeof one) < 0)
        return;
}

static void *run_thread(void *user)
{
    struct output_thread *thread = user;
    thread->run(thread->user);
    raise_event(thread->done);
    return NULL;
}

static void close_events(struct output_thread *thread)
{
    if (thread->wake >= 0)
        close(thread->wake);
    if (thread->done >= 0)
        close(thread->done);
}

int output_thread_start(struct output_thread *thread, struct app *app, void (*run)(void *user),
                        void *user)
{
    thread->run = run;
    thread->user = user;
    atomic_store(&thread->ending, false);
    thread->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    thread->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int why = thread->wake < 0 || thread->done < 0 ? errno : 0;
    if (!why)
        why = pthread_create(&thread->thread, NULL, run_thread, thread);
    if (!why)
        return STATUS_DONE;
    close_events(thread);
    return app_fail(app, "a thread for results: %s", strerror(why));
}

void output_thread_wake(struct output_thread *thread)
{
    raise_event(thread->wake);
}

void output_thread_awake(struct output_thread *thread)
{
    uint64_t count;
    if (read(thread->wake, &count, sizeof count) < 0)
        return; /* it was not woken */
}

bool output_thread_end(struct output_thread *thread, int milliseconds)
{
    struct pollfd done = {.fd = thread->done, .events = POLLIN};
    const double until = app_now_ms() + milliseconds;
    double left = milliseconds;
    atomic_store(&thread->ending, true);
    output_thread_wake(thread);
    int found;
    while ((found = poll(&done, 1, (int)left)) < 0 && errno == EINTR) {
        left = until - app_now_ms();
        left = left > 0 ? left : 0;
    }
    if (found <= 0) {
        pthread_detach(thread->thread);
        return false;
    }
    pthread_join(thread->thread, NULL);
    close_events(thread);
    return true;
}
