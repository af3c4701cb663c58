/* SPDX-License-Identifier: Apache-2.0 */
#include <octet/build.h>

#include <stdio.h>
#include <string.h>

#include "api/model.h"
#include "compiler/calibrate/statistics.h"
#include "compiler/lower/lower.h"
#include "runtime/engine/engine.h"

void octet_build_defaults(octet_build_settings *settings)
{
    memset(settings, 0, sizeof *settings);
    settings->precision = OCTET_PRECISION_INT8;
}

static octet_status check_statistics(octet_context *context, const octet_model *model,
                                     const octet_statistics *statistics)
{
    if (!statistics)
        return oct_fail(context, OCTET_INVALID_ARGUMENT,
                        "an INT8 engine needs calibration statistics or pictures");
    if (strcmp(statistics->model_hash, model->hash) != 0)
        return oct_fail(context, OCTET_MISMATCH,
                        "the statistics belong to another model (%.12s..., this one is %.12s...): "
                        "calibrate this model",
                        statistics->model_hash, model->hash);
    bool same = statistics->tensor_count == model->plan.layer_count;
    for (int i = 0; i < statistics->tensor_count && same; i++) {
        const struct oct_plan_tensor *t = &model->plan.tensors[model->plan.layers[i].output];
        same = statistics->tensors[i].channels == t->channels;
    }
    if (!same)
        return oct_fail(context, OCTET_MISMATCH,
                        "the statistics do not have this model's tensors: calibrate again");
    return OCTET_OK;
}

static octet_status build_int8(octet_context *context, const octet_model *model,
                               const octet_statistics *statistics,
                               const struct oct_calibrator *calibrator, octet_engine *engine)
{
    octet_status status = check_statistics(context, model, statistics);
    if (status)
        return status;
    struct oct_arena arena;
    struct oct_plan plan;
    oct_arena_init(&arena, context);
    struct oct_coding *codings =
        oct_arena_calloc(&arena, (size_t)model->plan.tensor_count, sizeof *codings);
    if (!codings)
        status = oct_fail_memory(context, "the build");
    for (int i = 0; i < model->plan.layer_count && !status; i++)
        codings[model->plan.layers[i].output] =
            oct_calibrate_tensor(calibrator, &statistics->tensors[i].histogram);
    if (!status)
        status = oct_lower_int8(context, &arena, &model->plan, codings, &plan);
    if (!status)
        status = oct_engine_set_plan(context, engine, &plan, model->name);
    oct_arena_clear(&arena);
    return status;
}

static octet_status set_provenance(octet_context *context, const octet_model *model,
                                   const octet_statistics *statistics, const char *calibrator,
                                   octet_engine *engine)
{
    char images[24] = "0", size[32];
    if (statistics) {
        snprintf(images, sizeof images, "%lld", (long long)statistics->image_count);
        snprintf(size, sizeof size, "%dx%d", statistics->input_height, statistics->input_width);
    }
    const char *slash = strrchr(model->name, '/');
    const char *const keys[] = {"octet",
                                "model",
                                "model_sha256",
                                "precision",
                                "calibrator",
                                "calibration_images",
                                "calibration_size",
                                "images_fingerprint"};
    const char *const values[] = {octet_version(),
                                  slash ? slash + 1 : model->name,
                                  model->hash,
                                  statistics ? "int8" : "fp32",
                                  calibrator,
                                  images,
                                  size,
                                  statistics ? statistics->fingerprint_text : ""};
    return oct_engine_set_provenance(context, engine, statistics ? 8 : 4, keys, values);
}

octet_status octet_build(octet_context *context, const octet_model *model,
                         const octet_statistics *statistics, const octet_build_settings *settings,
                         octet_engine **engine)
{
    octet_build_settings defaults;
    struct oct_calibrator calibrator;
    if (!context || !model || !engine)
        return OCTET_INVALID_ARGUMENT;
    *engine = NULL;
    if (!settings) {
        octet_build_defaults(&defaults);
        settings = &defaults;
    }
    if (settings->precision != OCTET_PRECISION_INT8 && settings->precision != OCTET_PRECISION_FP32)
        return oct_fail(context, OCTET_INVALID_ARGUMENT, "precision must be INT8 or FP32");
    if (!oct_calibrator_parse(settings->calibrator, &calibrator))
        return oct_fail(
            context, OCTET_INVALID_ARGUMENT,
            "calibrator \"%.40s\": there are mse, minmax, percentile[:P], entropy and minmax-trt",
            settings->calibrator);
    const bool int8 = settings->precision == OCTET_PRECISION_INT8;
    octet_status status;
    if (int8) {
        status = oct_engine_create(context, engine);
        if (!status)
            status = build_int8(context, model, statistics, &calibrator, *engine);
    } else {
        status = oct_model_float_engine(context, model, engine);
    }
    if (!status)
        status = set_provenance(context, model, int8 ? statistics : NULL,
                                settings->calibrator ? settings->calibrator : "mse", *engine);
    if (status)
        octet_engine_free(engine);
    return status;
}
