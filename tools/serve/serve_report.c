/* SPDX-License-Identifier: Apache-2.0 */
/* Counts requests and times, and tells of them. */
#include "serve/serve_report.h"

#include <stdlib.h>
#include <string.h>

#include "app/json_print.h"

#define MISTAKES_TOLD 20

void serve_report_begin(struct serve_report *report, struct app *app, const char *address,
                        const char *model)
{
    *report = (struct serve_report){
        .app = app, .address = address, .model = model, .start_ms = app_now_ms()};
}

void serve_report_frame(struct serve_report *report, uint64_t client,
                        const struct frigate_header *header, const struct served_boxes *boxes,
                        double latency_ms)
{
    const struct serve_times *times = &boxes->times;
    report->latency[report->frames % SERVE_LATENCIES_MAX] = latency_ms;
    report->sum += latency_ms;
    if (!report->frames || latency_ms < report->least)
        report->least = latency_ms;
    if (latency_ms > report->most)
        report->most = latency_ms;
    report->frames++;
    report->objects += (uint64_t)boxes->count;
    if (report->app->verbose)
        app_say(report->app,
                "client %llu: %dx%d %s %s: %d object%s; ms: %.2f (input %.2f, network %.2f, boxes "
                "%.2f)",
                (unsigned long long)client, header->width, header->height,
                header->is_float ? "float32" : "uint8", header->planar ? "NCHW" : "NHWC",
                boxes->count, boxes->count == 1 ? "" : "s", latency_ms, times->input,
                times->network, times->boxes);
}

void serve_report_mistake(struct serve_report *report, uint64_t client, const char *problem)
{
    report->mistakes++;
    if (report->mistakes <= MISTAKES_TOLD || report->app->verbose)
        app_say(report->app, "client %llu: %s", (unsigned long long)client, problem);
    if (report->mistakes == MISTAKES_TOLD && !report->app->verbose)
        app_say(report->app, "further mistakes are counted only; -v tells them");
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Of the last frames, sorted; `*count` of them. */
static void sort_latencies(struct serve_report *report, size_t *count)
{
    *count = report->frames < SERVE_LATENCIES_MAX ? (size_t)report->frames : SERVE_LATENCIES_MAX;
    qsort(report->latency, *count, sizeof *report->latency, compare);
}

/* The latency that `percent` in a hundred do not pass. */
static double latency_at(const struct serve_report *report, size_t count, double percent)
{
    size_t index = (size_t)(percent / 100 * (double)count);
    return report->latency[index < count ? index : count - 1];
}

static void say_end(const struct serve_report *report, size_t count, uint64_t clients)
{
    char *text = app_strdup("");
    if (count) {
        free(text);
        text =
            app_printf("; ms a frame: median %.2f, 99 in 100 below %.2f, longest %.2f",
                       latency_at(report, count, 50), latency_at(report, count, 99), report->most);
    }
    app_say(report->app,
            "%llu frame%s of %llu client%s, %llu object%s%s; %llu request%s with mistakes, %llu "
            "repl%s that nobody waited for",
            (unsigned long long)report->frames, report->frames == 1 ? "" : "s",
            (unsigned long long)clients, clients == 1 ? "" : "s",
            (unsigned long long)report->objects, report->objects == 1 ? "" : "s", text,
            (unsigned long long)report->mistakes, report->mistakes == 1 ? "" : "s",
            (unsigned long long)report->undelivered, report->undelivered == 1 ? "y" : "ies");
    free(text);
}

static json_t *latency_json(const struct serve_report *report, size_t count)
{
    json_t *json = json_new_object();
    const struct {
        const char *key;
        double value;
    } parts[] = {
        {"median", count ? latency_at(report, count, 50) : 0},
        {"mean", count ? report->sum / (double)report->frames : 0},
        {"p90", count ? latency_at(report, count, 90) : 0},
        {"p99", count ? latency_at(report, count, 99) : 0},
        {"min", report->least},
        {"max", report->most},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        json_put(json, parts[i].key, count ? json_number(parts[i].value) : json_null());
    return json;
}

static int print_json(struct serve_report *report, size_t count, uint64_t clients)
{
    json_t *json = json_new_object();
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {
        {"clients", clients},
        {"requests", report->requests},
        {"frames", report->frames},
        {"objects", report->objects},
        {"model_requests", report->model_requests},
        {"models_received", report->models_received},
        {"mistakes", report->mistakes},
        {"undelivered", report->undelivered},
    };
    json_put(json, "address", json_text(report->address));
    json_put(json, "model", json_text(report->model));
    json_put(json, "seconds", json_number((app_now_ms() - report->start_ms) / 1000));
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        json_put(json, counts[i].key, json_integer((json_int_t)counts[i].value));
    json_put(json, "latency_ms", latency_json(report, count));
    return json_print(report->app, json);
}

int serve_report_end(struct serve_report *report, uint64_t clients)
{
    size_t count;
    sort_latencies(report, &count);
    say_end(report, count, clients);
    return report->app->json ? print_json(report, count, clients) : STATUS_DONE;
}
