/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that records: takes lines out of a ring, and looks after the file each second. */
#include "watch/outputs/line_output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "watch/outputs/message_ring.h"
#include "watch/outputs/output_thread.h"
#include "watch/outputs/record_file.h"

#define LINES_MAX 4096
#define BYTES_MAX ((size_t)4 * 1024 * 1024)
#define LOOK_MS 1000 /* between looks at whether the file was moved */
#define END_MS 250   /* in which a reader must take what waits when the program ends */
#define HANG_MS 350  /* after which a write that does not return is left to itself */

struct line_output {
    char *path; /* NULL: standard output */
    struct record_file file;
    struct message_ring ring;
    struct output_thread thread;
    struct output_state state;
    bool stopped;              /* of the thread: lines are not recorded */
    double looked_ms;          /* of the thread */
    _Atomic double give_up_ms; /* when readers are no longer waited for; 0: not yet */
    atomic_bool reader_is_gone;
};

static const char *name_of(const struct line_output *output)
{
    return output->path ? output->path : "standard output";
}

static const char *reason(int why)
{
    static const struct {
        int number;
        const char *text;
    } reasons[] = {
        {ENOSPC, "no space left on device"},
        {EDQUOT, "no space left in the quota"},
        {EFBIG, "the file is as large as it may be"},
        {EPIPE, "the reader has gone"},
        {ENXIO, "nobody reads this pipe"},
        {ENOENT, "its folder is not there"},
        {EISDIR, "is a folder"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].number == why)
            return reasons[i].text;
    return strerror(why);
}

static void stop_recording(struct line_output *output, int why)
{
    output->stopped = true;
    const bool is_end = why == EPIPE && !output->path;
    output_state_problem(&output->state, "%s: %s%s", name_of(output), reason(why),
                         is_end ? "" : ": recording stops, detecting goes on");
    if (is_end)
        atomic_store(&output->reader_is_gone, true);
}

/* Until the other side takes something; a program that ends waits for a short time only. */
static int wait_for_room(void *user, int descriptor)
{
    struct line_output *output = user;
    struct pollfd room = {.fd = descriptor, .events = POLLOUT};
    for (;;) {
        const double give_up_ms = atomic_load(&output->give_up_ms);
        if (give_up_ms > 0 && app_now_ms() >= give_up_ms)
            return ETIMEDOUT;
        /* short: the time to give up at may be set meanwhile */
        if (poll(&room, 1, END_MS / 5) > 0)
            return room.revents & POLLNVAL ? EBADF : 0;
    }
}

/* Recording goes on in a new file where the old one was moved away. */
static void look_after_file(struct line_output *output)
{
    output->looked_ms = app_now_ms();
    if (!record_file_was_moved(&output->file))
        return;
    struct record_file opened;
    const int why = record_file_open(&opened, output->path);
    if (why) {
        stop_recording(output, why);
        return;
    }
    record_file_close(&output->file);
    output->file = opened;
    output->stopped = false;
    output_state_recovered(&output->state, "%s: recording goes on", name_of(output));
}

static void write_message(struct line_output *output, const struct message *message)
{
    int why = 0;
    if (!output->stopped)
        why =
            record_file_write(&output->file, message->bytes, message->size, wait_for_room, output);
    if (why == ETIMEDOUT) {
        atomic_fetch_add(&output->state.dropped, 1);
        return;
    }
    if (why)
        stop_recording(output, why);
    atomic_fetch_add(output->stopped ? &output->state.failed : &output->state.written, 1);
}

static void run_output(void *user)
{
    struct line_output *output = user;
    struct pollfd wake = {.fd = output->thread.wake, .events = POLLIN};
    bool ending = false;
    while (!ending) {
        poll(&wake, 1, LOOK_MS);
        output_thread_awake(&output->thread);
        ending = atomic_load(&output->thread.ending); /* before the last lines are taken */
        do {
            if (app_now_ms() - output->looked_ms >= LOOK_MS)
                look_after_file(output);
            struct message *message = message_ring_take(&output->ring);
            if (!message)
                break;
            write_message(output, message);
            message_release(message);
        } while (true);
    }
}

static void free_output(struct line_output *output)
{
    record_file_close(&output->file);
    message_ring_close(&output->ring);
    output_state_close(&output->state);
    free(output->path);
    free(output);
}

int line_output_open(struct app *app, const char *path, struct line_output **output)
{
    struct line_output *opened = app_alloc(1, sizeof *opened);
    *output = NULL;
    if (path && strcmp(path, "-") != 0)
        opened->path = app_strdup(path);
    opened->looked_ms = app_now_ms();
    message_ring_open(&opened->ring, LINES_MAX, BYTES_MAX);
    output_state_open(&opened->state, app);
    const int why = record_file_open(&opened->file, opened->path);
    const int status = why ? app_fail(app, "%s: %s", name_of(opened), reason(why))
                           : output_thread_start(&opened->thread, app, run_output, opened);
    if (status == STATUS_DONE)
        *output = opened;
    else
        free_output(opened);
    return status;
}

void line_output_write(struct line_output *output, const char *line, size_t length)
{
    const size_t lost = message_ring_push(&output->ring, line, length, "\n", 1);
    if (lost)
        atomic_fetch_add(&output->state.dropped, lost);
    output_thread_wake(&output->thread);
}

bool line_output_reader_is_gone(struct line_output *output)
{
    return atomic_load(&output->reader_is_gone);
}

struct output_counts line_output_counts(struct line_output *output)
{
    return output_state_counts(&output->state);
}

char *line_output_problem(struct line_output *output)
{
    return output_state_problem_text(&output->state);
}

void line_output_close(struct line_output **output, struct output_counts *counts)
{
    struct line_output *closed = *output;
    *output = NULL;
    if (!closed)
        return;
    atomic_store(&closed->give_up_ms, app_now_ms() + END_MS);
    const bool ended = output_thread_end(&closed->thread, HANG_MS);
    if (counts)
        *counts = output_state_counts(&closed->state);
    if (ended)
        free_output(closed);
}
