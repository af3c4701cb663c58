/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps how far a calibration got, and finds back to it. */
#include "models/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/byte_hash.h"

#define INTERVAL_MS 10e3 /* between two writings of FILE.partial */
#define NOTE_BYTES 160

char *checkpoint_path(const char *output)
{
    return app_printf("%s.partial", output);
}

int checkpoint_hash_file(struct app *app, const char *path, uint64_t *hash)
{
    unsigned char bytes[65536];
    FILE *file = fopen(path, "re");
    size_t count;
    if (!file)
        return app_fail_open(app, path);
    while ((count = fread(bytes, 1, sizeof bytes, file)) > 0)
        *hash = app_hash(*hash, bytes, count);
    const bool failed = ferror(file);
    fclose(file);
    return failed ? app_fail(app, "%s: cannot be read", path) : STATUS_DONE;
}

/* Of all paths, their final NULs included. */
uint64_t checkpoint_hash_list(const struct sources *sources)
{
    uint64_t hash = APP_HASH_START;
    for (size_t i = 0; i < sources->count; i++)
        hash = app_hash(hash, sources->path[i], strlen(sources->path[i]) + 1);
    return hash;
}

void checkpoint_open(struct checkpoint *checkpoint, const char *output,
                     const struct sources *sources)
{
    *checkpoint =
        (struct checkpoint){.list = checkpoint_hash_list(sources), .pictures = sources->count};
    checkpoint->path = output ? checkpoint_path(output) : NULL;
    checkpoint->exists = checkpoint->path && access(checkpoint->path, F_OK) == 0;
    checkpoint->written_ms = app_now_ms();
}

static void write_note(const struct checkpoint *c, char note[NOTE_BYTES])
{
    snprintf(note, NOTE_BYTES,
             "octet calibrate: list %016" PRIx64 ", pictures %zu, position %zu, left out %zu",
             c->list, c->pictures, c->position, c->left_out);
}

/* A note is good when it is what would be written for the numbers found in it. */
static bool read_note(const char *note, struct checkpoint *c)
{
    char again[NOTE_BYTES];
    if (sscanf(note, "octet calibrate: list %" SCNx64 ", pictures %zu, position %zu, left out %zu",
               &c->list, &c->pictures, &c->position, &c->left_out) != 4)
        return false;
    write_note(c, again);
    return strcmp(note, again) == 0 && c->position <= c->pictures && c->left_out <= c->position;
}

bool checkpoint_is_note(const char *note)
{
    struct checkpoint found;
    return read_note(note, &found);
}

int checkpoint_load(struct app *app, struct checkpoint *checkpoint, octet_statistics **statistics)
{
    struct checkpoint found = *checkpoint;
    octet_statistics_info info;
    if (!checkpoint->exists)
        return app_fail(app, "%s: not there: nothing to resume; leave out --resume",
                        checkpoint->path);
    octet_status status = octet_statistics_load(app->context, checkpoint->path, statistics);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    octet_statistics_info_get(*statistics, &info);
    if (!read_note(info.note, &found) ||
        info.image_count != info.part_count * (int64_t)(found.position - found.left_out))
        return app_fail(app, "%s: statistics, but not of an interrupted calibration",
                        checkpoint->path);
    if (found.list != checkpoint->list || found.pictures != checkpoint->pictures)
        return app_fail(app,
                        "%s: of other pictures (or another order, --count or --seed) than these: "
                        "resume with the same, or leave out --resume",
                        checkpoint->path);
    checkpoint->position = found.position;
    checkpoint->left_out = found.left_out;
    return STATUS_DONE;
}

int checkpoint_check(struct app *app, const char *path, const char *also)
{
    struct checkpoint found;
    octet_statistics *statistics;
    octet_statistics_info info;
    if (access(path, F_OK) != 0)
        return STATUS_DONE;
    octet_status status = octet_statistics_load(app->context, path, &statistics);
    if (status == OCTET_OUT_OF_MEMORY)
        return app_fail_library(app, status, octet_context_message(app->context));
    octet_statistics_info_get(statistics, &info);
    const bool is_checkpoint =
        status == OCTET_OK &&
        (read_note(info.note, &found) || (also && strncmp(info.note, also, strlen(also)) == 0));
    octet_statistics_free(&statistics);
    if (is_checkpoint)
        return STATUS_DONE;
    return app_fail(app,
                    "%s: would be lost: a calibration keeps there how far it got, and this is none "
                    "of octet's; choose another name for -o, or move it away",
                    path);
}

static int save(struct app *app, struct checkpoint *checkpoint, octet_calibration *calibration)
{
    octet_statistics *statistics;
    char note[NOTE_BYTES];
    int done = STATUS_DONE;
    octet_status status = octet_calibration_finish(calibration, &statistics);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_calibration_message(calibration));
    write_note(checkpoint, note);
    status = octet_statistics_set_note(statistics, note);
    if (status != OCTET_OK)
        done = app_fail_library(app, status, octet_statistics_message(statistics));
    else if ((status = octet_statistics_save(app->context, statistics, checkpoint->path)))
        done = app_fail_library(app, status, octet_context_message(app->context));
    octet_statistics_free(&statistics);
    checkpoint->written_ms = app_now_ms();
    checkpoint->exists = checkpoint->exists || done == STATUS_DONE;
    return done;
}

int checkpoint_save(struct app *app, struct checkpoint *checkpoint, octet_calibration *calibration)
{
    app_hold_signals();
    const int status = save(app, checkpoint, calibration);
    app_release_signals();
    return status;
}

int checkpoint_save_at_times(struct app *app, struct checkpoint *checkpoint,
                             octet_calibration *calibration)
{
    if (!checkpoint->path || checkpoint->position == checkpoint->left_out ||
        app_now_ms() - checkpoint->written_ms < INTERVAL_MS)
        return STATUS_DONE;
    return checkpoint_save(app, checkpoint, calibration);
}

void checkpoint_remove(const char *output)
{
    char *path = checkpoint_path(output);
    unlink(path);
    free(path);
}

void checkpoint_close(struct checkpoint *checkpoint)
{
    free(checkpoint->path);
    checkpoint->path = NULL;
}
