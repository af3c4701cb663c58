/* SPDX-License-Identifier: Apache-2.0 */
/* octet calibrate: a model's statistics over pictures, as a file. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "app/commands.h"
#include "app/json_print.h"
#include "app/output_file.h"
#include "app/table.h"
#include "models/calibration_ranks.h"
#include "models/checkpoint.h"
#include "models/model_file.h"
#include "models/range_check.h"
#include "models/statistics_parts.h"
#include "pictures/inputs.h"

static double file_bytes(const char *path)
{
    struct stat entry;
    return stat(path, &entry) == 0 ? (double)entry.st_size : 0;
}

static int print_summary(struct app *app, const char *path, const struct calibration_result *result)
{
    octet_statistics_info info;
    octet_statistics_info_get(result->statistics, &info);
    if (app->json) {
        json_t *root = json_new_object();
        json_put(root, "file", json_text(path));
        json_put(root, "bytes", json_integer((json_int_t)file_bytes(path)));
        json_put(root, "images", json_integer((json_int_t)result->used));
        json_put(root, "images_left_out", json_integer((json_int_t)result->failed));
        json_put(root, "tensors", json_integer(info.tensor_count));
        json_put(root, "height", json_integer(info.input_height));
        json_put(root, "width", json_integer(info.input_width));
        json_put(root, "seconds", json_number(result->seconds));
        json_put(root, "model_hash", json_text(info.model_hash));
        json_put(root, "images_fingerprint", json_text(info.images_fingerprint));
        json_put(root, "shards", json_text(info.shards));
        json_put(root, "parts", statistics_parts_json(result->statistics));
        return json_print(app, root);
    }
    char size[SIZE_TEXT_BYTES];
    print_clean(path);
    printf(": %zu picture%s at ", result->used, result->used == 1 ? "" : "s");
    statistics_print_sizes(result->statistics);
    printf(", %d tensors, %s, %.1f s%s%s\n", info.tensor_count, size_text(file_bytes(path), size),
           result->seconds, *info.shards ? ", shard " : "", info.shards);
    return STATUS_DONE;
}

/* The output and the checkpoint beside it can be written, and neither takes the place of what is
 * read; --resume reads the checkpoint to write it anew. */
static int check_outputs(struct app *app, const char *model,
                         const struct calibration_request *request)
{
    struct inputs inputs = {0};
    char *checkpoint = checkpoint_path(request->output);
    inputs_add(&inputs, model);
    int status = output_check(app, request->output);
    if (status == STATUS_DONE)
        status = inputs_protect(app, &inputs, &request->images, request->output);
    if (status == STATUS_DONE)
        status = inputs_protect(app, &inputs, &request->images, checkpoint);
    if (status == STATUS_DONE && !request->resume)
        status = checkpoint_check(app, checkpoint, NULL);
    free(checkpoint);
    inputs_free(&inputs);
    return status;
}

/* Runs the pictures; with `writes`, after having seen that what comes of it can be written. */
static int gather(struct app *app, const char *path, const char *output,
                  struct calibration_request *request, bool writes,
                  struct calibration_result *result)
{
    const char *checkpoint = request->output;
    octet_model *model = NULL;
    request->output = output;
    int status = writes ? check_outputs(app, path, request) : STATUS_DONE;
    if (status == STATUS_DONE)
        status = model_open(app, path, &model);
    if (status == STATUS_DONE && writes && app->data_file_count)
        status = check_outputs(app, path, request);
    request->output = checkpoint;
    request->spent = &model;
    if (status == STATUS_DONE)
        status = calibration_run(app, model, request, result);
    request->spent = NULL;
    octet_model_free(&model);
    return status;
}

static int save(struct app *app, const struct calibration_result *result, const char *output)
{
    int status = STATUS_DONE;
    app_hold_signals();
    octet_status saved = octet_statistics_save(app->context, result->statistics, output);
    app_release_signals();
    if (saved != OCTET_OK)
        status = app_fail_library(app, saved, octet_context_message(app->context));
    else
        checkpoint_remove(output);
    if (status == STATUS_DONE)
        status = print_summary(app, output, result);
    if (status == STATUS_DONE)
        calibration_verdict(app, result);
    return status;
}

static int calibrate(struct app *app, const char *path, struct calibration_request *request,
                     bool by_ranks)
{
    struct calibration_result result = {0};
    struct calibration_ranks ranks = {0};
    const char *output = request->output;
    int status = by_ranks ? ranks_start(app, &ranks, request) : STATUS_DONE;
    if (status == STATUS_DONE) {
        status = gather(app, path, output, request, ranks_leads(&ranks), &result);
        status = ranks_join(app, &ranks, status, &result);
    }
    if (status == STATUS_DONE && ranks_leads(&ranks))
        status = save(app, &result, output);
    ranks_end(&ranks);
    octet_statistics_free(&result.statistics);
    return status;
}

/* How an engine's ranges fit the pictures: 3 where they do not. */
static int check_engine(struct app *app, const struct operands *operands, const char *engine,
                        const struct calibration_request *request)
{
    const struct range_check check = {
        .path = engine,
        .model = operands->count ? operands->text[0] : NULL,
        .others = *request,
    };
    bool fits = false;
    const int status = range_check(app, &check, &fits);
    return status == STATUS_DONE && !fits ? STATUS_CHECK : status;
}

int cmd_calibrate(struct app *app, int argc, char **argv)
{
    struct calibration_request request = {.max_bad = MAX_BAD_DEFAULT};
    const char *output = NULL, *check = NULL;
    bool by_ranks = false;
    const struct option options[] = {
        {"images", 'i', OPTION_TEXTS, "SOURCE", "pictures as the model will see (needed)",
         &request.images, 0, 0, NULL},
        {"output", 'o', OPTION_TEXT, "FILE", "the statistics file to write (needed)", &output, 0, 0,
         NULL},
        {"check", 0, OPTION_TEXT, "ENGINE", "write nothing: do this engine's ranges fit them?",
         &check, 0, 0, NULL},
        {"count", 'n', OPTION_INTEGER, "N", "only N pictures, a random sample (default: all)",
         &request.count, 1, SAMPLE_MAX, NULL},
        {"seed", 0, OPTION_INTEGER, "N", "of the random sample (default 0)", &request.seed, 0,
         SEED_MAX, NULL},
        EVERY_OPTION(&request.every),
        {"imgsz", 0, OPTION_SIZES, "SIZES",
         "N or HxW, or some with commas between (default: the model's)", &request.sizes, 0, 0,
         NULL},
        {"source", 0, OPTION_TEXT, "NAME", "names where the pictures come from: a part of its own",
         &request.source, 0, 0, NULL},
        SHARD_OPTION(&request.shard),
        {.name = "mpi",
         .help = "share the pictures among the ranks that mpirun started",
         .target = &by_ranks},
        DEVICE_OPTION(app),
        {"max-bad", 0, OPTION_REAL, "SHARE", "of the pictures may be unreadable (default 0.01)",
         &request.max_bad, 0, 1, NULL},
        {.name = "resume",
         .help = "go on from FILE.partial, which an interrupted run left",
         .target = &request.resume},
    };
    const struct command command = {
        .name = "calibrate",
        .operands = "MODEL.onnx",
        .summary = "gather a model's statistics over pictures",
        .notes =
            "SOURCE is a picture, a folder, a glob, a text file of paths, a data.yaml (:train, "
            ":val,\n:test), a film, a camera's address or device, or a GStreamer pipeline. Of "
            "films, "
            "--count\ntakes frames spread over their length. See octet-calibrate(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 0,
        .operands_maximum = 1,
    };
    struct operands operands;
    int status;
    if (!options_parse(app, &command, argc, argv, &operands, &status))
        return status;
    if (!check && !operands.count)
        return app_usage(app, "MODEL.onnx is missing: the model to calibrate");
    if (!request.images.count)
        return app_usage(app, "--images SOURCE is missing: the pictures to calibrate with");
    if (check && (output || request.resume || by_ranks))
        return app_usage(app, "--check writes nothing: no -o, no --resume and no --mpi with it");
    calibration_take_size(&request);
    if (check && (request.sizes.count || request.source || request.shard.count))
        return app_usage(app, "--check has one size, and no --source and no --shard");
    if (check)
        return check_engine(app, &operands, check, &request);
    if (by_ranks && (request.shard.count || request.resume))
        return app_usage(app, "--mpi: each rank has its shard, and keeps no FILE.partial: no "
                              "--shard and no --resume with it");
    if (!output)
        return app_usage(app, "-o FILE is missing: where the statistics go");
    request.output = output;
    return calibrate(app, operands.text[0], &request, by_ranks);
}
