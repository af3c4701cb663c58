/* SPDX-License-Identifier: Apache-2.0 */
/* octet compare: options, and the way from two detectors and pictures to figures. */
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/output_file.h"
#include "app/paths.h"
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
        {"output", 'o', OPTION_TEXT, "DIR", "write charts and draw the worst pictures there",
         &a->output, 0, 0, NULL},
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
        {.name = "resume",
         .help = "go on from DIR/compare.partial, which an interrupted run left",
         .target = &a->resume},
        {"imgsz", 0, OPTION_SIZE, "N|HxW", "input size of both (default: the models')",
         &pictures->size, 0, 0, NULL},
        RECT_OPTION(&a->rect),
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
    if (a->resume && !a->output)
        return app_usage(app, "--resume needs -o DIR, where the interrupted comparison is");
    return STATUS_DONE;
}

/* "A: yolov8n.onnx (fp32)". The caller frees it. */
static char *title_of(const struct compare_side *side, char letter)
{
    return app_printf("%c: %s (%s)", letter, path_name(side->path),
                      precision_name(side->info.precision));
}

/* What is read: nothing that is written takes the place of it. */
static void list_inputs(const struct compare_run *run, struct inputs *inputs)
{
    for (int i = 0; i < 2; i++)
        inputs_add(inputs, run->sides[i].path);
    inputs_add(inputs, run->app->names);
    inputs_add_sources(inputs, &run->sources);
}

static int draw_worst(struct compare_run *run, struct drawer *drawer)
{
    char *a = title_of(&run->sides[0], 'A'), *b = title_of(&run->sides[1], 'B');
    const char *const titles[2] = {a, b};
    struct inputs inputs = {0};
    list_inputs(run, &inputs);
    drawer_begin(drawer, run->sides[0].engine);
    int status = worst_pictures_read(run->app, &run->worst);
    if (status == STATUS_DONE)
        status = worst_pictures_draw(run->app, &run->worst, drawer, titles, run->arguments->output,
                                     &inputs);
    inputs_free(&inputs);
    free(a);
    free(b);
    return status;
}

/* Before long work: whether the folder's files can be written. */
static int open_folder(struct compare_run *run, struct output_folders *made)
{
    const char *folder = run->arguments->output;
    struct app *app = run->app;
    struct inputs inputs = {0};
    int status = output_make_folder(app, folder, made);
    list_inputs(run, &inputs);
    for (int i = 0; i < COMPARE_CHART_FILES && status == STATUS_DONE; i++) {
        char *path = path_join(folder, compare_chart_file(i));
        status = inputs_protect(app, &inputs, NULL, path);
        if (status == STATUS_DONE)
            status = output_check(app, path);
        free(path);
    }
    inputs_free(&inputs);
    if (status != STATUS_DONE || !sources_are_counted(&run->sources))
        return status;
    compare_state_open(&run->state, app, folder);
    status = run->arguments->resume ? STATUS_DONE : compare_state_check(&run->state);
    return status == STATUS_DONE ? output_check(app, run->state.path) : status;
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

/* Pictures and charts, of a comparison that came to its end or cannot go on from where it is. */
static int write_files(struct compare_run *run, const struct compare_result *result,
                       struct drawer *drawer)
{
    if (!drawer)
        return STATUS_DONE;
    const int status = draw_worst(run, drawer);
    return status == STATUS_DONE ? compare_charts(run, result, drawer_font(drawer)) : status;
}

/* The figures until then are printed. With a folder, what was measured is kept, and the end is one
 * in good order. */
static int tell_interrupted(struct compare_run *run, bool kept)
{
    const struct compare_state *state = &run->state;
    struct app *app = run->app;
    if (!kept)
        return app_fail(app, "interrupted: the figures are of the %zu pictures until then%s",
                        run->used,
                        run->arguments->output ? "" : "; nothing is kept without -o DIR");
    app_forget_signal();
    return app_fail(app,
                    "interrupted after %zu of %zu pictures, of which the figures are; the same "
                    "command with --resume goes on from %s",
                    state->position, state->pictures, state->path);
}

static int report(struct compare_run *run, struct drawer *drawer)
{
    struct app *app = run->app;
    struct compare_result result;
    const bool keeps = run->interrupted && run->state.path;
    const int kept = keeps ? compare_state_save(&run->state) : STATUS_DONE;
    int status = compare_run_score(run, &result), written = STATUS_DONE;
    if (status == STATUS_DONE && !keeps) /* where that fails, the figures are there all the same */
        written = write_files(run, &result, drawer);
    if (status == STATUS_DONE)
        status = app->json ? compare_report_json(run, &result) : compare_report_text(run, &result);
    if (status == STATUS_DONE)
        status = kept == STATUS_DONE ? written : kept;
    if (status == STATUS_DONE && run->interrupted)
        status = tell_interrupted(run, keeps);
    else if (status == STATUS_DONE) {
        compare_state_remove(&run->state);
        app_forget_signal(); /* one that came after the last picture */
    }
    if (status == STATUS_DONE)
        status = check_agreement(app, run->arguments, result.agreement.ap);
    free(result.classes);
    return status;
}

static int compare(struct compare_run *run, struct drawer *drawer)
{
    const struct compare_arguments *arguments = run->arguments;
    struct output_folders made = {0};
    int status = calibration_sources(run->app, &arguments->pictures, &run->sources);
    if (status == STATUS_DONE && arguments->resume)
        status = sources_refuse_streams(run->app, &run->sources, "--resume");
    if (status == STATUS_DONE)
        status = sources_check_reachable(run->app, &run->sources, arguments->pictures.max_bad);
    if (status == STATUS_DONE)
        status = compare_sides_open(run->app, &arguments->pictures.size, arguments->rect,
                                    &run->sides[0], &run->sides[1]);
    if (status == STATUS_DONE && arguments->output)
        status = open_folder(run, &made);
    if (status == STATUS_DONE)
        status = compare_run_pictures(run);
    if (status == STATUS_DONE) {
        app_hold_signals();
        status = report(run, drawer);
        app_release_signals();
    }
    output_folders_free(&made, status == STATUS_FAILED);
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
        drawer_close(&drawer);
    }
    free(list);
    return status;
}
