/* SPDX-License-Identifier: Apache-2.0 */
/* Prints detections as a table, JSON, JSON Lines or CSV. */
#include "detect/detect_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/json_print.h"
#include "app/progress.h"
#include "models/code_watch.h"
#include "models/detection_json.h"

#define FILE_WIDTH_MAX 48
#define CLASS_WIDTH_MAX 32
#define SCORE_WIDTH 5
#define PIXEL_WIDTH 8

enum { COLUMN_FILE, COLUMN_CLASS, COLUMN_SCORE, COLUMN_BOX, COLUMNS = COLUMN_BOX + 4 };

/* Of the text as it stands in the table, `most` at most. */
static void reserve(struct table *table, size_t column, const char *text, int most)
{
    char *quoted = text_quoted(text);
    int width = text_columns(quoted);
    table_reserve(table, column, width < most ? width : most);
    free(quoted);
}

static void begin_table(struct detect_report *report, const struct sources *sources)
{
    static const char *const headers[COLUMNS] = {"file", "class", ">score", ">-x1",
                                                 ">-y1", ">-x2",  ">-y2"};
    octet_info info;
    struct table *table = &report->table;
    octet_engine_info(report->engine, &info);
    table_open(table, headers, COLUMNS);
    for (size_t i = 0; i < sources->count; i++) {
        char *first = app_printf("%s%s", sources->path[i], sources_film(sources, i) ? ":0000" : "");
        reserve(table, COLUMN_FILE, first, FILE_WIDTH_MAX);
        free(first);
    }
    for (int i = 0; i < info.class_count; i++)
        reserve(table, COLUMN_CLASS, octet_engine_class_name(report->engine, i), CLASS_WIDTH_MAX);
    table_reserve(table, COLUMN_SCORE, SCORE_WIDTH);
    for (size_t i = COLUMN_BOX; i < COLUMNS; i++)
        table_reserve(table, i, PIXEL_WIDTH);
    table_begin(table);
}

void detect_report_begin(struct detect_report *report, struct app *app, enum detect_format format,
                         const octet_engine *engine, const struct sources *sources)
{
    *report = (struct detect_report){.app = app, .engine = engine, .format = format};
    for (size_t i = 0; i < sources->count; i++)
        report->has_films = report->has_films || sources_film(sources, i);
    if (format == DETECT_JSON)
        fputs("{\"images\": [\n", stdout);
    else if (format == DETECT_CSV)
        printf("file,class_id,class_name,score,x1,y1,x2,y2,width,height%s\n",
               report->has_films ? ",frame,time" : "");
    else if (format == DETECT_TABLE)
        begin_table(report, sources);
}

static void print_rows(struct detect_report *report, const struct detect_result *result)
{
    struct table *table = &report->table;
    if (result->count == 0) {
        table_add_name(table, result->path);
        table_add(table, "-");
        for (int i = COLUMN_SCORE; i < COLUMNS; i++)
            table_add(table, "%s", "");
    }
    for (int i = 0; i < result->count; i++) {
        const octet_detection *found = &result->detections[i];
        const float corners[4] = {found->x1, found->y1, found->x2, found->y2};
        table_add_name(table, result->path);
        table_add_name(table, octet_engine_class_name(report->engine, found->class_id));
        table_add(table, "%5.3f", found->score);
        for (int k = 0; k < 4; k++)
            table_add(table, "%.1f", corners[k]);
    }
    table_flush(table);
}

/* As RFC 4180 quotes, exact; only a terminal gets clean text. */
static void print_csv_text(const char *text)
{
    char *copy = app_strdup(text);
    if (isatty(STDOUT_FILENO))
        text_clean(copy);
    bool quoted = copy[strcspn(copy, "\",\r\n")] != '\0';
    if (quoted)
        putchar('"');
    for (const char *c = copy; *c; c++) {
        if (*c == '"')
            putchar('"');
        putchar(*c);
    }
    if (quoted)
        putchar('"');
    free(copy);
}

static void print_csv(const struct detect_report *report, const struct detect_result *result)
{
    for (int i = 0; i < result->count; i++) {
        const octet_detection *found = &result->detections[i];
        print_csv_text(result->film ? result->film : result->path);
        printf(",%d,", found->class_id);
        print_csv_text(octet_engine_class_name(report->engine, found->class_id));
        printf(",%.9g,%.9g,%.9g,%.9g,%.9g,%d,%d", found->score, found->x1, found->y1, found->x2,
               found->y2, result->width, result->height);
        if (result->film)
            printf(",%zu,%.6f", result->frame, result->time_s);
        else if (report->has_films)
            fputs(",,", stdout);
        putchar('\n');
    }
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

static void print_json(struct detect_report *report, json_t *json)
{
    if (report->format == DETECT_JSON && report->entries++)
        fputs(",\n", stdout);
    json_print_compact(json);
    if (report->format == DETECT_JSON_LINES)
        putchar('\n');
}

static json_t *result_json(const struct detect_report *report, const struct detect_result *result)
{
    json_t *json = json_new_object(), *detections = json_new_array();
    json_put(json, "file", json_text(result->film ? result->film : result->path));
    if (result->film) {
        json_put(json, "frame", json_integer((json_int_t)result->frame));
        json_put(json, "time", json_number(result->time_s));
        if (result->is_live)
            json_put(json, "dropped", json_integer((json_int_t)result->dropped));
    }
    json_put(json, "width", json_integer(result->width));
    json_put(json, "height", json_integer(result->height));
    if (result->where) {
        json_put(json, "input_width", json_integer(result->where->target_width));
        json_put(json, "input_height", json_integer(result->where->target_height));
    }
    for (int i = 0; i < result->count; i++)
        json_push(detections, detection_json(report->engine, &result->detections[i]));
    json_put(json, "detections", detections);
    json_put(json, "time_ms", times_json(&result->times));
    if (result->drift)
        json_put(json, "drift", code_watch_json(result->drift));
    return json;
}

/* A camera counts for itself. */
static void note_dropped(struct detect_report *report, const struct detect_result *result)
{
    if (!result->is_live)
        return;
    if (report->camera != result->film)
        report->dropped_before = report->dropped;
    report->camera = result->film;
    report->dropped = report->dropped_before + result->dropped;
}

int detect_report_add(struct detect_report *report, const struct detect_result *result)
{
    progress_hide(report->app->progress);
    if (report->format == DETECT_TABLE)
        print_rows(report, result);
    else if (report->format == DETECT_CSV)
        print_csv(report, result);
    else
        print_json(report, result_json(report, result));
    note_dropped(report, result);
    report->pictures++;
    report->detections += (size_t)result->count;
    report->sums.decode += result->times.decode;
    report->sums.preprocess += result->times.preprocess;
    report->sums.inference += result->times.inference;
    report->sums.postprocess += result->times.postprocess;
    return app_flush(report->app);
}

int detect_report_add_bad(struct detect_report *report, const char *path, const char *message)
{
    if (report->format != DETECT_JSON && report->format != DETECT_JSON_LINES)
        return STATUS_DONE;
    progress_hide(report->app->progress);
    json_t *json = json_new_object();
    json_put(json, "file", json_text(path));
    json_put(json, "error", json_text(message));
    print_json(report, json);
    return app_flush(report->app);
}

void detect_report_end(struct detect_report *report)
{
    double n = report->pictures ? (double)report->pictures : 1;
    if (report->format == DETECT_JSON)
        fputs(report->entries ? "\n]}\n" : "]}\n", stdout);
    if (report->format == DETECT_TABLE)
        table_end(&report->table);
    if (report->pictures && !report->app->output_failed)
        app_say(report->app,
                "%zu picture%s, %zu detection%s; ms a picture: decode %.1f, preprocess %.1f, "
                "inference %.1f, postprocess %.1f",
                report->pictures, report->pictures == 1 ? "" : "s", report->detections,
                report->detections == 1 ? "" : "s", report->sums.decode / n,
                report->sums.preprocess / n, report->sums.inference / n,
                report->sums.postprocess / n);
    if (report->dropped && !report->app->output_failed)
        app_say(
            report->app, "%" PRIu64 " frame%s more came while the network was busy, and %s lost",
            report->dropped, report->dropped == 1 ? "" : "s", report->dropped == 1 ? "is" : "are");
}
