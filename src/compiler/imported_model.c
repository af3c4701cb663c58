/* SPDX-License-Identifier: Apache-2.0 */
/* Models: an ONNX file is imported, lowered to a float network, and, where it is quantised itself,
 * to a second network with its own scales. */
#include "compiler/imported_model.h"

#include <string.h>

#include "base/read_file.h"
#include "compiler/import_pipeline.h"
#include "compiler/lower/lower.h"
#include "compiler/passes/passes.h"
#include "runtime/engine/engine_contents.h"

/* What a quantised file's reader should know. */
static void report(octet_context *ctx, const octet_model *model, const char *name,
                   const struct oct_grids_kept *kept)
{
    const struct oct_imported *imported = model->imported;
    if (imported->is_dynamic)
        oct_log(ctx, OCTET_LOG_WARNING,
                "%s: finds its scales at run time (DynamicQuantizeLinear): read as a float model "
                "with rounded weights",
                name);
    if (kept->lost)
        oct_log(ctx, OCTET_LOG_WARNING,
                "%s: %d quantised convolution%s in float: weights beyond -127 to 127, or inputs "
                "of several scales",
                name, kept->lost, kept->lost == 1 ? " runs" : "s run");
    if (imported->head_left_float || imported->has_exact_anchors)
        oct_log(ctx, OCTET_LOG_WARNING,
                "%s: rounds boxes and scores behind its last convolutions%s: octet decodes without "
                "that, nearer to the float model",
                name, imported->has_exact_anchors ? ", anchors and strides among them" : "");
    if (imported->left_float)
        oct_log(ctx, OCTET_LOG_WARNING,
                "%s: %d of its roundings are left out: not 8 bits with one scale, or where octet "
                "computes in float",
                name, imported->left_float);
    oct_log(ctx, OCTET_LOG_INFO,
            "%s: %d convolutions in INT8 with the file's own scales, %d in float", name, kept->int8,
            kept->own + kept->lost);
}

static octet_status fill_own_plan(octet_context *ctx, octet_model *model, const char *name)
{
    struct oct_grids_kept kept;
    octet_status status =
        oct_lower_grids(ctx, &model->arena, model->imported, &model->own_network, &kept);
    if (!status)
        status = oct_network_verify(ctx, &model->own_network, name);
    if (status)
        return status;
    if (!kept.int8 || model->imported->is_dynamic)
        model->own_network.layer_count = 0;
    report(ctx, model, name, &kept);
    return OCTET_OK;
}

/* The bytes that a model is made of. */
struct reading {
    const void *bytes;
    size_t size;
    const char *name;
    bool is_file; /* `name` is a path beside which there may be data */
};

static octet_status import(octet_context *ctx, const struct reading *from,
                           struct oct_imported **imported)
{
    return from->is_file
               ? oct_imported_from_file(ctx, from->bytes, from->size, from->name, imported)
               : oct_imported_from_bytes(ctx, from->bytes, from->size, from->name, imported);
}

static octet_status fill_model(octet_context *ctx, octet_model *model, const struct reading *from)
{
    const char *name = from->name;
    octet_status status = import(ctx, from, &model->imported);
    if (!status)
        status = oct_lower_float(ctx, &model->arena, &model->imported->network, &model->network,
                                 &model->sources);
    if (!status)
        status = oct_network_verify(ctx, &model->network, name);
    if (!status && model->imported->is_quantised)
        status = fill_own_plan(ctx, model, name);
    if (status)
        return status;
    oct_network_hash(&model->network, model->hash);
    model->name = oct_arena_strdup(&model->arena, name);
    if (!model->name)
        return oct_fail_memory(ctx, name);
    model->imported->source->graph.name = model->name;
    return OCTET_OK;
}

static octet_status load(octet_context *context, const struct reading *from, octet_model **model)
{
    *model = oct_calloc(context, 1, sizeof **model);
    if (!*model)
        return oct_fail_memory(context, from->name);
    oct_context_inherit(&(*model)->own, context);
    oct_arena_init(&(*model)->arena, &(*model)->own);
    const octet_status status = fill_model(context, *model, from);
    if (status) {
        oct_model_free(*model);
        *model = NULL;
    }
    return status;
}

octet_status oct_model_from_bytes(octet_context *ctx, const void *bytes, size_t size,
                                  const char *name, octet_model **model)
{
    return load(ctx, &(struct reading){.bytes = bytes, .size = size, .name = name}, model);
}

octet_status oct_model_from_file(octet_context *ctx, const char *path, octet_model **model)
{
    struct oct_file file;
    octet_status status = oct_file_open(ctx, path, &file);
    if (status)
        return status;
    const struct reading from = {
        .bytes = file.bytes, .size = file.size, .name = path, .is_file = true};
    status = file.size ? load(ctx, &from, model)
                       : oct_fail(ctx, OCTET_UNKNOWN_FORMAT, "%s: the file is empty", path);
    oct_file_close(ctx, &file);
    return status;
}

void oct_model_free(octet_model *model)
{
    if (!model)
        return;
    struct octet_context last = model->own;
    oct_imported_free(&last, model->imported);
    oct_arena_clear(&model->arena);
    oct_free(&last, model);
}

octet_status oct_model_set_names(octet_context *context, octet_model *model, const char *text)
{
    const int count = model->network.head.class_count;
    const char **names = oct_arena_calloc(&model->arena, (size_t)count, sizeof *names);
    const int entries = names ? oct_parse_given_names(&model->arena, text, names, count) : -2;
    if (entries == -2)
        return oct_fail_memory(context, "class names");
    if (entries < 0)
        return oct_fail(context, OCTET_BAD_FORMAT,
                        "neither one class name a line nor a list or dict of them");
    if (entries != count)
        return oct_fail(context, OCTET_MISMATCH, "%d class name%s, but %s has %d class%s", entries,
                        entries == 1 ? "" : "s", model->name, count, count == 1 ? "" : "es");
    for (int i = 0; i < count; i++)
        if (!names[i])
            return oct_fail(context, OCTET_BAD_FORMAT, "class %d has no name", i);
    model->imported->network.class_names = model->network.class_names =
        model->own_network.class_names = names;
    return OCTET_OK;
}

void oct_model_describe(const octet_model *model, octet_info *info)
{
    struct octet_context scratch;
    oct_context_inherit(&scratch, &model->own);
    oct_network_describe(&scratch, oct_model_plan(model), info);
    if (!info->name || !*info->name)
        info->name = model->name;
    info->probe_box_difference = model->imported->probe_box_difference_px;
    info->probe_score_difference = model->imported->probe_score_difference;
}

octet_status oct_model_float_engine(octet_context *ctx, const octet_model *model,
                                    octet_engine **engine)
{
    octet_status status = oct_engine_create(ctx, engine);
    if (status)
        return status;
    status = oct_engine_set_network(ctx, *engine, &model->network, model->name);
    if (status) {
        oct_engine_free(*engine);
        *engine = NULL;
    }
    return status;
}

octet_status oct_model_check_statistics(octet_context *context, const octet_model *model,
                                        const octet_statistics *statistics)
{
    if (!statistics)
        return oct_fail(context, OCTET_INVALID_ARGUMENT,
                        "an INT8 engine needs calibration statistics or pictures");
    switch (oct_statistics_fit(statistics, &model->network, model->hash)) {
    case OCT_FIT_OTHER_MODEL:
        return oct_fail(context, OCTET_MISMATCH,
                        "the statistics belong to another model (%.12s..., this one is %.12s...): "
                        "calibrate this model",
                        statistics->model_hash, model->hash);
    case OCT_FIT_OTHER_TENSORS:
        return oct_fail(context, OCTET_MISMATCH,
                        "the statistics do not have this model's tensors: calibrate again");
    case OCT_FIT_SAME:
        break;
    }
    if (statistics->shards.count)
        oct_log(context, OCTET_LOG_WARNING,
                "the statistics are of shard %s alone, without %s: octet merge joins them",
                statistics->shards_text, statistics->missing_text);
    return OCTET_OK;
}
