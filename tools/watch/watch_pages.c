/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the texts that are served over HTTP. */
#include "watch/watch_pages.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/json_print.h"
#include "watch/outputs/http_server.h"
#include "watch/outputs/metrics_text.h"
#include "watch/watch_event.h"

#define OVERDUE_TURNS 3 /* of a camera's wanted frames: so many may be missing, slow ones' too */
#define SERVICE_UNAVAILABLE 503

struct watch_pages {
    struct watch *watch;
    struct http_server *server;
    double start_s;
};

/* A count of each camera. */
static const struct {
    const char *name, *help;
    size_t offset; /* of an uint64_t in struct camera_numbers */
} camera_counters[] = {
    {"octet_camera_frames_total", "Frames that came from the camera.",
     offsetof(struct camera_numbers, received)},
    {"octet_camera_results_total", "Frames that were looked at.",
     offsetof(struct camera_numbers, results)},
    {"octet_camera_dropped_total",
     "Frames that a newer one took the place of before their turn came.",
     offsetof(struct camera_numbers, dropped)},
    {"octet_camera_passed_over_total", "Frames that the camera's fps did not ask for.",
     offsetof(struct camera_numbers, passed_over)},
    {"octet_camera_failed_total", "Frames that could not be looked at.",
     offsetof(struct camera_numbers, failed)},
    {"octet_camera_overdue_total",
     "Results that came when the one before was older than the limit.",
     offsetof(struct camera_numbers, overdue)},
    {"octet_camera_reconnects_total", "Times that the camera came back after it was lost.",
     offsetof(struct camera_numbers, reconnects)},
    {"octet_camera_detections_total", "Objects that were found.",
     offsetof(struct camera_numbers, detections)},
};

static struct metrics_label camera_label(const struct watched_camera *camera)
{
    return (struct metrics_label){"camera", camera->settings->name};
}

static void add_counter(struct metrics_text *text, const struct watch *watch, size_t which)
{
    metrics_begin(text, METRICS_COUNTER, camera_counters[which].name, camera_counters[which].help);
    for (size_t i = 0; i < watch->count; i++) {
        const struct camera_numbers numbers = camera_counts_get(&watch->cameras[i].counts);
        const struct metrics_label label = camera_label(&watch->cameras[i]);
        uint64_t count;
        memcpy(&count, (const char *)&numbers + camera_counters[which].offset, sizeof count);
        metrics_integer(text, &label, 1, count);
    }
}

static void add_states(struct metrics_text *text, const struct watch *watch)
{
    metrics_begin(text, METRICS_GAUGE, "octet_camera_up", "1 while frames come from the camera.");
    for (size_t i = 0; i < watch->count; i++) {
        const struct camera_numbers numbers = camera_counts_get(&watch->cameras[i].counts);
        const struct metrics_label label = camera_label(&watch->cameras[i]);
        metrics_integer(text, &label, 1, numbers.state == CAMERA_UP);
    }
    metrics_begin(text, METRICS_GAUGE, "octet_camera_newest_result_age_seconds",
                  "Time since the frame of the newest result was seen.");
    for (size_t i = 0; i < watch->count; i++) {
        const struct camera_numbers numbers = camera_counts_get(&watch->cameras[i].counts);
        const struct metrics_label label = camera_label(&watch->cameras[i]);
        if (numbers.results)
            metrics_number(text, &label, 1, (app_now_ms() - numbers.last_seen_ms) / 1e3);
    }
}

/* Of cameras that something is known of. */
static void add_drift(struct metrics_text *text, const struct watch *watch)
{
    if (!watch->settings.drift)
        return;
    metrics_begin(text, METRICS_GAUGE, "octet_camera_drift_db",
                  "Noise of coding beside that on the calibration's pictures, dB more: the median "
                  "of the last nine frames that were looked at.");
    for (size_t i = 0; i < watch->count; i++) {
        const octet_drift_state state = camera_counts_get(&watch->cameras[i].counts).drift;
        const struct metrics_label label = camera_label(&watch->cameras[i]);
        if (state.pictures)
            metrics_number(text, &label, 1, state.median);
    }
    metrics_begin(text, METRICS_GAUGE, "octet_camera_drift_changed",
                  "1 while the camera's pictures are not what the engine was calibrated for.");
    for (size_t i = 0; i < watch->count; i++) {
        const octet_drift_state state = camera_counts_get(&watch->cameras[i].counts).drift;
        const struct metrics_label label = camera_label(&watch->cameras[i]);
        if (state.changed >= 0)
            metrics_integer(text, &label, 1, state.changed == 1);
    }
}

static void add_latencies(struct metrics_text *text, const struct watch *watch)
{
    struct latency_counts counts;
    metrics_begin(text, METRICS_HISTOGRAM, "octet_camera_result_age_seconds",
                  "Time from when a frame was seen to when its result was made.");
    for (size_t i = 0; i < watch->count; i++) {
        const struct metrics_label label = camera_label(&watch->cameras[i]);
        latency_read(&watch->cameras[i].counts.age, &counts);
        metrics_latencies(text, &label, 1, &counts);
    }
    metrics_begin(text, METRICS_HISTOGRAM, "octet_camera_work_seconds",
                  "Time of letterbox, network and selection of boxes together.");
    for (size_t i = 0; i < watch->count; i++) {
        const struct metrics_label label = camera_label(&watch->cameras[i]);
        latency_read(&watch->cameras[i].counts.work, &counts);
        metrics_latencies(text, &label, 1, &counts);
    }
}

static const struct {
    const char *name, *help;
} output_metrics[] = {
    {"octet_output_written_total", "Lines that an output passed on."},
    {"octet_output_dropped_total", "Lines that an output had no room for."},
    {"octet_output_failed_total", "Lines that an output could not write."},
};

/* What an output tells, of which one number is written. */
struct output_metric {
    struct metrics_text *text;
    size_t which;
};

static void add_output(void *user, const char *kind, const struct output_counts *counts,
                       const char *problem)
{
    const struct output_metric *metric = user;
    const struct metrics_label label = {"output", kind};
    const uint64_t values[] = {counts->written, counts->dropped, counts->failed};
    (void)problem;
    metrics_integer(metric->text, &label, 1, values[metric->which]);
}

static void add_outputs(struct metrics_text *text, const struct watch *watch)
{
    for (size_t i = 0; i < sizeof output_metrics / sizeof *output_metrics; i++) {
        struct output_metric metric = {text, i};
        metrics_begin(text, METRICS_COUNTER, output_metrics[i].name, output_metrics[i].help);
        watch_outputs_each(watch->outputs, add_output, &metric);
    }
}

/* Pages that this process holds in memory; 0: not known. */
static double resident_bytes(void)
{
    unsigned long long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%llu %llu", &all, &resident) != 2)
        resident = 0;
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void add_process(struct metrics_text *text, const struct watch_pages *pages)
{
    const struct metrics_label version = {"version", OCTET_VERSION};
    metrics_begin(text, METRICS_GAUGE, "octet_build_info", "1, with the version.");
    metrics_integer(text, &version, 1, 1);
    metrics_begin(text, METRICS_COUNTER, "process_cpu_seconds_total",
                  "Processor time of all threads.");
    metrics_number(text, NULL, 0, app_cpu_ms() / 1e3);
    metrics_begin(text, METRICS_GAUGE, "process_resident_memory_bytes", "Memory that is in use.");
    metrics_number(text, NULL, 0, resident_bytes());
    metrics_begin(text, METRICS_GAUGE, "process_start_time_seconds",
                  "When it began, in seconds since 1970.");
    metrics_number(text, NULL, 0, pages->start_s);
}

static void answer_metrics(void *user, struct http_reply *reply)
{
    const struct watch_pages *pages = user;
    struct metrics_text text = {0};
    add_states(&text, pages->watch);
    for (size_t i = 0; i < sizeof camera_counters / sizeof *camera_counters; i++)
        add_counter(&text, pages->watch, i);
    add_latencies(&text, pages->watch);
    add_drift(&text, pages->watch);
    add_outputs(&text, pages->watch);
    add_process(&text, pages);
    reply->type = METRICS_TYPE;
    reply->body = metrics_take(&text, &reply->size);
}

/* What is wrong with a camera, or NULL. Films that ended well are well. */
static const char *find_trouble(const struct watch *watch, size_t number)
{
    const struct watched_camera *camera = &watch->cameras[number];
    const struct camera_numbers n = camera_counts_get(&watch->cameras[number].counts);
    if (n.state == CAMERA_FINISHED)
        return NULL;
    if (n.state != CAMERA_UP)
        return camera_state_word(n.state);
    const double turn_ms = camera->settings->fps > 0 ? 1e3 / camera->settings->fps : 0;
    const double least_ms = OVERDUE_TURNS * turn_ms;
    double limit_ms = watch->settings.max_age_ms;
    if (limit_ms <= 0)
        return NULL;
    if (limit_ms < least_ms)
        limit_ms = least_ms;
    const double since_ms = n.last_seen_ms > n.up_ms ? n.last_seen_ms : n.up_ms;
    return app_now_ms() - since_ms > limit_ms ? "overdue" : NULL;
}

static void answer_health(void *user, struct http_reply *reply)
{
    const struct watch_pages *pages = user;
    const struct watch *watch = pages->watch;
    json_t *json = json_new_object(), *cameras = json_new_object();
    bool is_well = true;
    for (size_t i = 0; i < watch->count; i++) {
        const char *trouble = find_trouble(watch, i);
        is_well = is_well && !trouble;
        json_put(cameras, watch->cameras[i].settings->name, json_text(trouble ? trouble : "ok"));
    }
    json_put(json, "status", json_text(is_well ? "ok" : "trouble"));
    json_put(json, "cameras", cameras);
    reply->type = "application/json";
    if (!is_well)
        reply->status = SERVICE_UNAVAILABLE;
    reply->body = json_clean_line(json);
    reply->size = strlen(reply->body);
}

int watch_pages_open(struct watch *watch, const char *address, struct watch_pages **pages)
{
    struct watch_pages *open = *pages = app_alloc(1, sizeof *open);
    const struct http_route routes[] = {
        {"/metrics", answer_metrics, open},
        {"/healthz", answer_health, open},
    };
    open->watch = watch;
    open->start_s = wall_now_s();
    const int status = http_server_open(watch->app, "--http", address, routes,
                                        sizeof routes / sizeof *routes, &open->server);
    if (status == STATUS_DONE)
        app_say(watch->app, "metrics at http://%s/metrics, health at /healthz",
                http_server_address(open->server));
    else
        watch_pages_close(pages);
    return status;
}

void watch_pages_close(struct watch_pages **pages)
{
    if (!*pages)
        return;
    http_server_close(&(*pages)->server);
    free(*pages);
    *pages = NULL;
}
