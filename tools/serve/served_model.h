/* SPDX-License-Identifier: Apache-2.0 */
/* One model that frames are run through, at the size that each has. */
#ifndef TOOLS_SERVED_MODEL_H
#define TOOLS_SERVED_MODEL_H

#include <stdint.h>

#include "app/options.h"
#include "models/sized_sessions.h"

#define SERVED_BOXES 20  /* of a frame, as Frigate has it */
#define SERVED_NUMBERS 6 /* of a box: class, score, y1, x1, y2, x2; the last four from 0 to 1 */

struct serve_settings {
    double confidence, iou; /* below 0: not given */
    struct input_size size; /* 0: the model's */
    bool rect;              /* frames run at the smallest size for their shape within it */
};

struct served_model {
    struct app *app;
    char *name; /* of its file */
    octet_engine *engine;
    octet_detect_settings settings;
    struct sized_sessions sessions; /* the first of the model's size, for frames that have no own */
};

/* Milliseconds that the parts of one frame took. */
struct serve_times {
    double input, network, boxes;
};

struct served_boxes {
    float rows[SERVED_BOXES][SERVED_NUMBERS]; /* best first; zeros after the last */
    int count;
    struct serve_times times;
};

/* Opens MODEL. Failures are reported. */
int served_model_open(struct app *app, const struct serve_settings *settings, const char *path,
                      struct served_model **model);

/* Makes one of an engine's or an ONNX file's bytes. Returns NULL, or what is wrong, which the
 * caller frees. */
char *served_model_take(struct app *app, const struct serve_settings *settings, const char *name,
                        const void *bytes, size_t size, struct served_model **model);

/* Finds the objects of an RGB frame. Returns NULL, or what went wrong, which the caller frees. */
char *served_model_detect(struct served_model *model, const uint8_t *rgb, int height, int width,
                          struct served_boxes *boxes);

/* Accepts a pointer to NULL. */
void served_model_free(struct served_model **model);

#endif
