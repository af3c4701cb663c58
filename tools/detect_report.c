/* SPDX-License-Identifier: Apache-2.0 */
#include "detect_report.h"

#include <stdio.h>

#include "json.h"
#include "progress.h"
#include "table.h"

#define FILE_WIDTH_MAX 48

static int at_least(int a, int b)
{
    return a > b ? a : b;
}

void detect_report_begin(struct detect_report *report, struct app *app, const octet_engine *engine,
                         const struct sources *sources)
{
    octet_info info;
    octet_engine_info(engine, &info);
    *report = (struct detect_report){.app = app, .engine = engine};
    report->file_width = report->class_width = 5;
    for (size_t i = 0; i < sources->count; i++)
        report->file_width = at_least(report->file_width, text_columns(sources->path[i]));
    if (report->file_width > FILE_WIDTH_MAX)
        report->file_width = FILE_WIDTH_MAX;
    for (int i = 0; i < info.class_count; i++)
        report->class_width =
            at_least(report->class_width, text_columns(octet_engine_class_name(engine, i)));
    if (app->json)
        fputs("{\"images\": [\n", stdout);
    else
        printf("%-*s  %-*s  %5s  %8s  %8s  %8s  %8s\n", report->file_width, "file",
               report->class_width, "class", "score", "x1", "y1", "x2", "y2");
}

static void print_padded(const char *text, int width)
{
    print_clean(text);
    printf("%*s  ", at_least(0, width - text_columns(text)), "");
}

static void print_rows(const struct detect_report *report, const struct detect_result *result)
{
    if (result->count == 0) {
        print_padded(result->path, report->file_width);
        puts("-");
    }
    for (int i = 0; i < result->count; i++) {
        const octet_detection *found = &result->detections[i];
        print_padded(result->path, report->file_width);
        print_padded(octet_engine_class_name(report->engine, found->class_id), report->class_width);
        printf("%5.3f  %8.1f  %8.1f  %8.1f  %8.1f\n", found->score, found->x1, found->y1, found->x2,
               found->y2);
    }
}

static json_t *detection_json(const struct detect_report *report, const octet_detection *found)
{
    const float corners[4] = {found->x1, found->y1, found->x2, found->y2};
    json_t *json = json_new_object(), *box = json_new_array();
    json_put(json, "class_id", json_integer(found->class_id));
    json_put(json, "class_name",
             json_text(octet_engine_class_name(report->engine, found->class_id)));
    json_put(json, "score", json_number(found->score));
    for (int i = 0; i < 4; i++)
        json_push(box, json_number(corners[i]));
    json_put(json, "box_xyxy", box);
    return json;
}

static json_t *times_json(const struct detect_times *times)
{
    json_t *json = json_new_object();
    json_put(json, "decode", json_number(times->decode));
    json_put(json, "preprocess", json_number(times->preprocess));
    json_put(json, "inference", json_number(times->inference));
    json_put(json, "postprocess", json_number(times->postprocess));
    return json;
}

static void print_json(const struct detect_report *report, const struct detect_result *result)
{
    json_t *json = json_new_object(), *detections = json_new_array();
    json_put(json, "file", json_text(result->path));
    json_put(json, "width", json_integer(result->width));
    json_put(json, "height", json_integer(result->height));
    for (int i = 0; i < result->count; i++)
        json_push(detections, detection_json(report, &result->detections[i]));
    json_put(json, "detections", detections);
    json_put(json, "time_ms", times_json(&result->times));
    if (report->pictures)
        fputs(",\n", stdout);
    json_print_compact(json);
}

int detect_report_add(struct detect_report *report, const struct detect_result *result)
{
    progress_hide(report->app->progress);
    if (report->app->json)
        print_json(report, result);
    else
        print_rows(report, result);
    report->pictures++;
    report->detections += (size_t)result->count;
    report->sums.decode += result->times.decode;
    report->sums.preprocess += result->times.preprocess;
    report->sums.inference += result->times.inference;
    report->sums.postprocess += result->times.postprocess;
    return app_flush(report->app);
}

void detect_report_end(struct detect_report *report)
{
    double n = report->pictures ? (double)report->pictures : 1;
    if (report->app->json)
        fputs(report->pictures ? "\n]}\n" : "]}\n", stdout);
    if (report->pictures && !report->app->output_failed)
        app_say(report->app,
                "%zu picture%s, %zu detection%s; ms a picture: decode %.1f, preprocess %.1f, "
                "inference %.1f, postprocess %.1f",
                report->pictures, report->pictures == 1 ? "" : "s", report->detections,
                report->detections == 1 ? "" : "s", report->sums.decode / n,
                report->sums.preprocess / n, report->sums.inference / n,
                report->sums.postprocess / n);
}
