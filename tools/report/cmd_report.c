/* SPDX-License-Identifier: Apache-2.0 */
/* octet report: one page that tells what quantisation did. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/output_file.h"
#include "app/paths.h"
#include "app/terminal_text.h"
#include "models/names_file.h"
#include "pictures/inputs.h"
#include "report/report_json.h"
#include "report/report_measure.h"
#include "report/report_page.h"

#define SHOWN_DEFAULT 4
#define SHOWN_MAX 16

static int parse(struct app *app, int argc, char **argv, struct report_request *request,
                 const char **output, struct operands *operands)
{
    static const char *const splits[] = {"train", "val", "test", NULL};
    struct calibration_request *pictures = &request->compare.pictures;
    const struct option options[] = {
        {"model", 'm', OPTION_TEXT, "MODEL", "the float model that the engine was made of (needed)",
         &request->model, 0, 0, NULL},
        {"images", 'i', OPTION_TEXTS, "SOURCE", "pictures; they need no labels", &pictures->images,
         0, 0, NULL},
        {"annotations", 'a', OPTION_TEXT, "FILE",
         "labels: a COCO annotation file, whose pictures are in --images", &request->annotations, 0,
         0, NULL},
        {"data", 'd', OPTION_TEXT, "FILE", "labels and pictures: a data.yaml with label files",
         &request->data, 0, 0, NULL},
        {"split", 0, OPTION_CHOICE, "NAME", "of the data.yaml: train, val (default) or test",
         &request->split, 0, 0, splits},
        {"study", 0, OPTION_TEXT, "DIR|FILE", "show what octet study -o DIR found", &request->study,
         0, 0, NULL},
        {"output", 'o', OPTION_TEXT, "FILE", "the page (default: ENGINE.html, here)", output, 0, 0,
         NULL},
        {"pictures", 0, OPTION_INTEGER, "N",
         "so many of the worst and of the best are shown (default 4)", &request->shown, 0,
         SHOWN_MAX, NULL},
        {"count", 'n', OPTION_INTEGER, "N", "only N pictures, a random sample (default: all)",
         &pictures->count, 1, SAMPLE_MAX, NULL},
        {"seed", 0, OPTION_INTEGER, "N", "of the random sample (default 0)", &pictures->seed, 0,
         SEED_MAX, NULL},
        EVERY_OPTION(&pictures->every),
        {"max-bad", 0, OPTION_REAL, "SHARE", "of the pictures may be unreadable (default 0.01)",
         &pictures->max_bad, 0, 1, NULL},
        {"imgsz", 0, OPTION_SIZE, "N|HxW", "input size of both (default: the models')",
         &pictures->size, 0, 0, NULL},
        NAMES_OPTION(app),
        DEVICE_OPTION(app),
        CACHE_OPTION(app),
    };
    const struct command command = {
        .name = "report",
        .operands = "ENGINE",
        .summary = "one page that tells what quantisation did",
        .notes = "The page is one HTML file that needs nothing else. See octet-report(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 1,
        .operands_maximum = 1,
    };
    int status;
    return options_parse(app, &command, argc, argv, operands, &status) ? -1 : status;
}

/* "best.html" of "engines/best.octet". */
static char *default_output(const char *engine)
{
    const char *name = path_name(engine), *dot = strrchr(name, '.');
    return app_printf("%.*s.html", dot && dot != name ? (int)(dot - name) : (int)strlen(name),
                      name);
}

/* The words of the command line, as they would be typed again. */
static char *join(int argc, char **argv)
{
    char *text = app_strdup("octet report");
    for (int i = 1; i < argc; i++) {
        const bool plain =
            argv[i][0] && strcspn(argv[i], " \t\n'\"\\$&;|<>()*?[]{}`!#~") == strlen(argv[i]);
        char *longer =
            plain ? app_printf("%s %s", text, argv[i]) : app_printf("%s '%s'", text, argv[i]);
        free(text);
        text = longer;
    }
    return text;
}

static void print_lines(const struct report_data *data, const char *path)
{
    print_clean(path);
    fputs(": ", stdout);
    print_clean(data->verdict);
    fputs("\n  ", stdout);
    print_clean(data->reasons);
    if (data->advice) {
        fputs("\n  ", stdout);
        print_clean(data->advice);
    }
    putchar('\n');
}

static int write_page(struct app *app, const struct report_data *data, const char *path)
{
    struct html html = {0};
    report_page_write(&html, data);
    int status = output_write_file(app, path, html.bytes, html.length);
    if (status == STATUS_DONE && app->json)
        status = report_print_json(app, data, path, html.length);
    else if (status == STATUS_DONE && !app->quiet)
        print_lines(data, path);
    free(html.bytes);
    return status == STATUS_DONE ? app_flush(app) : status;
}

/* The page takes the place of nothing that is read. */
static int protect_inputs(struct app *app, const struct report_request *request,
                          struct report_measured *measured, const char *path)
{
    struct inputs inputs = {0};
    inputs_add(&inputs, request->engine);
    inputs_add(&inputs, request->model);
    inputs_add(&inputs, request->annotations);
    inputs_add(&inputs, request->data);
    inputs_add(&inputs, request->study);
    inputs_add(&inputs, app->names);
    inputs_add_sources(&inputs, &measured->run.sources);
    const struct eval_set *set = &measured->labels.set;
    for (size_t i = 0; set->entries && i < set->pictures.count; i++)
        inputs_add(&inputs, set->entries[i].labels);
    const int status = inputs_protect(app, &inputs, NULL, path);
    inputs_free(&inputs);
    return status;
}

static int make_report(struct app *app, struct report_request *request, const char *path)
{
    struct report_measured *measured = app_alloc(1, sizeof *measured);
    struct drawer *drawer = drawer_start(app, &(const struct draw_settings){0});
    int status = output_check(app, path);
    if (status == STATUS_DONE)
        status = report_open(app, request, measured);
    if (status == STATUS_DONE)
        status = protect_inputs(app, request, measured, path);
    if (status == STATUS_DONE)
        status = report_measure(app, request, drawer, measured);
    if (status == STATUS_DONE)
        status = write_page(app, &measured->data, path);
    report_measured_free(measured);
    free(measured);
    drawer_close(&drawer);
    return status;
}

/* Options that are missing, or do not go together. */
static int check(struct app *app, const struct report_request *request)
{
    const struct texts *images = &request->compare.pictures.images;
    if (!request->model)
        return app_usage(app, "--model MODEL is missing: the float model to compare with");
    if (request->annotations && request->data)
        return app_usage(app, "--annotations and --data exclude each other");
    if (request->split && !request->data)
        return app_usage(app, "--split goes with --data");
    if (images->count && request->data)
        return app_usage(app, "--images goes with --annotations; a data.yaml names its pictures");
    if (!images->count && !request->data)
        return app_usage(app, "--images SOURCE is missing: the pictures to compare on");
    if (images->count > 1 && request->annotations)
        return app_usage(app, "--annotations takes one --images, the folder of its pictures");
    if (request->compare.pictures.every && (request->annotations || request->data))
        return app_usage(app, "--every is of films, which have no labels");
    return STATUS_DONE;
}

int cmd_report(struct app *app, int argc, char **argv)
{
    struct report_request request = {
        .compare = {.pictures = {.max_bad = MAX_BAD_DEFAULT}, .confidence = 0.25, .fail_under = -1},
        .shown = SHOWN_DEFAULT};
    struct operands operands;
    const char *output = NULL;
    int status = parse(app, argc, argv, &request, &output, &operands);
    if (status >= 0)
        return status;
    status = check(app, &request);
    if (status != STATUS_DONE)
        return status;
    request.engine = operands.text[0];
    request.compare.worst = request.shown;
    request.compare.output = ""; /* pictures are kept for drawing */
    char *command = join(argc, argv);
    request.command = command;
    char *path = output ? app_strdup(output) : default_output(request.engine);
    status = make_report(app, &request, path);
    free(path);
    free(command);
    return status;
}
