/* SPDX-License-Identifier: Apache-2.0 */
/* The driver: checks what a build is asked for, finds the scales (statistics, a calibration cache,
 * or the model's own), lowers the network, and writes down where the engine came from. */
#include "compiler/compile.h"

#include <stdio.h>
#include <string.h>

#include "compiler/export/trt_codings.h"
#include "compiler/imported_model.h"
#include "compiler/lower/lower.h"
#include "compiler/quantize/code_noise.h"
#include "compiler/quantize/moments.h"
#include "compiler/scale_sets.h"
#include "runtime/engine/engine_contents.h"

/* One build. */
struct compilation {
    octet_context *ctx;
    const octet_model *model;
    const octet_statistics *statistics; /* for INT8; or NULL */
    const octet_build_settings *settings;
    const char *training;   /* that made the codes, or NULL */
    struct oct_arena arena; /* of what the engine copies */
    octet_engine *engine;
    struct oct_scale_sets sets; /* of INT8 by statistics */
};

static bool keeps_floats(const octet_build_settings *settings)
{
    return settings->float_layers && strcmp(settings->float_layers, "none") != 0;
}

/* ---- what was asked for ---- */

octet_status oct_compile_select(octet_context *ctx, const octet_model *model, const char *words,
                                unsigned char *selected)
{
    const int count = model->network.layer_count;
    bool *is_float = oct_calloc(ctx, (size_t)count, sizeof *is_float);
    if (!is_float)
        return oct_fail_memory(ctx, "the build");
    const octet_status status = oct_select_float_layers(ctx, &model->network, words, is_float);
    for (int i = 0; i < count && selected && !status; i++)
        selected[i] = is_float[i];
    oct_free(ctx, is_float);
    return status;
}

static octet_status check_layers(octet_context *ctx, const octet_model *model, const char *words)
{
    return model ? oct_compile_select(ctx, model, words, NULL)
                 : oct_select_float_layers(ctx, NULL, words, NULL);
}

octet_status oct_compile_check(octet_context *ctx, const octet_model *model,
                               const octet_build_settings *settings)
{
    struct oct_calibrator calibrator;
    struct oct_scales_request scales;
    const octet_precision precision = settings->precision;
    if (precision != OCTET_PRECISION_INT8 && precision != OCTET_PRECISION_FP32 &&
        precision != OCTET_PRECISION_BF16)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "precision must be INT8, FP32 or BF16");
    if (settings->float_precision != OCTET_PRECISION_FP32 &&
        settings->float_precision != OCTET_PRECISION_BF16)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "float layers must be FP32 or BF16");
    if (!oct_calibrator_parse(settings->calibrator, &calibrator))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, OCT_CALIBRATOR_UNKNOWN, settings->calibrator);
    if (precision != OCTET_PRECISION_INT8 && keeps_floats(settings))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "float layers go with an INT8 engine: all layers of others are float");
    if (settings->weight_bits != 0 && settings->weight_bits != 4 && settings->weight_bits != 8)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "weights have 8 bits, or 4");
    if (precision != OCTET_PRECISION_INT8 && settings->weight_bits == 4)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "weights of 4 bits go with an INT8 engine: those of others are floats");
    if (settings->cache && precision != OCTET_PRECISION_INT8)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "a calibration cache goes with an INT8 engine");
    if (!oct_scales_parse(settings->scales, &scales))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, OCT_SCALES_UNKNOWN, settings->scales);
    if (scales.kind != OCT_SCALES_MERGED && (precision != OCTET_PRECISION_INT8 || settings->cache))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "scales per size go with an INT8 engine that statistics make");
    return check_layers(ctx, model, settings->float_layers);
}

/* ---- INT8 ---- */

/* Without other scales a quantised model keeps its own. */
static bool keeps_scales(const struct compilation *c)
{
    return c->settings->precision == OCTET_PRECISION_INT8 && !c->statistics &&
           !c->settings->cache && c->model->own_network.layer_count > 0;
}

/* What the calibrator makes of each record: found once for builds in a row by the same one, which
 * takes most of a build's time. */
static void find_codings(struct compilation *c, struct oct_quantization *codings)
{
    const struct oct_network *network = &c->model->network;
    struct oct_found_codings *last = c->statistics->last;
    struct oct_calibrator calibrator;
    oct_calibrator_parse(c->settings->calibrator, &calibrator); /* checked before */
    oct_lock_take(&last->lock);
    if (!last->found || last->calibrator != (int)calibrator.kind ||
        last->percentile < calibrator.percentile || last->percentile > calibrator.percentile)
        for (int i = 0; i < network->layer_count; i++)
            last->codings[i] =
                oct_calibrate_tensor(&calibrator, &c->statistics->tensors[i].histogram);
    last->found = true;
    last->calibrator = (int)calibrator.kind;
    last->percentile = calibrator.percentile;
    for (int i = 0; i < network->layer_count; i++)
        codings[network->layers[i].output] = last->codings[i];
    oct_lock_leave(&last->lock);
}

static octet_status find_scheme(struct compilation *c, struct oct_scheme *scheme)
{
    const struct oct_network *network = &c->model->network;
    bool *is_float = oct_arena_calloc(&c->arena, (size_t)network->layer_count, sizeof *is_float);
    struct oct_quantization *codings =
        oct_arena_calloc(&c->arena, (size_t)network->tensor_count, sizeof *codings);
    if (!is_float || !codings)
        return oct_fail_memory(c->ctx, "the build");
    *scheme = (struct oct_scheme){.codings = codings,
                                  .is_float = is_float,
                                  .bf16 = c->settings->float_precision == OCTET_PRECISION_BF16,
                                  .weight_bits = c->settings->weight_bits};
    const octet_status status =
        oct_select_float_layers(c->ctx, network, c->settings->float_layers, is_float);
    if (status)
        return status;
    if (c->settings->cache)
        return oct_cache_codings(c->ctx, &c->arena, network, c->settings->cache, codings, is_float);
    find_codings(c, codings);
    return oct_moments_make(c->ctx, &c->arena, network, c->statistics, &scheme->moments);
}

octet_status oct_compile_scheme(octet_context *ctx, struct oct_arena *arena,
                                const octet_model *model, const octet_statistics *statistics,
                                const octet_build_settings *settings, struct oct_scheme *scheme)
{
    struct compilation c = {.ctx = ctx,
                            .model = model,
                            .statistics = statistics,
                            .settings = settings,
                            .arena = *arena};
    const octet_status status = find_scheme(&c, scheme);
    *arena = c.arena;
    return status;
}

static octet_status compile_int8(struct compilation *c)
{
    const octet_model *model = c->model;
    struct oct_scheme scheme;
    struct oct_network network;
    if (keeps_scales(c) && c->settings->weight_bits == 4)
        return oct_fail(c->ctx, OCTET_INVALID_ARGUMENT,
                        "weights of 4 bits go with statistics: without, a quantised model is taken "
                        "as it is");
    if (keeps_scales(c) && c->settings->scales && strcmp(c->settings->scales, "merged") != 0)
        return oct_fail(c->ctx, OCTET_INVALID_ARGUMENT,
                        "scales per size go with statistics: without, a quantised model is taken "
                        "as it is");
    if (keeps_scales(c))
        return keeps_floats(c->settings)
                   ? oct_fail(c->ctx, OCTET_INVALID_ARGUMENT,
                              "float layers go with statistics: without, a quantised model is "
                              "taken as it is")
                   : oct_engine_set_network(c->ctx, c->engine, &model->own_network, model->name);
    octet_status status =
        c->settings->cache ? OCTET_OK : oct_model_check_statistics(c->ctx, model, c->statistics);
    if (status)
        return status;
    if (model->own_network.layer_count > 0)
        oct_log(c->ctx, OCTET_LOG_WARNING, "%s: its own scales make way for those that were given",
                model->name);
    status = find_scheme(c, &scheme);
    if (!status)
        status = oct_lower_int8(c->ctx, &c->arena, &model->network, &scheme, &network);
    if (status || c->settings->cache)
        return status ? status : oct_engine_set_network(c->ctx, c->engine, &network, model->name);
    const struct oct_scale_request request = {.from = &model->network,
                                              .statistics = c->statistics,
                                              .settings = c->settings,
                                              .scheme = &scheme,
                                              .merged = &network,
                                              .name = model->name};
    return oct_scale_sets_make(c->ctx, &c->arena, &request, c->engine, &c->sets);
}

/* ---- float ---- */

static octet_status compile_bf16(struct compilation *c)
{
    struct oct_network network;
    const octet_status status = oct_lower_bf16(c->ctx, &c->arena, &c->model->network, &network);
    return status ? status : oct_engine_set_network(c->ctx, c->engine, &network, c->model->name);
}

/* ---- provenance ---- */

static const struct oct_tensor_record *find_record(const octet_statistics *statistics,
                                                   const char *name)
{
    for (int i = 0; i < statistics->tensor_count; i++)
        if (strcmp(statistics->tensors[i].name, name) == 0)
            return &statistics->tensors[i];
    return NULL;
}

/* What the calibration's pictures make of the codes of all convolutions, for octet_drift; NULL
 * where memory is short, "" where there is no such layer. */
static const char *calibration_noise(struct compilation *c, int set)
{
    enum { ENTRY = 24 }; /* bytes, of which " 2047:-123.45" needs 13 */
    const struct oct_network *network = oct_engine_network(c->engine, set);
    const octet_statistics *statistics = c->sets.views[set] ? c->sets.views[set] : c->statistics;
    const size_t size = (size_t)network->layer_count * ENTRY + 1;
    uint64_t counts[OCT_CODES];
    size_t length = 0;
    char *text = oct_arena_calloc(&c->arena, size, 1);
    for (int i = 0; i < network->layer_count && text; i++) {
        const struct oct_tensor *tensor = &network->tensors[network->layers[i].output];
        const struct oct_tensor_record *record = find_record(statistics, tensor->name);
        if (network->layers[i].operation != OCT_CONVOLUTION || tensor->type != OCT_TYPE_U8 ||
            !record)
            continue;
        oct_codes_of(&record->histogram, tensor->quantization, counts);
        length += (size_t)snprintf(text + length, size - length, "%s%d:%.2f", length ? " " : "", i,
                                   oct_codes_noise(counts, tensor->quantization.zero_point));
    }
    return text;
}

/* "640x640", or of several parts "384x640,640x640", each size once. */
static const char *sizes_of(struct oct_arena *arena, const octet_statistics *s)
{
    const size_t size = (size_t)s->part_count * 12 + 1; /* "8192x8192," */
    char *text = oct_arena_calloc(arena, size, 1);
    size_t length = 0;
    for (int p = 0; p < s->part_count && text; p++) {
        const struct oct_statistics_part *part = s->parts[p], *before = p ? s->parts[p - 1] : NULL;
        if (!before || before->height != part->height || before->width != part->width)
            length += (size_t)snprintf(text + length, size - length, "%s%dx%d", length ? "," : "",
                                       part->height, part->width);
    }
    return text;
}

/* What gave the scales, or NULL. */
static const char *scales_from(const struct compilation *c)
{
    if (keeps_scales(c))
        return "the model's own scales";
    if (c->settings->cache)
        return c->settings->cache->header;
    if (!c->statistics)
        return NULL;
    return c->settings->calibrator ? c->settings->calibrator : "mse";
}

static octet_status set_provenance(struct compilation *c)
{
    static const char *const precisions[] = {
        [OCTET_PRECISION_FP32] = "fp32",
        [OCTET_PRECISION_INT8] = "int8",
        [OCTET_PRECISION_MIXED] = "mixed",
        [OCTET_PRECISION_BF16] = "half",
    };
    const octet_build_settings *settings = c->settings;
    const octet_statistics *statistics = settings->cache ? NULL : c->statistics;
    char images[24] = "0";
    octet_info info;
    const octet_status status = oct_network_describe(c->ctx, &c->engine->network, &info);
    if (status)
        return status;
    const char *noise = statistics ? calibration_noise(c, 0) : "";
    const char *sizes = statistics ? sizes_of(&c->arena, statistics) : "";
    if (!noise || !sizes)
        return oct_fail_memory(c->ctx, "the build");
    if (statistics)
        snprintf(images, sizeof images, "%lld", (long long)statistics->image_count);
    const char *slash = strrchr(c->model->name, '/');
    const bool bf16 = settings->float_precision == OCTET_PRECISION_BF16;
    const struct {
        const char *key, *value;
    } entries[] = {
        {"octet", octet_version()},
        {"model", slash ? slash + 1 : c->model->name},
        {"model_sha256", c->model->hash},
        {"precision", precisions[info.precision]},
        {"calibrator", scales_from(c)},
        {"calibration_images", statistics ? images : NULL},
        {"calibration_size", statistics ? sizes : NULL},
        {"calibration_weights",
         statistics && statistics->part_count > 1 ? statistics->weights_text : NULL},
        {"images_fingerprint", statistics ? statistics->fingerprint_text : NULL},
        {OCT_CALIBRATION_NOISE, *noise ? noise : NULL},
        {"scales", c->sets.regrets ? settings->scales : NULL},
        {"scales_regret", c->sets.regrets},
        {"training", c->training},
        {"float_layers", keeps_floats(settings) ? settings->float_layers : NULL},
        {"weight_bits", info.weight_bits == 4 ? "4" : NULL},
        {"float_precision", keeps_floats(settings) && bf16 ? "half" : NULL},
    };
    enum { ALL = sizeof entries / sizeof entries[0], MOST = ALL + OCT_SIZES_MAX };
    const char *keys[MOST], *values[MOST];
    int count = 0;
    for (int i = 0; i < ALL; i++) {
        if (!entries[i].value)
            continue;
        keys[count] = entries[i].key;
        values[count++] = entries[i].value;
    }
    for (int set = 1; set < c->engine->set_count && statistics; set++) {
        keys[count] = oct_arena_printf(&c->arena, OCT_CALIBRATION_NOISE ".%d", set);
        values[count] = calibration_noise(c, set);
        if (!keys[count] || !values[count])
            return oct_fail_memory(c->ctx, "the build");
        count += *values[count] != 0;
    }
    return oct_engine_set_provenance(c->ctx, c->engine, count, keys, values);
}

/* ---- the whole ---- */

/* The engine, where all went well, with where it comes from. */
static octet_status finish(struct compilation *c, octet_status status, octet_engine **engine)
{
    if (!status)
        status = set_provenance(c);
    oct_scale_sets_end(&c->sets);
    oct_arena_clear(&c->arena);
    if (status) {
        oct_engine_free(c->engine);
        c->engine = NULL;
    }
    *engine = c->engine;
    return status;
}

octet_status oct_compile(octet_context *ctx, const octet_model *model,
                         const octet_statistics *statistics, const octet_build_settings *settings,
                         octet_engine **engine)
{
    const bool int8 = settings->precision == OCTET_PRECISION_INT8;
    struct compilation c = {
        .ctx = ctx, .model = model, .statistics = int8 ? statistics : NULL, .settings = settings};
    oct_arena_init(&c.arena, ctx);
    octet_status status = settings->precision == OCTET_PRECISION_FP32
                              ? oct_model_float_engine(ctx, model, &c.engine)
                              : oct_engine_create(ctx, &c.engine);
    if (!status && int8)
        status = compile_int8(&c);
    else if (!status && settings->precision == OCTET_PRECISION_BF16)
        status = compile_bf16(&c);
    return finish(&c, status, engine);
}

octet_status oct_compile_trained(octet_context *ctx, const octet_model *model,
                                 const octet_statistics *statistics,
                                 const octet_build_settings *settings,
                                 const struct oct_scheme *scheme, const char *training,
                                 octet_engine **engine)
{
    struct oct_network network;
    struct compilation c = {.ctx = ctx,
                            .model = model,
                            .statistics = statistics,
                            .settings = settings,
                            .training = training};
    oct_arena_init(&c.arena, ctx);
    octet_status status = oct_engine_create(ctx, &c.engine);
    if (!status)
        status = oct_lower_int8(ctx, &c.arena, &model->network, scheme, &network);
    if (!status)
        status = oct_engine_set_network(ctx, c.engine, &network, model->name);
    return finish(&c, status, engine);
}
