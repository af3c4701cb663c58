/* SPDX-License-Identifier: Apache-2.0 */
/* octet eval: options, and the way from ground truth and model to figures. */
#include <stdlib.h>

#include "app/commands.h"
#include "app/output_file.h"
#include "eval/eval_merge.h"
#include "eval/eval_report.h"
#include "eval/eval_run.h"
#include "eval/part_writer.h"
#include "models/eval_coco.h"
#include "models/eval_yaml.h"
#include "models/model_file.h"
#include "models/names_file.h"
#include "pictures/inputs.h"

static int parse(struct app *app, int argc, char **argv, struct eval_arguments *a,
                 struct operands *operands)
{
    static const char *const splits[] = {"train", "val", "test", NULL};
    *a = (struct eval_arguments){.min_ap = -1};
    const struct option options[] = {
        {"annotations", 'a', OPTION_TEXT, "FILE", "ground truth: a COCO annotation file",
         &a->annotations, 0, 0, NULL},
        {"images", 'i', OPTION_TEXT, "DIR", "the folder of its pictures", &a->images, 0, 0, NULL},
        {"data", 'd', OPTION_TEXT, "FILE", "ground truth: a data.yaml with label files", &a->data,
         0, 0, NULL},
        {"split", 0, OPTION_CHOICE, "NAME", "of the data.yaml: train, val (default) or test",
         &a->split, 0, 0, splits},
        {"detections", 0, OPTION_TEXT, "FILE", "score this COCO results file, run no model",
         &a->detections, 0, 0, NULL},
        {"classes", 0, OPTION_LIST, "LIST",
         "only these classes of the ground truth: names or ids, e.g. car,bus", &a->classes, 0, 0,
         NULL},
        NAMES_OPTION(app),
        {"imgsz", 0, OPTION_SIZE, "N|HxW", "input size (default: the model's)", &a->size, 0, 0,
         NULL},
        RECT_OPTION(&a->rect),
        DEVICE_OPTION(app),
        CACHE_OPTION(app),
        {"min-ap", 0, OPTION_REAL, "X", "exit with status 3 when AP is below, 0 to 1", &a->min_ap,
         0, 1, NULL},
        {"max-bad", 0, OPTION_REAL, "SHARE",
         "share of pictures that may be missing or damaged (default 0)", &a->max_bad, 0, 1, NULL},
        {"save-detections", 0, OPTION_TEXT, "FILE", "write all boxes as a COCO results file",
         &a->save, 0, 0, NULL},
        SHARD_OPTION(&a->shard),
        {"output", 'o', OPTION_TEXT, "FILE", "the part to write, with --shard", &a->output, 0, 0,
         NULL},
        {.name = "merge", .help = "join these PARTs of all shards", .target = &a->merge},
    };
    const struct command command = {
        .name = "eval",
        .operands = "MODEL|PART...",
        .summary = "measure average precision against labels, by COCO's rules",
        .notes = "MODEL is an engine or an ONNX file; there is none with --detections. Boxes are "
                 "selected with\nconfidence 0.001, class-aware NMS at IoU 0.7 and at most 300 of a "
                 "picture. See octet-eval(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 0,
        .operands_maximum = -1,
    };
    int status;
    return options_parse(app, &command, argc, argv, operands, &status) ? -1 : status;
}

/* --merge: everything else is in the parts. */
static int check_merge(struct app *app, const struct eval_arguments *a,
                       const struct operands *operands)
{
    if (!operands->count)
        return app_usage(app, "--merge: PART is missing: the files that --shard K/N wrote");
    if (a->shard.count || a->output || a->annotations || a->images || a->data || a->split ||
        a->detections || a->classes || app->names || app->device || a->size.height || a->rect ||
        a->max_bad > 0)
        return app_usage(app, "--merge goes with --min-ap and --save-detections only: the parts "
                              "say the rest");
    return a->save ? output_check(app, a->save) : STATUS_DONE;
}

static int check_shard(struct app *app, const struct eval_arguments *a)
{
    if (!a->shard.count && a->output)
        return app_usage(app, "-o goes with --shard: it is the part that is written");
    if (!a->shard.count)
        return STATUS_DONE;
    if (!a->output)
        return app_usage(app, "--shard: -o FILE is missing: where the part goes");
    if (a->detections || a->save || a->min_ap >= 0)
        return app_usage(app, "--shard gives no figures: --detections, --save-detections and "
                              "--min-ap do not go with it");
    const int status = output_check(app, a->output);
    return status == STATUS_DONE ? part_may_replace(app, a->output) : status;
}

/* Options that do not go together. */
static int check(struct app *app, const struct eval_arguments *a, const struct operands *operands)
{
    if (a->merge)
        return check_merge(app, a, operands);
    if (operands->count > 1)
        return app_usage(app, "too many arguments: one MODEL, or with --merge PARTs ('%s')",
                         operands->text[1]);
    if (a->annotations && a->data)
        return app_usage(app, "--annotations and --data exclude each other");
    if (!a->annotations && !a->data)
        return app_usage(app, "ground truth is missing: --annotations FILE or --data FILE");
    if (a->split && !a->data)
        return app_usage(app, "--split goes with --data");
    if (a->images && a->data)
        return app_usage(app, "--images goes with --annotations; a data.yaml names its pictures");
    if (a->detections && operands->count)
        return app_usage(app, "--detections scores a file: it takes no MODEL ('%s')",
                         operands->text[0]);
    if (a->detections && (app->names || app->device || a->data || a->images || a->save ||
                          a->size.height || a->rect || a->max_bad > 0))
        return app_usage(app, "--detections goes with --annotations, --classes and --min-ap only");
    const int status = check_shard(app, a);
    if (status != STATUS_DONE || a->detections)
        return status;
    if (!operands->count)
        return app_usage(app, "MODEL is missing (or --detections FILE)");
    if (a->annotations && !a->images)
        return app_usage(app, "--images DIR is missing: where the pictures are");
    return a->save ? output_check(app, a->save) : STATUS_DONE;
}

static int fail_context(struct app *app, octet_status status)
{
    return app_fail_library(app, status, octet_context_message(app->context));
}

static int open_truth(struct eval_run *run)
{
    const struct eval_arguments *a = run->arguments;
    run->set.max_bad = a->max_bad;
    run->ground_truth = a->data ? a->data : a->annotations;
    run->set.shard = a->shard;
    int status = a->data
                     ? eval_set_open_yaml(run->app, a->data, a->split ? a->split : "val", &run->set)
                     : eval_set_open_coco(run->app, a->annotations, a->images, &run->set);
    if (status == STATUS_DONE && a->classes)
        status = class_match_choose(run->app, run->set.truth, a->classes, &run->classes);
    return status;
}

/* What is written takes the place of nothing that is read. */
static int protect_inputs(struct eval_run *run)
{
    const struct eval_arguments *a = run->arguments;
    struct inputs inputs = {0};
    const char *output = a->output ? a->output : a->save;
    if (!output)
        return STATUS_DONE;
    inputs_add(&inputs, run->model);
    inputs_add(&inputs, a->annotations);
    inputs_add(&inputs, run->app->names);
    inputs_add_sources(&inputs, &run->set.pictures);
    for (size_t i = 0; run->set.entries && i < run->set.pictures.count; i++)
        inputs_add(&inputs, run->set.entries[i].labels);
    int status = inputs_protect(run->app, &inputs, NULL, output);
    inputs_free(&inputs);
    return status;
}

static int run_model(struct eval_run *run)
{
    int status = protect_inputs(run);
    if (status == STATUS_DONE)
        status = detector_open(run->app, run->model, &run->engine);
    if (status == STATUS_DONE) /* now also what came with the model */
        status = protect_inputs(run);
    if (status != STATUS_DONE)
        return status;
    class_match_find(run->app, run->engine, run->set.truth, &run->classes);
    return eval_run_pictures(run);
}

static int save_detections(struct eval_run *run)
{
    if (!run->arguments->save)
        return STATUS_DONE;
    app_hold_signals();
    octet_status saved = octet_detections_save(run->detections, run->arguments->save);
    app_release_signals();
    return saved == OCTET_OK ? STATUS_DONE : fail_context(run->app, saved);
}

static int load_detections(struct eval_run *run)
{
    octet_status status =
        octet_detections_load(run->app->context, run->arguments->detections, &run->detections);
    return status == OCTET_OK ? STATUS_DONE : fail_context(run->app, status);
}

static int check_ap(struct eval_run *run, double ap)
{
    double wanted = run->arguments->min_ap;
    if (wanted < 0 || ap >= wanted)
        return STATUS_DONE;
    if (ap < 0)
        app_fail(run->app, "--min-ap %g: there is no AP, for there are no boxes", wanted);
    else
        app_fail(run->app, "AP %.6f is below --min-ap %g", ap, wanted);
    return STATUS_CHECK;
}

static int evaluate(struct eval_run *run)
{
    const int kept = save_detections(run);
    if (kept != STATUS_DONE)
        return kept;
    struct eval_result result;
    octet_evaluate_settings settings = {.class_ids = run->classes.chosen,
                                        .class_count = run->classes.chosen_count,
                                        .image_ids = run->done,
                                        .image_count = run->done_count};
    result.classes = app_alloc(octet_truth_class_count(run->set.truth), sizeof *result.classes);
    octet_status status =
        octet_evaluate(run->set.truth, run->detections, &settings, &result.all, result.classes);
    int ended = status == OCTET_OK ? eval_report(run, &result) : fail_context(run->app, status);
    if (ended == STATUS_DONE && run->set.bad)
        app_say(run->app, "%zu of %zu pictures were left out", run->set.bad, run->set.total);
    if (ended == STATUS_DONE)
        ended = check_ap(run, result.all.ap);
    free(result.classes);
    return ended;
}

/* Runs a shard's pictures into its part. */
static int write_part(struct eval_run *run)
{
    struct part_writer part = {0};
    run->part = &part;
    int status = run_model(run);
    if (status == STATUS_DONE) {
        app_hold_signals();
        status = part_commit(&part, run);
        app_release_signals();
    }
    if (status == STATUS_DONE)
        status = eval_report_part(run);
    part_abandon(&part);
    run->part = NULL;
    return status;
}

static int measure(struct eval_run *run)
{
    int status = open_truth(run);
    if (status == STATUS_DONE && run->set.shard.count)
        return write_part(run);
    if (status == STATUS_DONE)
        status = run->model ? run_model(run) : load_detections(run);
    return status == STATUS_DONE ? evaluate(run) : status;
}

static int merge(struct eval_run *run, const struct operands *operands)
{
    struct eval_parts parts = {0};
    struct inputs inputs = {0};
    for (int i = 0; i < operands->count; i++)
        inputs_add(&inputs, operands->text[i]);
    int status = STATUS_DONE;
    if (run->arguments->save)
        status = inputs_protect(run->app, &inputs, NULL, run->arguments->save);
    if (status == STATUS_DONE)
        status = eval_parts_read(run->app, operands->text, (size_t)operands->count, &parts);
    if (status == STATUS_DONE)
        status = eval_parts_join(run, &parts);
    if (status == STATUS_DONE)
        status = evaluate(run);
    eval_parts_free(&parts);
    inputs_free(&inputs);
    return status;
}

int cmd_eval(struct app *app, int argc, char **argv)
{
    struct eval_arguments arguments;
    struct operands operands;
    int status = parse(app, argc, argv, &arguments, &operands);
    if (status >= 0)
        return status;
    status = check(app, &arguments, &operands);
    if (status != STATUS_DONE)
        return status;
    struct eval_run run = {.app = app, .arguments = &arguments};
    if (arguments.merge) {
        status = merge(&run, &operands);
    } else {
        run.model = arguments.detections ? NULL : operands.text[0];
        status = measure(&run);
    }
    size_tally_free(&run.tally);
    sized_sessions_close(&run.sessions);
    octet_engine_free(&run.engine);
    octet_detections_free(&run.detections);
    class_match_free(&run.classes);
    eval_set_free(&run.set);
    json_decref(run.facts);
    free(run.done);
    return status;
}
