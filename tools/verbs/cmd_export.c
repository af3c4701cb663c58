/* SPDX-License-Identifier: Apache-2.0 */
/* octet export: Q/DQ models and TensorRT calibration caches from statistics. */
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/json_print.h"
#include "app/output_file.h"
#include "app/table.h"
#include "models/model_file.h"
#include "models/statistics_parts.h"
#include "pictures/inputs.h"

#define OPSET_MOST 20 /* that all engines of the table in octet-export(1) take */

struct arguments {
    const char *statistics, *format, *calibrator, *float_layers, *header, *weight_bits, *output,
        *weights;
    bool int8_weights, unsigned_codes;
};

static int parse(struct app *app, int argc, char **argv, struct arguments *a,
                 struct operands *operands)
{
    static const char *const formats[] = {"qdq", "trt-cache", NULL};
    static const char *const bits[] = {"8", "4", NULL};
    *a = (struct arguments){.calibrator = "mse"};
    const struct option options[] = {
        {"format", 'f', OPTION_CHOICE, "NAME", "qdq or trt-cache (needed)", &a->format, 0, 0,
         formats},
        {"stats", 0, OPTION_TEXT, "FILE", "statistics from octet calibrate (needed)",
         &a->statistics, 0, 0, NULL},
        {"output", 'o', OPTION_TEXT, "FILE", "the file to write (needed)", &a->output, 0, 0, NULL},
        {"calibrator", 0, OPTION_TEXT, "NAME",
         "mse (default), minmax, percentile[:P], entropy or minmax-trt", &a->calibrator, 0, 0,
         NULL},
        WEIGHTS_OPTION(&a->weights),
        {"float-layers", 0, OPTION_LIST, "SET",
         "auto (default of qdq), none (of trt-cache), or as in build", &a->float_layers, 0, 0,
         NULL},
        {.name = "int8-weights",
         .help = "qdq: weights as int8 with DequantizeLinear: a smaller file",
         .target = &a->int8_weights},
        {.name = "unsigned",
         .help = "qdq: activations in uint8 with zero point 128, for OpenVINO",
         .target = &a->unsigned_codes},
        {"weight-bits", 0, OPTION_CHOICE, "N", "8; engines alone take 4, see octet-build(1)",
         &a->weight_bits, 0, 0, bits},
        {"header", 0, OPTION_TEXT, "TEXT",
         "trt-cache: its first line (default TRT-8602-EntropyCalibration2)", &a->header, 0, 0,
         NULL},
    };
    const struct command command = {
        .name = "export",
        .operands = "MODEL.onnx",
        .summary = "write what TensorRT, ONNX Runtime and OpenVINO take",
        .notes = "See octet-export(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 1,
        .operands_maximum = 1,
    };
    int status;
    return options_parse(app, &command, argc, argv, operands, &status) ? -1 : status;
}

/* Adds to an array what the library tells of a layer left float. */
static void left_float(void *user, const char *name, double share, double noise)
{
    json_t *one = json_new_object();
    json_put(one, "name", json_text(name));
    json_put(one, "share", json_number(share));
    json_put(one, "noise", json_number(noise));
    json_push(user, one);
}

static void print_floats(const json_t *floats)
{
    static const char *const headers[] = {"left float", ">of the work", ">error of codes"};
    struct table table;
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < json_array_size(floats); i++) {
        const json_t *one = json_array_get(floats, i);
        table_add_name(&table, json_string_value(json_object_get(one, "name")));
        table_add(&table, "%.2f %%", 100 * json_number_value(json_object_get(one, "share")));
        table_add(&table, "%.2f %%", 100 * json_number_value(json_object_get(one, "noise")));
    }
    table_print(&table);
}

static void fill_settings(const struct arguments *a, octet_export_settings *settings)
{
    octet_export_defaults(settings);
    settings->format = strcmp(a->format, "qdq") == 0 ? OCTET_EXPORT_QDQ : OCTET_EXPORT_TRT_CACHE;
    settings->calibrator = a->calibrator;
    settings->float_layers = a->float_layers;
    settings->int8_weights = a->int8_weights;
    settings->unsigned_codes = a->unsigned_codes;
    settings->cache_header = a->header;
}

/* The output can be written, and takes the place of nothing that is read. */
static int check_output(struct app *app, const struct arguments *a, const char *model)
{
    struct inputs inputs = {0};
    inputs_add(&inputs, model);
    inputs_add(&inputs, a->statistics);
    int status = output_check(app, a->output);
    if (status == STATUS_DONE)
        status = inputs_protect(app, &inputs, NULL, a->output);
    inputs_free(&inputs);
    return status;
}

static int check(struct app *app, const struct arguments *a, const char *model)
{
    octet_export_settings settings;
    if (!a->format)
        return app_usage(app, "--format NAME is missing: qdq or trt-cache");
    if (a->weight_bits && strcmp(a->weight_bits, "4") == 0)
        return app_usage(app, "--weight-bits 4 is for octet's own engines: TensorRT's INT4 is for "
                              "weights beside float activations");
    if (!a->statistics)
        return app_usage(app, "--stats FILE is missing: octet calibrate makes it");
    if (weights_check(app, a->weights, 0) != STATUS_DONE)
        return STATUS_USAGE;
    if (!a->output)
        return app_usage(app, "-o FILE is missing: where the export goes");
    const bool is_qdq = strcmp(a->format, "qdq") == 0;
    if (is_qdq && a->header)
        return app_usage(app, "--header goes with --format trt-cache");
    if (!is_qdq && (a->int8_weights || a->unsigned_codes))
        return app_usage(app, "--%s goes with --format qdq",
                         a->int8_weights ? "int8-weights" : "unsigned");
    fill_settings(a, &settings);
    if (octet_export(app->context, NULL, NULL, &settings, NULL, NULL) != OCTET_OK)
        return app_usage(app, "%s", octet_context_message(app->context));
    return check_output(app, a, model);
}

static int print_json(struct app *app, const struct arguments *a, const octet_export_info *info,
                      json_t *floats)
{
    json_t *root = json_new_object();
    json_put(root, "file", json_text(a->output));
    json_put(root, "format", json_text(a->format));
    json_put(root, "calibrator", json_text(a->calibrator));
    json_put(root, "model_opset", json_integer(info->model_opset));
    json_put(root, "opset", json_integer(info->opset));
    json_put(root, "convolutions", json_integer(info->layer_count));
    json_put(root, "tensors", json_integer(info->tensor_count));
    json_put(root, "float_layers", json_incref(floats));
    return json_print(app, root);
}

static int print_summary(struct app *app, const struct arguments *a, const octet_export_info *info,
                         json_t *floats)
{
    const bool is_qdq = strcmp(a->format, "qdq") == 0;
    if (info->opset != info->model_opset)
        app_say(app, "opset raised from %d to %d: the first one with a scale for each channel",
                info->model_opset, info->opset);
    if (is_qdq && info->opset > OPSET_MOST)
        app_say(app, "warning: the model's opset %d is kept; TensorRT 8 to 11 take up to %d",
                info->opset, OPSET_MOST);
    if (app->json)
        return print_json(app, a, info, floats);
    print_clean(a->output);
    if (is_qdq)
        printf(": QDQ ONNX, opset %d, %d tensors and %d of %d convolutions quantised\n",
               info->opset, info->tensor_count, info->quantised_count, info->layer_count);
    else
        printf(": TensorRT calibration cache, %d tensors\n", info->tensor_count);
    if (info->float_count)
        print_floats(floats);
    return STATUS_DONE;
}

static int export_model(struct app *app, const char *path, const struct arguments *a,
                        json_t *floats)
{
    octet_statistics *statistics = NULL;
    octet_export_settings settings;
    octet_export_info info;
    enum file_kind kind;
    int result = file_kind_of(app, path, &kind);
    if (result != STATUS_DONE)
        return result;
    if (kind != FILE_ONNX)
        return app_fail(app, "%s: %s; this needs the ONNX model", path, file_kind_name(kind));
    fill_settings(a, &settings);
    settings.left_float = left_float;
    settings.user = floats;
    octet_status status = octet_statistics_load(app->context, a->statistics, &statistics);
    if (status == OCTET_OK && statistics_weigh(app, statistics, a->weights) != STATUS_DONE) {
        octet_statistics_free(&statistics);
        return STATUS_FAILED;
    }
    if (status == OCTET_OK)
        status = octet_export(app->context, path, statistics, &settings, a->output, &info);
    octet_statistics_free(&statistics);
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    return print_summary(app, a, &info, floats);
}

int cmd_export(struct app *app, int argc, char **argv)
{
    struct arguments arguments;
    struct operands operands;
    int status = parse(app, argc, argv, &arguments, &operands);
    if (status >= 0)
        return status;
    status = check(app, &arguments, operands.text[0]);
    if (status != STATUS_DONE)
        return status;
    json_t *floats = json_new_array();
    status = export_model(app, operands.text[0], &arguments, floats);
    json_decref(floats);
    return status;
}
