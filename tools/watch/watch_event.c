/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the lines of JSON. */
#include "watch/watch_event.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "models/code_watch.h"
#include "models/detection_json.h"

static double rounded(double number, double digits)
{
    return round(number * digits) / digits;
}

double wall_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

const char *wall_text(double wall_s, char *text)
{
    const double whole_ms = round(wall_s * 1e3);
    const time_t seconds = (time_t)floor(whole_ms / 1e3);
    const int milliseconds = (int)(whole_ms - (double)seconds * 1e3);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    const size_t length = strftime(text, WALL_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + length, WALL_TEXT_BYTES - length, ".%03dZ", milliseconds);
    return text;
}

static json_t *zones_json(const struct watch_event *event, uint64_t bits)
{
    json_t *json = json_new_array();
    for (size_t i = 0; i < event->zone_count; i++)
        if (bits >> i & 1)
            json_push(json, json_text(event->zones[i].name));
    return json;
}

char *watch_event_line(const struct watch_event *event)
{
    char time[WALL_TEXT_BYTES];
    json_t *json = json_new_object(), *detections = json_new_array();
    json_put(json, "camera", json_text(event->camera));
    json_put(json, "frame", json_integer((json_int_t)event->frame));
    json_put(json, "time", json_text(wall_text(event->wall_s, time)));
    json_put(json, "position_s", json_number(rounded(event->time_s, 1e6)));
    json_put(json, "width", json_integer(event->width));
    json_put(json, "height", json_integer(event->height));
    for (int i = 0; i < event->count; i++) {
        json_t *detection = detection_json(event->engine, &event->detections[i]);
        if (event->zone_count)
            json_put(detection, "zones", zones_json(event, event->in_zones[i]));
        json_push(detections, detection);
    }
    json_put(json, "detections", detections);
    json_put(json, "age_ms", json_number(rounded(event->age_ms, 1e3)));
    return json_clean_line(json);
}

static json_t *begin_line(const char *camera, double wall_s)
{
    char time[WALL_TEXT_BYTES];
    json_t *json = json_new_object();
    json_put(json, "camera", json_text(camera));
    json_put(json, "time", json_text(wall_text(wall_s, time)));
    return json;
}

char *watch_state_line(const char *camera, double wall_s, const char *state, const char *message)
{
    json_t *json = begin_line(camera, wall_s);
    json_put(json, "state", json_text(state));
    json_put(json, "message", json_text(message));
    return json_clean_line(json);
}

char *watch_drift_line(const char *camera, double wall_s, const octet_drift_state *drift,
                       const char *message)
{
    json_t *json = begin_line(camera, wall_s);
    json_put(json, "drift", code_watch_json(drift));
    json_put(json, "message", json_text(message));
    return json_clean_line(json);
}
