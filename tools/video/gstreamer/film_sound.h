/* SPDX-License-Identifier: Apache-2.0 */
/* A film's sound, as it is encoded there, on its way into another film. */
#ifndef TOOLS_FILM_SOUND_H
#define TOOLS_FILM_SOUND_H

#include <gst/gst.h>

struct sound;

/* Puts what reads the sound of the film at `path` into the pipeline; the container gets a pad for
 * each track. NULL: `message` says why there is no sound. */
struct sound *sound_add(GstElement *pipeline, GstElement *container, const char *path,
                        char *message);

/* After the pipeline was started: waits until all tracks have their place. `message` gets a line
 * where one does not go into the container, and stays as it is else. */
void sound_await(struct sound *sound, char *message);

/* The bin of its elements, whose errors end the sound only. */
GstObject *sound_elements(struct sound *sound);

/* No sound behind this time; its end comes soon. */
void sound_stop(struct sound *sound, double time_s);

/* After the pipeline was stopped. */
void sound_free(struct sound *sound);

#endif
