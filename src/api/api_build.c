/* SPDX-License-Identifier: Apache-2.0 */
#include <octet/build.h>

#include <stdio.h>
#include <string.h>

#include "compiler/calibrate/statistics.h"
#include "compiler/export/trt_codings.h"
#include "compiler/imported_model.h"
#include "compiler/lower/lower.h"
#include "compiler/quantize/moments.h"
#include "runtime/engine/engine_contents.h"

void octet_build_defaults(octet_build_settings *settings)
{
    if (!settings)
        return;
    memset(settings, 0, sizeof *settings);
    settings->precision = OCTET_PRECISION_INT8;
}

static bool keeps_floats(const octet_build_settings *settings)
{
    return settings->float_layers && strcmp(settings->float_layers, "none") != 0;
}

/* Codings and moments of all layers' outputs. */
static octet_status quantization_of(octet_context *context, struct oct_arena *arena,
                                    const octet_model *model, const octet_statistics *statistics,
                                    const struct oct_calibrator *calibrator,
                                    struct oct_scheme *quantization)
{
    const size_t tensors = (size_t)model->network.tensor_count;
    struct oct_quantization *codings = oct_arena_calloc(arena, tensors, sizeof *codings);
    const struct oct_moments **moments = oct_arena_calloc(arena, tensors, sizeof *moments);
    if (!codings || !moments)
        return oct_fail_memory(context, "the build");
    for (int i = 0; i < model->network.layer_count; i++) {
        const struct oct_tensor_record *record = &statistics->tensors[i];
        const int tensor = model->network.layers[i].output;
        struct oct_moments *of = oct_arena_calloc(arena, (size_t)record->channels, sizeof *of);
        if (!of)
            return oct_fail_memory(context, "the build");
        for (int c = 0; c < record->channels; c++)
            of[c] = oct_moments_of(record, c);
        codings[tensor] = oct_calibrate_tensor(calibrator, &record->histogram);
        moments[tensor] = of;
    }
    quantization->codings = codings;
    quantization->moments = moments;
    return OCTET_OK;
}

static octet_status quantization_of_cache(octet_context *context, struct oct_arena *arena,
                                          const octet_model *model, const octet_cache *cache,
                                          bool *is_float, struct oct_scheme *quantization)
{
    struct oct_quantization *codings =
        oct_arena_calloc(arena, (size_t)model->network.tensor_count, sizeof *codings);
    if (!codings)
        return oct_fail_memory(context, "the build");
    quantization->codings = codings;
    return oct_cache_codings(context, arena, &model->network, cache, codings, is_float);
}

/* Without other scales a quantised model keeps its own. */
static bool keeps_scales(const octet_model *model, const octet_statistics *statistics,
                         const octet_build_settings *settings)
{
    return !statistics && !settings->cache && model->own_network.layer_count > 0;
}

static octet_status build_int8(octet_context *context, const octet_model *model,
                               const octet_statistics *statistics,
                               const octet_build_settings *settings, octet_engine *engine)
{
    if (keeps_scales(model, statistics, settings))
        return keeps_floats(settings)
                   ? oct_fail(context, OCTET_INVALID_ARGUMENT,
                              "float layers go with statistics: without, a quantised model is "
                              "taken as it is")
                   : oct_engine_set_network(context, engine, &model->own_network, model->name);
    octet_status status =
        settings->cache ? OCTET_OK : oct_model_check_statistics(context, model, statistics);
    if (status)
        return status;
    if (model->own_network.layer_count > 0)
        oct_log(context, OCTET_LOG_WARNING, "%s: its own scales make way for those that were given",
                model->name);
    struct oct_calibrator calibrator;
    oct_calibrator_parse(settings->calibrator, &calibrator); /* checked before */
    struct oct_arena arena;
    struct oct_network network;
    oct_arena_init(&arena, context);
    struct oct_scheme quantization = {0};
    bool *is_float = oct_arena_calloc(&arena, (size_t)model->network.layer_count, sizeof *is_float);
    if (!is_float)
        status = oct_fail_memory(context, "the build");
    if (!status)
        status =
            oct_select_float_layers(context, &model->network, settings->float_layers, is_float);
    if (!status && settings->cache)
        status =
            quantization_of_cache(context, &arena, model, settings->cache, is_float, &quantization);
    else if (!status)
        status = quantization_of(context, &arena, model, statistics, &calibrator, &quantization);
    quantization.is_float = is_float;
    quantization.half = settings->float_precision == OCTET_PRECISION_BF16;
    if (!status)
        status = oct_lower_int8(context, &arena, &model->network, &quantization, &network);
    if (!status)
        status = oct_engine_set_network(context, engine, &network, model->name);
    oct_arena_clear(&arena);
    return status;
}

static octet_status build_half(octet_context *context, const octet_model *model,
                               octet_engine *engine)
{
    struct oct_arena arena;
    struct oct_network network;
    oct_arena_init(&arena, context);
    octet_status status = oct_lower_half(context, &arena, &model->network, &network);
    if (!status)
        status = oct_engine_set_network(context, engine, &network, model->name);
    oct_arena_clear(&arena);
    return status;
}

static octet_status set_provenance(octet_context *context, const octet_model *model,
                                   const octet_statistics *statistics,
                                   const octet_build_settings *settings, octet_engine *engine)
{
    static const char *const precisions[] = {
        [OCTET_PRECISION_FP32] = "fp32",
        [OCTET_PRECISION_INT8] = "int8",
        [OCTET_PRECISION_MIXED] = "mixed",
        [OCTET_PRECISION_BF16] = "half",
    };
    char images[24] = "0", size[32] = "";
    octet_info info;
    const octet_status status = oct_network_describe(context, &engine->network, &info);
    if (status)
        return status;
    if (statistics) {
        snprintf(images, sizeof images, "%lld", (long long)statistics->image_count);
        snprintf(size, sizeof size, "%dx%d", statistics->input_height, statistics->input_width);
    }
    const char *slash = strrchr(model->name, '/');
    const char *calibrator = settings->calibrator ? settings->calibrator : "mse";
    if (!statistics)
        calibrator = settings->cache ? octet_cache_header(settings->cache) : NULL;
    if (settings->precision == OCTET_PRECISION_INT8 && keeps_scales(model, statistics, settings))
        calibrator = "the model's own scales";
    const bool half = settings->float_precision == OCTET_PRECISION_BF16;
    const struct {
        const char *key, *value;
    } entries[] = {
        {"octet", octet_version()},
        {"model", slash ? slash + 1 : model->name},
        {"model_sha256", model->hash},
        {"precision", precisions[info.precision]},
        {"calibrator", calibrator},
        {"calibration_images", statistics ? images : NULL},
        {"calibration_size", statistics ? size : NULL},
        {"images_fingerprint", statistics ? statistics->fingerprint_text : NULL},
        {"float_layers", keeps_floats(settings) ? settings->float_layers : NULL},
        {"float_precision", keeps_floats(settings) && half ? "half" : NULL},
    };
    enum { ALL = sizeof entries / sizeof entries[0] };
    const char *keys[ALL], *values[ALL];
    int count = 0;
    for (int i = 0; i < ALL; i++) {
        if (!entries[i].value)
            continue;
        keys[count] = entries[i].key;
        values[count++] = entries[i].value;
    }
    return oct_engine_set_provenance(context, engine, count, keys, values);
}

static octet_status check_settings(octet_context *context, const octet_model *model,
                                   const octet_build_settings *settings)
{
    struct oct_calibrator calibrator;
    if (settings->precision != OCTET_PRECISION_INT8 &&
        settings->precision != OCTET_PRECISION_FP32 && settings->precision != OCTET_PRECISION_BF16)
        return oct_fail(context, OCTET_INVALID_ARGUMENT, "precision must be INT8, FP32 or BF16");
    if (settings->float_precision != OCTET_PRECISION_FP32 &&
        settings->float_precision != OCTET_PRECISION_BF16)
        return oct_fail(context, OCTET_INVALID_ARGUMENT, "float layers must be FP32 or BF16");
    if (!oct_calibrator_parse(settings->calibrator, &calibrator))
        return oct_fail(context, OCTET_INVALID_ARGUMENT, OCT_CALIBRATOR_UNKNOWN,
                        settings->calibrator);
    if (settings->precision != OCTET_PRECISION_INT8 && keeps_floats(settings))
        return oct_fail(context, OCTET_INVALID_ARGUMENT,
                        "float layers go with an INT8 engine: all layers of others are float");
    if (settings->cache && settings->precision != OCTET_PRECISION_INT8)
        return oct_fail(context, OCTET_INVALID_ARGUMENT,
                        "a calibration cache goes with an INT8 engine");
    if (!model)
        return oct_select_float_layers(context, NULL, settings->float_layers, NULL);
    bool *is_float = oct_calloc(context, (size_t)model->network.layer_count, sizeof *is_float);
    if (!is_float)
        return oct_fail_memory(context, "the build");
    const octet_status status =
        oct_select_float_layers(context, &model->network, settings->float_layers, is_float);
    oct_free(context, is_float);
    return status;
}

octet_status octet_build(octet_context *context, const octet_model *model,
                         const octet_statistics *statistics, const octet_build_settings *settings,
                         octet_engine **engine)
{
    octet_build_settings defaults;
    if (engine)
        *engine = NULL;
    if (!context || (engine && !model))
        return oct_fail_null(context, __func__, "model");
    if (!settings) {
        octet_build_defaults(&defaults);
        settings = &defaults;
    }
    octet_status status = check_settings(context, model, settings);
    if (status || !engine)
        return status;
    const bool int8 = settings->precision == OCTET_PRECISION_INT8;
    if (settings->precision == OCTET_PRECISION_FP32)
        status = oct_model_float_engine(context, model, engine);
    else
        status = oct_engine_create(context, engine);
    if (!status && int8)
        status = build_int8(context, model, statistics, settings, *engine);
    else if (!status && settings->precision == OCTET_PRECISION_BF16)
        status = build_half(context, model, *engine);
    if (!status)
        status = set_provenance(context, model, int8 && !settings->cache ? statistics : NULL,
                                settings, *engine);
    if (status)
        octet_engine_free(engine);
    return status;
}
