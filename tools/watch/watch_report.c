/* SPDX-License-Identifier: Apache-2.0 */
/* Tells of each camera and output, for people or as JSON. */
#include "watch/watch_report.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "app/json_print.h"
#include "models/model_file.h"

enum { AGE_MEDIAN, AGE_P95, AGE_P99, AGES };

static const double shares[AGES] = {0.5, 0.95, 0.99};

static double per_second(uint64_t count, const struct watch_span *span)
{
    const double seconds = (span->end_ms - span->start_ms) / 1e3;
    return seconds > 0 ? (double)count / seconds : 0;
}

static void say_camera(const struct watch *watch, struct watched_camera *camera,
                       const struct watch_span *span)
{
    const struct camera_numbers n = camera_counts_get(&camera->counts);
    double ages[AGES];
    camera_counts_ages(&camera->counts, shares, AGES, ages);
    char *skipped = n.passed_over
                        ? app_printf(", %llu passed over", (unsigned long long)n.passed_over)
                        : app_strdup("");
    char *age = n.results ? app_printf("; age ms: median %.1f, 99 in 100 below %.1f, longest %.1f",
                                       ages[AGE_MEDIAN], ages[AGE_P99], n.age_most_ms)
                          : app_strdup("");
    app_say(watch->app, "%s: %llu frame%s, %llu looked at (%.1f/s), %llu dropped%s%s",
            camera->settings->name, (unsigned long long)n.received, n.received == 1 ? "" : "s",
            (unsigned long long)n.results, per_second(n.results, span),
            (unsigned long long)n.dropped, skipped, age);
    free(skipped);
    free(age);
}

static void say_drift(const struct watch *watch, struct watched_camera *camera)
{
    const octet_drift_state state = camera_counts_get(&camera->counts).drift;
    char *text = code_verdict_text(&state);
    app_say(watch->app, "%s: drift: %s", camera->settings->name, text);
    free(text);
}

static void say_all(const struct watch *watch, const struct watch_span *span)
{
    uint64_t results = 0, dropped = 0, detections = 0;
    for (size_t i = 0; i < watch->count; i++) {
        const struct camera_numbers n = camera_counts_get(&watch->cameras[i].counts);
        results += n.results;
        dropped += n.dropped;
        detections += n.detections;
    }
    app_say(watch->app,
            "%zu camera%s, %.0f s: %llu frames looked at (%.1f/s), %llu dropped, %llu object%s",
            watch->count, watch->count == 1 ? "" : "s", (span->end_ms - span->start_ms) / 1e3,
            (unsigned long long)results, per_second(results, span), (unsigned long long)dropped,
            (unsigned long long)detections, detections == 1 ? "" : "s");
}

static json_t *count_json(uint64_t count)
{
    return json_integer((json_int_t)count);
}

static json_t *age_json(struct watched_camera *camera, const struct camera_numbers *n)
{
    double ages[AGES];
    json_t *json = json_new_object();
    camera_counts_ages(&camera->counts, shares, AGES, ages);
    const struct {
        const char *key;
        double value;
    } parts[] = {
        {"median", ages[AGE_MEDIAN]}, {"mean", n->sum_age_ms / (double)(n->results + !n->results)},
        {"p95", ages[AGE_P95]},       {"p99", ages[AGE_P99]},
        {"max", n->age_most_ms},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        json_put(json, parts[i].key, n->results ? json_number(parts[i].value) : json_null());
    return json;
}

static json_t *camera_json(const struct watch *watch, struct watched_camera *camera,
                           const struct watch_span *span)
{
    const struct camera_numbers n = camera_counts_get(&camera->counts);
    json_t *json = json_new_object();
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {
        {"frames", n.received},         {"results", n.results},       {"dropped", n.dropped},
        {"passed_over", n.passed_over}, {"failed", n.failed},         {"overdue", n.overdue},
        {"reconnects", n.reconnects},   {"detections", n.detections},
    };
    json_put(json, "camera", json_text(camera->settings->name));
    json_put(json, "source", json_text(camera->settings->source.path[0]));
    json_put(json, "state", json_text(camera_state_word(n.state)));
    json_put(json, "width", json_integer(n.width));
    json_put(json, "height", json_integer(n.height));
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        json_put(json, counts[i].key, count_json(counts[i].value));
    json_put(json, "results_per_s", json_number(per_second(n.results, span)));
    json_put(json, "age_ms", age_json(camera, &n));
    if (watch->settings.drift)
        json_put(json, "drift", code_watch_json(&n.drift));
    return json;
}

static void add_output(void *user, const char *kind, const struct output_counts *counts,
                       const char *problem)
{
    json_t *json = json_new_object();
    json_put(json, "output", json_text(kind));
    json_put(json, "written", count_json(counts->written));
    json_put(json, "dropped", count_json(counts->dropped));
    json_put(json, "failed", count_json(counts->failed));
    json_put(json, "problem", problem ? json_text(problem) : json_null());
    json_push(user, json);
}

static int print_json(struct watch *watch, const struct watch_span *span)
{
    octet_info info;
    struct rusage usage;
    octet_engine_info(watch->engine, &info);
    getrusage(RUSAGE_SELF, &usage);
    json_t *json = json_new_object(), *cameras = json_new_array(), *outputs = json_new_array();
    json_put(json, "seconds", json_number((span->end_ms - span->start_ms) / 1e3));
    json_put(json, "precision", json_text(precision_word(info.precision)));
    json_put(json, "device", json_text(span->device));
    json_put(json, "kernels", json_text(span->kernels));
    json_put(json, "workers", json_integer(span->workers));
    json_put(json, "threads", json_integer(span->threads));
    json_put(json, "cpu_s", json_number((span->end_cpu_ms - span->start_cpu_ms) / 1e3));
    json_put(json, "peak_memory_bytes", json_integer((json_int_t)usage.ru_maxrss * 1024));
    for (size_t i = 0; i < watch->count; i++)
        json_push(cameras, camera_json(watch, &watch->cameras[i], span));
    json_put(json, "cameras", cameras);
    watch_outputs_each(watch->outputs, add_output, outputs);
    json_put(json, "outputs", outputs);
    return json_print(watch->app, json);
}

int watch_report(struct watch *watch, const struct watch_span *span)
{
    if (watch->app->json)
        return print_json(watch, span);
    for (size_t i = 0; i < watch->count; i++) {
        say_camera(watch, &watch->cameras[i], span);
        if (watch->settings.drift)
            say_drift(watch, &watch->cameras[i]);
    }
    if (watch->count > 1)
        say_all(watch, span);
    return STATUS_DONE;
}
