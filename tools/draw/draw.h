/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures with boxes drawn, and their files. */
#ifndef TOOLS_DRAW_H
#define TOOLS_DRAW_H

#include "app/app.h"

struct draw_settings {
    double line_width; /* pixels; 0: by the picture's size */
    bool no_labels;    /* boxes only */
    bool no_scores;    /* names of classes only */
};

struct drawing {
    const octet_image *image;
    const octet_detection *detections;
    int count;
};

struct drawer;
struct label_font;

/* To be called before any thread was started. */
struct drawer *drawer_start(struct app *app, const struct draw_settings *settings);

/* Opens the fonts that the names of the engine's classes need, before long work: what is missing is
 * said now. `engine` must stay. */
void drawer_begin(struct drawer *drawer, const octet_engine *engine);

/* Its words' font, for what else is drawn; the drawer's. */
struct label_font *drawer_font(struct drawer *drawer);

/* Draws boxes with class and score, and writes a PNG where `path` ends in .png, else a JPEG of
 * quality 92. */
int draw_to_file(struct drawer *drawer, const struct drawing *drawing, const char *path);

/* Draws one picture twice, side by side, each with its own boxes below its title; a JPEG of quality
 * 92. Both drawings are of one image. */
int draw_beside_to_file(struct drawer *drawer, const struct drawing sides[2],
                        const char *const titles[2], const char *path);

struct small_jpeg {
    int width_most;    /* pixels; the picture is made that small before boxes are drawn on it */
    int quality;       /* 40 to 100 */
    size_t bytes_most; /* width and quality go down, to a third and by 34, until it fits */
};
struct made_jpeg {
    unsigned char *bytes; /* the caller's to free */
    size_t size;
    int width, height;
};

/* A small JPEG in memory, with labels that can be read; `name` stands for it in messages. On
 * failure nothing is to be freed. */
int draw_to_jpeg(struct drawer *drawer, const struct drawing *drawing, const char *name,
                 const struct small_jpeg *wanted, struct made_jpeg *made);

/* Draws as well, and hands over rows of 32-bit pixels 0x00RRGGBB in the machine's byte order, whose
 * size is the picture's; `name` stands for them in messages. Returns what `use` does. */
int draw_to_pixels(struct drawer *drawer, const struct drawing *drawing, const char *name,
                   int (*use)(void *user, const unsigned char *pixels, size_t stride), void *user);

/* Accepts a pointer to NULL. */
void drawer_close(struct drawer **drawer);

#endif
