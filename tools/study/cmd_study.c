/* SPDX-License-Identifier: Apache-2.0 */
/* octet study: how many calibration pictures are enough, and which calibrator is best. */
#include "app/commands.h"
#include "models/names_file.h"
#include "study/study_run.h"

#define SEEDS_DEFAULT 3
#define SEEDS_MAX 100

static bool parse(struct app *app, int argc, char **argv, struct study_arguments *a,
                  struct operands *operands, int *status)
{
    static const char *const splits[] = {"train", "val", "test", NULL};
    *a = (struct study_arguments){.seeds = SEEDS_DEFAULT};
    const struct option options[] = {
        {"images", 'i', OPTION_TEXTS, "SOURCE", "pictures to draw calibration samples of (needed)",
         &a->images, 0, 0, NULL},
        {"counts", 'n', OPTION_LIST, "LIST", "pictures of a sample (default: 16,32,64,100,200,500)",
         &a->counts, 0, 0, NULL},
        {"seeds", 0, OPTION_INTEGER, "N", "samples of each count (default 3)", &a->seeds, 1,
         SEEDS_MAX, NULL},
        {"calibrators", 0, OPTION_LIST, "LIST", "e.g. mse,minmax,entropy (default: mse)",
         &a->calibrators, 0, 0, NULL},
        {"annotations", 'a', OPTION_TEXT, "FILE", "evaluate by a COCO annotation file",
         &a->annotations, 0, 0, NULL},
        {"eval-images", 0, OPTION_TEXT, "DIR", "the folder of its pictures", &a->eval_images, 0, 0,
         NULL},
        {"data", 'd', OPTION_TEXT, "FILE", "evaluate by a data.yaml with label files", &a->data, 0,
         0, NULL},
        {"split", 0, OPTION_CHOICE, "NAME", "of the data.yaml: train, val (default) or test",
         &a->split, 0, 0, splits},
        {"against", 0, OPTION_TEXTS, "SOURCE",
         "without labels: evaluate agreement with the float model", &a->against, 0, 0, NULL},
        NAMES_OPTION(app),
        {"imgsz", 0, OPTION_SIZE, "N|HxW", "input size (default: the model's)", &a->size, 0, 0,
         NULL},
        DEVICE_OPTION(app),
        CACHE_OPTION(app),
        {"max-bad", 0, OPTION_REAL, "SHARE",
         "share of pictures that may be missing or damaged (default 0)", &a->max_bad, 0, 1, NULL},
        {"output", 'o', OPTION_TEXT, "DIR", "write charts and study.json there", &a->folder, 0, 0,
         NULL},
        {.name = "resume",
         .help = "go on from DIR/study.partial, which an interrupted run left",
         .target = &a->resume},
    };
    const struct command command = {
        .name = "study",
        .operands = "MODEL.onnx",
        .summary = "measure how many calibration pictures are enough",
        .notes = "Every picture is gathered from once; then an INT8 engine of each sample and "
                 "calibrator is\nevaluated, which takes most of the time. See octet-study(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 1,
        .operands_maximum = 1,
    };
    return options_parse(app, &command, argc, argv, operands, status);
}

/* Options that do not go together. */
static int check(struct app *app, const struct study_arguments *a)
{
    const int truths = (a->annotations != NULL) + (a->data != NULL) + (a->against.count > 0);
    if (!a->images.count)
        return app_usage(app, "--images SOURCE is missing: the pictures to calibrate with");
    if (truths == 0)
        return app_usage(app, "what to evaluate on is missing: --annotations FILE, --data FILE or, "
                              "without labels, --against SOURCE");
    if (truths > 1)
        return app_usage(app, "--annotations, --data and --against exclude each other");
    if (a->annotations && !a->eval_images)
        return app_usage(app, "--eval-images DIR is missing: where the pictures of --annotations "
                              "are");
    if (a->eval_images && !a->annotations)
        return app_usage(app, "--eval-images goes with --annotations");
    if (a->split && !a->data)
        return app_usage(app, "--split goes with --data");
    if (a->resume && !a->folder)
        return app_usage(app, "--resume needs -o DIR, where the interrupted study is");
    return STATUS_DONE;
}

int cmd_study(struct app *app, int argc, char **argv)
{
    struct study_arguments arguments;
    struct operands operands;
    int status;
    if (!parse(app, argc, argv, &arguments, &operands, &status))
        return status;
    status = check(app, &arguments);
    return status == STATUS_DONE ? study_run(app, &arguments, operands.text[0]) : status;
}
