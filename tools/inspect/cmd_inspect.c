/* SPDX-License-Identifier: Apache-2.0 */
/* octet inspect: opens what the file is, and has it described. */
#include "app/commands.h"
#include "app/options.h"
#include "inspect/inspect.h"
#include "models/model_file.h"
#include "models/names_file.h"
#include "models/range_check.h"
#include "models/statistics_parts.h"

static int show(struct app *app, const struct subject *subject)
{
    if (app->json)
        return json_print(app, describe_json(subject));
    describe_text(subject);
    return STATUS_DONE;
}

static int inspect_model(struct app *app, const char *path)
{
    octet_model *model = NULL;
    octet_status status = octet_model_load(app->context, path, &model);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    int result = names_give(app, model);
    if (result == STATUS_DONE)
        result = show(app, &(struct subject){path, model, NULL});
    octet_model_free(&model);
    return result;
}

static int inspect_engine(struct app *app, const char *path)
{
    octet_engine *engine = NULL;
    octet_status status = octet_engine_load(app->context, path, &engine);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    int result = show(app, &(struct subject){path, NULL, engine});
    octet_engine_free(&engine);
    return result;
}

/* How ranges are to be made of statistics with several parts. */
struct choice {
    const char *calibrator, *weights;
};

static int inspect_statistics(struct app *app, const char *path, const struct choice *choice)
{
    octet_statistics *statistics = NULL;
    octet_status status = octet_statistics_load(app->context, path, &statistics);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    int result = statistics_weigh(app, statistics, choice->weights);
    if (result == STATUS_DONE)
        result = describe_statistics(app, path, statistics, choice->calibrator);
    octet_statistics_free(&statistics);
    return result;
}

static int inspect_cache(struct app *app, const char *path)
{
    octet_cache *cache = NULL;
    octet_status status = octet_cache_load(app->context, path, &cache);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    int result = describe_cache(app, path, cache, NULL);
    octet_cache_free(&cache);
    return result;
}

/* A cache beside statistics of the model that it is for. */
static int compare_cache(struct app *app, const char *path, const char *with)
{
    octet_cache *cache = NULL;
    octet_statistics *statistics = NULL;
    octet_status status = octet_cache_load(app->context, path, &cache);
    if (status == OCTET_OK)
        status = octet_statistics_load(app->context, with, &statistics);
    int result = status == OCTET_OK
                     ? describe_cache(app, path, cache, statistics)
                     : app_fail_library(app, status, octet_context_message(app->context));
    octet_statistics_free(&statistics);
    octet_cache_free(&cache);
    return result;
}

static int refuse_training(struct app *app, const char *path)
{
    return app_fail(app, FILE_TRAINING_REMEDY, path, file_kind_name(FILE_TRAINING));
}

int cmd_inspect(struct app *app, int argc, char **argv)
{
    static int (*const readers[])(struct app *, const char *) = {
        [FILE_ONNX] = inspect_model,
        [FILE_ENGINE] = inspect_engine,
        [FILE_CACHE] = inspect_cache,
        [FILE_TRAINING] = refuse_training,
    };
    const char *statistics = NULL;
    struct choice choice = {0};
    struct range_check check = {.others = {.max_bad = MAX_BAD_DEFAULT}};
    bool fits;
    const struct option options[] = {
        {"stats", 0, OPTION_TEXT, "FILE", "statistics to compare a TensorRT cache with",
         &statistics, 0, 0, NULL},
        {"against", 0, OPTION_TEXTS, "SOURCE", "statistics or pictures that ranges are to fit",
         &check.others.images, 0, 0, NULL},
        {"model", 0, OPTION_TEXT, "MODEL.onnx", "runs these pictures (else an engine's codes do)",
         &check.model, 0, 0, NULL},
        {"calibrator", 0, OPTION_TEXT, "NAME", "that makes ranges of statistics (default mse)",
         &check.calibrator, 0, 0, NULL},
        WEIGHTS_OPTION(&choice.weights),
        {"count", 'n', OPTION_INTEGER, "N", "only N pictures, a random sample", &check.others.count,
         1, SAMPLE_MAX, NULL},
        {"seed", 0, OPTION_INTEGER, "N", "of the random sample (default 0)", &check.others.seed, 0,
         SEED_MAX, NULL},
        DEVICE_OPTION(app),
        NAMES_OPTION(app),
    };
    const struct command command = {
        .name = "inspect",
        .operands = "FILE",
        .summary = "show what is in a model, an engine, statistics or a TensorRT cache",
        .notes = "The kind of FILE is recognised by its content. See octet-inspect(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 1,
        .operands_maximum = 1,
    };
    struct operands operands;
    enum file_kind kind;
    int status;
    if (!options_parse(app, &command, argc, argv, &operands, &status))
        return status;
    if (check.others.images.count) {
        if (choice.weights)
            return app_usage(app, "--weights is for statistics without --against");
        check.path = operands.text[0];
        return range_check(app, &check, &fits);
    }
    if (check.model || check.others.count || app->device)
        return app_usage(app, "--model, --count and --device go with --against SOURCE");
    if (weights_check(app, choice.weights, 0) != STATUS_DONE)
        return STATUS_USAGE;
    status = file_kind_of(app, operands.text[0], &kind);
    if (status == STATUS_DONE && app->names && kind != FILE_ONNX)
        return app_usage(app, "--names goes with an ONNX model; %s is %s", operands.text[0],
                         file_kind_name(kind));
    if (status == STATUS_DONE && (check.calibrator || choice.weights) && kind != FILE_STATISTICS)
        return app_usage(app, "--calibrator and --weights go with statistics; %s is %s",
                         operands.text[0], file_kind_name(kind));
    choice.calibrator = check.calibrator;
    if (status == STATUS_DONE && !statistics && kind == FILE_STATISTICS)
        return inspect_statistics(app, operands.text[0], &choice);
    if (status != STATUS_DONE || !statistics)
        return status == STATUS_DONE ? readers[kind](app, operands.text[0]) : status;
    if (kind == FILE_CACHE)
        return compare_cache(app, operands.text[0], statistics);
    return app_usage(app, "--stats goes with a TensorRT calibration cache; %s is %s",
                     operands.text[0], file_kind_name(kind));
}
