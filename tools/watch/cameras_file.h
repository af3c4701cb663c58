/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CAMERAS.yaml:
 *
 *   cameras:
 *     gate: rtsp://user:password@10.0.0.5/stream1
 *     yard:
 *       source: /dev/video0
 *       classes: [person, car]
 *       confidence: 0.4
 *       fps: 10
 *       weight: 2
 *       zones:
 *         drive: [[0.1, 0.5], [0.9, 0.5], [0.9, 1], [0.1, 1]]
 *   max_age_ms: 1000
 *   mqtt: {address: "mqtt://127.0.0.1", topic: octet}
 *
 * docs/cameras.md tells all keys. What is not known there is refused.
 */
#ifndef TOOLS_CAMERAS_FILE_H
#define TOOLS_CAMERAS_FILE_H

#include "watch/camera_settings.h"

/* Where results go; each NULL where it is not said. */
struct watch_targets {
    char *output; /* a file of JSON lines, "-" for standard output */
    char *socket; /* of the Unix domain */
    char *mqtt;   /* a broker's address, with its password */
    char *topic, *certificates;
    char *http; /* [HOST:]PORT */
};

#define MAX_AGE_MS_MAX 3.6e6

struct cameras_file {
    struct watch_targets targets;
    double max_age_ms; /* below 0: not said */
};

bool cameras_file_is(const char *path);

/* Adds the file's cameras, which have `defaults` where nothing else is said, and takes what else
 * stands there into `*file`, over what was there. Returns a status; failures are reported. */
int cameras_file_read(struct app *app, const char *path, const struct camera_settings *defaults,
                      struct camera_list *list, struct cameras_file *file);

void watch_targets_free(struct watch_targets *targets);

#endif
