/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrations that go on where they were interrupted: FILE.partial beside the statistics file
 * holds the statistics so far, and in its note how far along which list of pictures they are. */
#ifndef TOOLS_CHECKPOINT_H
#define TOOLS_CHECKPOINT_H

#include <stdint.h>

#include "pictures/sources.h"

struct checkpoint {
    char *path;        /* FILE.partial; NULL: none is kept */
    uint64_t list;     /* of the pictures' paths, in order */
    size_t pictures;   /* in the list */
    size_t position;   /* pictures of the list that were looked at */
    size_t left_out;   /* among these */
    double written_ms; /* when it was written last, or the start */
    bool exists;
};

/* Goes on with an app_hash() over a whole file's bytes. Returns a status. */
int checkpoint_hash_file(struct app *app, const char *path, uint64_t *hash);

/* Tells lists of pictures apart: of their paths, in order. */
uint64_t checkpoint_hash_list(const struct sources *sources);

/* FILE.partial of the statistics file `output`; the caller frees it. */
char *checkpoint_path(const char *output);

/* Whether statistics with this note are those of a calibration that did not come to its end. */
bool checkpoint_is_note(const char *note);

/* Refuses a file that is there and was not written by checkpoint_save(), nor, unless NULL, has a
 * note that begins with `also`: it would be lost. Returns a status. */
int checkpoint_check(struct app *app, const char *path, const char *also);

/* For the statistics file `output`, or none when NULL. */
void checkpoint_open(struct checkpoint *checkpoint, const char *output,
                     const struct sources *sources);

/* Reads FILE.partial. One that is not there, is no checkpoint, or is of other pictures is refused.
 * On success `*statistics` is the caller's. Returns a status. */
int checkpoint_load(struct app *app, struct checkpoint *checkpoint, octet_statistics **statistics);

/* Writes what was gathered until now. Returns a status. */
int checkpoint_save(struct app *app, struct checkpoint *checkpoint, octet_calibration *calibration);

/* As checkpoint_save(), when some time has gone by since the last one. */
int checkpoint_save_at_times(struct app *app, struct checkpoint *checkpoint,
                             octet_calibration *calibration);

/* Removes FILE.partial of a calibration that came to its end. */
void checkpoint_remove(const char *output);

void checkpoint_close(struct checkpoint *checkpoint);

#endif
