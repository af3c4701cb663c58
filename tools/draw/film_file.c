/* SPDX-License-Identifier: Apache-2.0 */
/* Gives a film that is being written its file, and puts that in its place. */
#include "draw/film_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/output_file.h"
#include "app/paths.h"

#define NAME_TRIES 100

struct film_file {
    struct app *app;
    const struct video_library *library;
    struct video_writer *writer; /* NULL: it is over with it */
    char *path, *temporary;
    int descriptor;
    int width, height; /* pixels */
    size_t frames;
    bool has_failed, is_scaled;
};

bool film_file_takes(const char *path)
{
    static const char *const endings[] = {"mp4", "mov", "mkv", "webm", NULL};
    return path_has_extension(path, endings);
}

/* A file of the kind that octet/file.h leaves beside its outputs, locked as those are, so that a
 * killed run's goes with the next. */
static int open_temporary(struct film_file *film)
{
    const char *slash = strrchr(film->path, '/');
    const int folder = slash ? (int)(slash + 1 - film->path) : 0;
    for (int tries = 0; tries < NAME_TRIES; tries++) {
        unsigned long long number;
        if (getrandom(&number, sizeof number, 0) != sizeof number)
            break;
        free(film->temporary);
        film->temporary = app_printf("%.*s.octet-%016llx", folder, film->path, number);
        film->descriptor = open(film->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (film->descriptor >= 0) {
            flock(film->descriptor, LOCK_EX | LOCK_NB);
            return STATUS_DONE;
        }
        if (errno != EEXIST)
            break;
    }
    return app_fail(film->app, "%s: cannot be written: %s", film->path, strerror(errno));
}

/* Small letters, as the library knows containers. */
static void copy_ending(const char *path, char ending[8])
{
    snprintf(ending, 8, "%s", strrchr(path, '.') + 1);
    for (char *c = ending; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
}

struct film_file *film_file_open(struct app *app, const struct video_library *library,
                                 const char *path, struct video_target target)
{
    char encoder[VIDEO_ENCODER_BYTES], message[VIDEO_MESSAGE_BYTES], ending[8];
    struct film_file *film = app_alloc(1, sizeof *film);
    *film = (struct film_file){.app = app,
                               .library = library,
                               .path = app_strdup(path),
                               .descriptor = -1,
                               .width = target.width,
                               .height = target.height};
    copy_ending(path, ending);
    int status = output_check(app, path);
    if (status == STATUS_DONE)
        status = open_temporary(film);
    target.descriptor = film->descriptor;
    target.ending = ending;
    if (status == STATUS_DONE) {
        film->writer = library->begin(&target, encoder, message);
        if (!film->writer)
            app_fail(app, "%s: %s", path, message);
    }
    if (!film->writer) {
        film_file_abandon(&film);
        return NULL;
    }
    app_say(app, "%s: %s%s%s", path, encoder, message[0] ? "; " : "", message);
    return film;
}

static int fail(struct film_file *film, const char *message)
{
    film->has_failed = true;
    film->library->end(film->writer);
    film->writer = NULL;
    return app_fail(film->app, "%s: %s: the film ends here, detection goes on", film->path,
                    message);
}

static void say_scaled(struct film_file *film, const struct video_pixels *pixels)
{
    if (film->is_scaled || (pixels->width == film->width && pixels->height == film->height))
        return;
    film->is_scaled = true;
    app_say(film->app, "%s: frames of another size (%dx%d) come: they are scaled into its %dx%d",
            film->path, pixels->width, pixels->height, film->width, film->height);
}

int film_file_add(struct film_file *film, const struct video_pixels *pixels, double time_s)
{
    char message[VIDEO_MESSAGE_BYTES] = "";
    if (!film->writer)
        return STATUS_FAILED;
    say_scaled(film, pixels);
    if (!film->library->write(film->writer, pixels, time_s, message))
        return fail(film, message);
    film->frames++;
    return STATUS_DONE;
}

/* What came before a failure is a film, too, but for one that holds nothing. */
static int put_in_place(struct film_file *film)
{
    struct stat entry, replaced;
    if (fstat(film->descriptor, &entry) != 0 || entry.st_size == 0 || !film->frames)
        return STATUS_FAILED;
    if (stat(film->path, &replaced) == 0)
        fchmod(film->descriptor, replaced.st_mode & 0777);
    fsync(film->descriptor);
    if (rename(film->temporary, film->path) != 0)
        return app_fail(film->app, "%s: cannot be written: %s", film->path, strerror(errno));
    free(film->temporary);
    film->temporary = NULL;
    return STATUS_DONE;
}

int film_file_finish(struct film_file **film, bool is_whole)
{
    char message[VIDEO_MESSAGE_BYTES] = "";
    struct film_file *ending = *film;
    if (!ending)
        return STATUS_DONE;
    if (ending->writer && !ending->library->finish(ending->writer, is_whole, message))
        fail(ending, message);
    int status = put_in_place(ending);
    if (ending->has_failed)
        status = STATUS_FAILED;
    film_file_abandon(film);
    return status;
}

void film_file_abandon(struct film_file **film)
{
    struct film_file *gone = *film;
    *film = NULL;
    if (!gone)
        return;
    if (gone->writer)
        gone->library->end(gone->writer);
    if (gone->temporary && gone->descriptor >= 0)
        unlink(gone->temporary);
    if (gone->descriptor >= 0)
        close(gone->descriptor);
    free(gone->temporary);
    free(gone->path);
    free(gone);
}
