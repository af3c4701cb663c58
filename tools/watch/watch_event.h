/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent of a frame and of a camera, as lines of JSON. */
#ifndef TOOLS_WATCH_EVENT_H
#define TOOLS_WATCH_EVENT_H

#include <octet/octet.h>

#include "watch/zones.h"

struct watch_event {
    const char *camera;
    uint64_t frame; /* its number, from 0 on, over all that the camera gave */
    double wall_s;  /* when it was seen, seconds since 1970 */
    double time_s;  /* of the film's own clock, or since the camera began */
    int width, height;
    const octet_engine *engine;
    const octet_detection *detections;
    const uint64_t *in_zones; /* of each detection, see zones_of_box() */
    int count;
    const struct zone *zones;
    size_t zone_count;
    double age_ms;
};

/* One line without its end, the caller's to free. */
char *watch_event_line(const struct watch_event *event);

/* {"camera":.., "time":.., "state":"up"|"lost"|"finished"|"failed", "message":..} */
char *watch_state_line(const char *camera, double wall_s, const char *state, const char *message);

/* {"camera":.., "time":.., "drift":{..}, "message":..}: `drift` as code_watch_json() has it. */
char *watch_drift_line(const char *camera, double wall_s, const octet_drift_state *drift,
                       const char *message);

/* "2026-01-31T23:59:59.999Z", in `text` of 32 bytes, which it returns. */
#define WALL_TEXT_BYTES 32
const char *wall_text(double wall_s, char *text);

/* Seconds since 1970, now. */
double wall_now_s(void);

#endif
