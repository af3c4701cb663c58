/* SPDX-License-Identifier: Apache-2.0 */
/* What a user says of a camera. */
#ifndef TOOLS_CAMERA_SETTINGS_H
#define TOOLS_CAMERA_SETTINGS_H

#include "models/class_list.h"
#include "pictures/sources.h"
#include "watch/zones.h"

#define CAMERAS_MAX 256
#define CAMERA_NAME_BYTES_MAX 100
#define CAMERA_FPS_MAX 1000
#define CAMERA_WEIGHT_MIN 0.001
#define CAMERA_WEIGHT_MAX 1000

struct camera_settings {
    char *name;
    struct sources source; /* one film or camera */
    char *classes;         /* as --classes has them, or NULL: all */
    struct class_list class_list;
    double confidence, iou; /* below 0: the model's own */
    double fps;             /* most frames a second; 0: all that come */
    double weight;          /* its share where there is not enough for all */
    struct zone *zones;
    size_t zone_count; /* 0: boxes anywhere */
};

struct camera_list {
    struct camera_settings *cameras;
    size_t count;
};

/* Adds a camera that has the values of `defaults` (a name, a source and zones it has none);
 * `source` is anything that is a film, a camera or a pipeline, `name` may be NULL: then it is made
 * of the source. `*added` stays until the next one is added. Returns a status; what is wrong is
 * reported. */
int camera_list_add(struct app *app, struct camera_list *list,
                    const struct camera_settings *defaults, const char *name, const char *source,
                    struct camera_settings **added);

/* The film or camera behind it. */
const struct film_request *camera_request(const struct camera_settings *camera);

void camera_list_free(struct camera_list *list);

#endif
