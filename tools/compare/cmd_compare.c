/* SPDX-License-Identifier: Apache-2.0 */
/* octet compare: options, and the way from two detectors and pictures to figures. */
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/output_file.h"
#include "compare/compare_report.h"
#include "models/model_file.h"
#include "models/names_file.h"

#define WORST_DEFAULT 8

/* What is made of the command line's text. */
struct given {
    struct compare_arguments arguments;
    const char *devices; /* one word for both, or two with a comma between; NULL: the CPU */
    struct operands operands;
};

static int parse(struct app *app, int argc, char **argv, struct given *given)
{
    struct compare_arguments *a = &given->arguments;
    struct calibration_request *pictures = &a->pictures;
    const struct option options[] = {
        {"images", 'i', OPTION_TEXTS, "SOURCE", "pictures; they need no labels (needed)",
         &pictures->images, 0, 0, NULL},
        {"output", 'o', OPTION_TEXT, "DIR", "draw the worst pictures into this folder", &a->output,
         0, 0, NULL},
        {"worst", 0, OPTION_INTEGER, "N", "how many of the worst pictures are told (default 8)",
         &a->worst, 0, WORST_MAX, NULL},
        {"conf", 0, OPTION_REAL, "X", "A is sure of boxes from this score on (default 0.25)",
         &a->confidence, 0.001, 1, NULL},
        {"fail-under", 0, OPTION_REAL, "PERCENT",
         "exit with status 3 when the agreement AP is below", &a->fail_under, 0, 100, NULL},
        {.name = "no-layers",
         .help = "compare boxes only, which takes a third of the time",
         .target = &a->no_layers},
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
        {"device", 0, OPTION_DEVICES, "A[,B]",
         "where they run: cpu (default), cuda, cuda:N or auto", &given->devices, 0, 0, NULL},
        CACHE_OPTION(app),
    };
    const struct command command = {
        .name = "compare",
        .operands = "A B",
        .summary = "how far two detectors agree, in boxes and in layers",
        .notes = "A and B are engines or ONNX files of the same classes; A is taken for true. "
                 "SOURCE is as in\n'octet calibrate'. See octet-compare(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 2,
        .operands_maximum = 2,
    };
    int status;
    return options_parse(app, &command, argc, argv, &given->operands, &status) ? -1 : status;
}

/* The words of --device; `*list` is what they stand in, to be freed. */
static int split_devices(struct app *app, const char *devices, char **list, const char *device[2])
{
    *list = app_strdup(devices ? devices : "cpu");
    char *comma = strchr(*list, ',');
    device[0] = device[1] = *list;
    if (!comma)
        return STATUS_DONE;
    *comma = '\0';
    device[1] = comma + 1;
    if (strchr(comma + 1, ','))
        return app_usage(app, "--device '%s': two at most, A's and B's", devices);
    return STATUS_DONE;
}

static int check(struct app *app, const struct given *given)
{
    const struct compare_arguments *a = &given->arguments;
    if (!a->pictures.images.count)
        return app_usage(app, "--images SOURCE is missing: the pictures to compare on");
    if (a->output && !a->worst)
        return app_usage(app, "-o DIR draws the worst pictures, and --worst 0 wants none");
    return STATUS_DONE;
}

/* "A: yolov8n.onnx (fp32)". The caller frees it. */
static char *title_of(const struct compare_side *side, char letter)
{
    const char *slash = strrchr(side->path, '/');
    return app_printf("%c: %s (%s)", letter, slash ? slash + 1 : side->path,
                      precision_name(side->info.precision));
}

/* What is drawn takes the place of nothing that is read. */
static int draw_worst(struct compare_run *run, struct drawer *drawer)
{
    char *a = title_of(&run->sides[0], 'A'), *b = title_of(&run->sides[1], 'B');
    const char *const titles[2] = {a, b};
    struct inputs inputs = {0};
    for (int i = 0; i < 2; i++)
        inputs_add(&inputs, run->sides[i].path);
    inputs_add(&inputs, run->app->names);
    inputs_add_sources(&inputs, &run->sources);
    drawer_begin(drawer, run->sides[0].engine);
    const int status =
        worst_pictures_draw(run->app, &run->worst, drawer, titles, run->arguments->output, &inputs);
    inputs_free(&inputs);
    free(a);
    free(b);
    return status;
}

static int check_agreement(struct app *app, const struct compare_arguments *arguments, double ap)
{
    if (arguments->fail_under < 0 || 100 * ap >= arguments->fail_under)
        return STATUS_DONE;
    if (ap < 0)
        app_fail(app, "--fail-under %g: there is no agreement AP, for A is sure of no box",
                 arguments->fail_under);
    else
        app_fail(app, "agreement AP %.4f %% is below --fail-under %g", 100 * ap,
                 arguments->fail_under);
    return STATUS_CHECK;
}

static int report(struct compare_run *run, struct drawer *drawer)
{
    struct app *app = run->app;
    struct compare_result result;
    int status = compare_run_score(run, &result), drawn = STATUS_DONE;
    if (status == STATUS_DONE && drawer)
        drawn = draw_worst(run, drawer); /* where that fails, the figures are there all the same */
    if (status == STATUS_DONE)
        status = app->json ? compare_report_json(run, &result) : compare_report_text(run, &result);
    if (status == STATUS_DONE)
        status = drawn;
    if (status == STATUS_DONE && app_interrupted())
        status =
            app_fail(app, "interrupted: the figures are of the %zu pictures until then", run->used);
    if (status == STATUS_DONE)
        status = check_agreement(app, run->arguments, result.agreement.ap);
    free(result.classes);
    return status;
}

static int compare(struct compare_run *run, struct drawer *drawer)
{
    const struct compare_arguments *arguments = run->arguments;
    int status = calibration_sources(run->app, &arguments->pictures, &run->sources);
    if (status == STATUS_DONE)
        status = sources_check_reachable(run->app, &run->sources, arguments->pictures.max_bad);
    if (status == STATUS_DONE)
        status =
            compare_sides_open(run->app, &arguments->pictures.size, &run->sides[0], &run->sides[1]);
    if (status == STATUS_DONE && drawer)
        status = output_make_folder(run->app, arguments->output, NULL);
    if (status == STATUS_DONE)
        status = compare_run_pictures(run);
    if (status != STATUS_DONE)
        return status;
    app_hold_signals();
    status = report(run, drawer);
    app_release_signals();
    return status;
}

int cmd_compare(struct app *app, int argc, char **argv)
{
    struct given given = {.arguments = {.pictures = {.max_bad = MAX_BAD_DEFAULT},
                                        .confidence = 0.25,
                                        .fail_under = -1,
                                        .worst = WORST_DEFAULT}};
    const char *device[2];
    char *list = NULL;
    int status = parse(app, argc, argv, &given);
    if (status >= 0)
        return status;
    status = check(app, &given);
    if (status == STATUS_DONE)
        status = split_devices(app, given.devices, &list, device);
    if (status == STATUS_DONE) {
        const bool draws = given.arguments.output;
        struct drawer *drawer = draws ? drawer_start(app, &(const struct draw_settings){0}) : NULL;
        struct compare_run *run = app_alloc(1, sizeof *run);
        run->app = app;
        run->arguments = &given.arguments;
        for (int i = 0; i < 2; i++) {
            run->sides[i].path = given.operands.text[i];
            run->sides[i].device = device[i];
        }
        status = compare(run, drawer);
        compare_run_close(run);
        free(run);
        if (drawer)
            drawer_close(&drawer);
    }
    free(list);
    return status;
}
