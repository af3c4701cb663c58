/* SPDX-License-Identifier: Apache-2.0 */
/* What a folder or a pattern has besides pictures that octet reads: counted by kind, and told in
 * one line, so that half a set is never passed over in silence. */
#ifndef TOOLS_LEFT_OUT_H
#define TOOLS_LEFT_OUT_H

#include "app/app.h"

#define LEFT_OUT_KINDS 16  /* pictures and videos of types that are not read */
#define LEFT_OUT_ENDINGS 4 /* of other files, named as examples */
#define ENDING_BYTES 16

struct left_out {
    size_t kinds[LEFT_OUT_KINDS]; /* files of each kind in the table of left_out.c */
    size_t special;               /* pipes, devices and the like with a picture's name */
    size_t companions;            /* labels, lists, caches and the like, as lie beside pictures */
    size_t others;
    char endings[LEFT_OUT_ENDINGS][ENDING_BYTES];
    size_t ending_count;
    bool more_endings;
};

/* A file that is no picture by its name. */
void left_out_add(struct left_out *left, const char *path);
void left_out_add_special(struct left_out *left);

/* "3 GIF pictures (not read), 2 other files (.bak)"; empty where nothing was left out. */
#define LEFT_OUT_BYTES 768
const char *left_out_text(const struct left_out *left, char text[LEFT_OUT_BYTES]);

/* "FOLDER: left out: 3 GIF pictures (not read), 2 other files (.bak)". Companions alone
 * are told with --verbose only. */
void left_out_say(struct app *app, const struct left_out *left, const char *folder);

#endif
