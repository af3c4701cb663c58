/* SPDX-License-Identifier: Apache-2.0 */
/* octet tune: options. */
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "models/names_file.h"
#include "tune/tune_run.h"

#define EPOCHS_DEFAULT 10
#define EPOCHS_MOST 10000
#define MINUTES_MOST 100000

static bool parse(struct app *app, int argc, char **argv, struct tune_arguments *a,
                  const char **target, struct operands *operands, int *status)
{
    static const char *const targets[] = {"octet", "trt", NULL};
    static const char *const splits[] = {"train", "val", "test", NULL};
    static const char *const bits[] = {"8", "4", NULL};
    static const char *const switches[] = {"on", "off", NULL};
    struct calibration_request *pictures = &a->pictures;
    const struct option options[] = {
        {"images", 'i', OPTION_TEXTS, "SOURCE",
         "pictures to learn from, 100 or so; no labels needed", &pictures->images, 0, 0, NULL},
        {.name = "labels",
         .help = "learn from the labels of --data, not from the float model",
         .target = &a->labels},
        {"data", 'd', OPTION_TEXT, "FILE", "a data.yaml with label files, in place of --images",
         &a->data, 0, 0, NULL},
        {"split", 0, OPTION_CHOICE, "NAME", "of the data.yaml: train (default), val or test",
         &a->split, 0, 0, splits},
        {"output", 'o', OPTION_TEXTS, "FILE",
         "FILE.octet, an engine, FILE.onnx, a model with Q/DQ, or both (needed)", &a->outputs, 0, 0,
         NULL},
        {"target", 0, OPTION_CHOICE, "NAME", "whose rules: octet (default), or trt: TensorRT's",
         target, 0, 0, targets},
        {"epochs", 'e', OPTION_REAL, "X",
         "times to learn from each picture (default 10; with 4 bits those of 1000 steps)",
         &a->epochs, 0.001, EPOCHS_MOST, NULL},
        {"weight-bits", 0, OPTION_CHOICE, "N", "of weights: 8 (default), or 4, with target octet",
         &a->weight_bits, 0, 0, bits},
        {"scale-jitter", 0, OPTION_CHOICE, "WHEN",
         "learn from pictures at random sizes: on, off (default: on with 4 bits)", &a->jitter, 0, 0,
         switches},
        {"minutes", 0, OPTION_REAL, "X", "as many epochs as fit into X minutes", &a->minutes, 0.01,
         MINUTES_MOST, NULL},
        {"stats", 's', OPTION_TEXT, "FILE", "statistics to begin with (default: of the pictures)",
         &a->stats, 0, 0, NULL},
        WEIGHTS_OPTION(&a->weights),
        {"calibrator", 0, OPTION_TEXT, "NAME", "what makes scales to begin with (default: mse)",
         &a->calibrator, 0, 0, NULL},
        {"count", 'n', OPTION_INTEGER, "N", "only N pictures, a random sample (default: all)",
         &pictures->count, 1, SAMPLE_MAX, NULL},
        {"seed", 0, OPTION_INTEGER, "N", "of sample, order and flips (default 0)", &pictures->seed,
         0, SEED_MAX, NULL},
        {"imgsz", 0, OPTION_SIZE, "N|HxW", "input size (default: the model's)", &pictures->size, 0,
         0, NULL},
        {"max-bad", 0, OPTION_REAL, "SHARE", "of the pictures may be unreadable (default 0.01)",
         &pictures->max_bad, 0, 1, NULL},
        NAMES_OPTION(app),
        DEVICE_OPTION(app),
        CACHE_OPTION(app),
        {.name = "resume",
         .help = "go on from FILE.partial, which an interrupted run left",
         .target = &a->resume},
    };
    const struct command command = {
        .name = "tune",
        .operands = "MODEL.onnx",
        .summary = "train a quantised model to be what its float model is",
        .notes = "Weights and scales learn from the float model's own answers. A tenth of the "
                 "pictures is held\nout; what is written is the better of the start and the best "
                 "state there. See octet-tune(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 1,
        .operands_maximum = 1,
    };
    return options_parse(app, &command, argc, argv, operands, status);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length > tail && strcmp(text + length - tail, end) == 0;
}

static int take_outputs(struct app *app, struct tune_arguments *a)
{
    for (size_t i = 0; i < a->outputs.count; i++) {
        const char *path = a->outputs.text[i];
        const char **place = ends_with(path, ".octet")  ? &a->engine
                             : ends_with(path, ".onnx") ? &a->onnx
                                                        : NULL;
        if (!place)
            return app_usage(app, "-o %s: neither FILE.octet nor FILE.onnx", path);
        if (*place)
            return app_usage(app, "-o: one FILE of a kind, not %s and %s", *place, path);
        *place = path;
    }
    if (!a->outputs.count)
        return app_usage(app, "-o FILE is missing: the engine (.octet) or model (.onnx) to write");
    if (a->onnx && !a->for_tensorrt)
        return app_usage(app, "-o %s: models with Q/DQ are made by TensorRT's rules: --target trt",
                         a->onnx);
    return STATUS_DONE;
}

/* A data.yaml's split is a source as well. */
static int take_pictures(struct app *app, struct tune_arguments *a)
{
    if (a->labels && !a->data)
        return app_usage(app, "--labels needs --data FILE, the data.yaml whose label files they "
                              "are in");
    if (a->split && !a->data)
        return app_usage(app, "--split goes with --data");
    if (a->data && a->pictures.images.count)
        return app_usage(app, "--images and --data exclude each other");
    if (!a->data)
        return a->pictures.images.count
                   ? STATUS_DONE
                   : app_usage(app, "--images SOURCE is missing: the pictures to learn from");
    a->split = a->split ? a->split : "train";
    a->of_data = app_printf("%s:%s", a->data, a->split);
    a->source = a->of_data;
    a->pictures.images = (struct texts){&a->source, 1};
    return STATUS_DONE;
}

int cmd_tune(struct app *app, int argc, char **argv)
{
    struct tune_arguments a = {.pictures = {.max_bad = MAX_BAD_DEFAULT}, .epochs = -1};
    struct operands operands;
    const char *target = NULL;
    int status;
    if (!parse(app, argc, argv, &a, &target, &operands, &status))
        return status;
    a.model = operands.text[0];
    a.for_tensorrt = target && strcmp(target, "trt") == 0;
    status = take_pictures(app, &a);
    if (status != STATUS_DONE)
        return status;
    if (a.epochs > 0 && a.minutes > 0)
        return app_usage(app, "--epochs and --minutes exclude each other");
    if (a.stats && a.pictures.size.height)
        return app_usage(app, "--imgsz and --stats exclude each other: statistics have a size");
    a.has_few_bits = a.weight_bits && strcmp(a.weight_bits, "4") == 0;
    if (a.has_few_bits && a.for_tensorrt)
        return app_usage(app, "--weight-bits 4 goes with --target octet: TensorRT's INT4 is for "
                              "weights beside float activations");
    if (a.epochs < 0 && !a.has_few_bits)
        a.epochs = EPOCHS_DEFAULT;
    status = take_outputs(app, &a);
    if (status == STATUS_DONE)
        status = tune_run(app, &a);
    free(a.of_data);
    return status;
}
