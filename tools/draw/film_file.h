/* SPDX-License-Identifier: Apache-2.0 */
/* Films out: written beside their place, and put there when they are complete. */
#ifndef TOOLS_FILM_FILE_H
#define TOOLS_FILM_FILE_H

#include "app/app.h"
#include "video/video.h"

struct film_file;

/* Whether it ends as a film does that can be written: mp4, mov, mkv, webm. */
bool film_file_takes(const char *path);

/* Starts a film at `path` and says what encodes it; target's descriptor and ending are set here.
 * NULL: reported. */
struct film_file *film_file_open(struct app *app, const struct video_library *library,
                                 const char *path, struct video_target target);

/* Adds a frame; one of another size than the target's is scaled into it, which is said once.
 * Returns a status: a film that cannot be gone on with (a full disk) is reported, once, and what
 * was written stays. */
int film_file_add(struct film_file *film, const struct video_pixels *pixels, double time_s);

/* Puts the film in its place; unless `is_whole`, its sound ends with its last frame. Returns a
 * status, also of what failed before. Sets `*film` to NULL; accepts NULL there. */
int film_file_finish(struct film_file **film, bool is_whole);

/* Removes what was written. Accepts a pointer to NULL. */
void film_file_abandon(struct film_file **film);

#endif
