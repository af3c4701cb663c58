/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "detector.h"
#include "inspect.h"
#include "options.h"

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
    int result = show(app, &(struct subject){path, model, NULL});
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

static int inspect_statistics(struct app *app, const char *path)
{
    octet_statistics *statistics = NULL;
    octet_status status = octet_statistics_load(app->context, path, &statistics);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    int result = describe_statistics(app, path, statistics);
    octet_statistics_free(&statistics);
    return result;
}

int cmd_inspect(struct app *app, int argc, char **argv)
{
    static int (*const readers[])(struct app *, const char *) = {
        [FILE_ONNX] = inspect_model,
        [FILE_ENGINE] = inspect_engine,
        [FILE_STATISTICS] = inspect_statistics,
    };
    const struct command command = {
        .name = "inspect",
        .operands = "FILE",
        .summary = "show what is in an ONNX model, an engine or a statistics file",
        .notes = "The kind of FILE is recognised by its content. See octet-inspect(1).",
        .operands_minimum = 1,
        .operands_maximum = 1,
    };
    struct operands operands;
    enum file_kind kind;
    int status;
    if (!options_parse(app, &command, argc, argv, &operands, &status))
        return status;
    status = file_kind_of(app, operands.text[0], &kind);
    return status == STATUS_DONE ? readers[kind](app, operands.text[0]) : status;
}
