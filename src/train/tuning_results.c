/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of a training: an engine, or the model's file with Q and DQ. */
#include <stdio.h>

#include "compiler/export_model.h"
#include "train/tuning.h"

/* What is in a file that it is told by. */
static const char *describe(const octet_tuning *t, struct oct_arena *arena)
{
    return oct_arena_printf(arena,
                            "%lld steps of %d pictures of %d%s, seed %llu, with%s labels, for %s",
                            (long long)t->step, t->settings.batch, t->settings.pictures,
                            t->settings.scale_jitter ? " at random sizes" : "",
                            (unsigned long long)t->settings.seed, t->settings.labels ? "" : "out",
                            t->settings.target == OCTET_TUNE_TENSORRT ? "TensorRT" : "octet");
}

/* Weights that stayed values, as the network has them. */
static const float *values_of(const octet_tuning *t, struct oct_arena *arena, int layer)
{
    const struct oct_student_layer *l = &t->student->layers[layer];
    const size_t each = l->shape.count / (size_t)l->shape.outputs;
    float *values = oct_arena_calloc(arena, l->shape.count, sizeof *values);
    for (size_t i = 0; values && i < l->shape.count; i++)
        values[i] = t->student->values[l->weights + i] * l->first_scales[i / each];
    return values;
}

static struct oct_trained_layer *trained_layers(const octet_tuning *t, struct oct_arena *arena)
{
    const struct oct_network *network = &t->model->network;
    struct oct_trained_layer *trained =
        oct_arena_calloc(arena, (size_t)network->layer_count, sizeof *trained);
    for (int i = 0; trained && i < network->layer_count; i++) {
        const struct oct_student_layer *l = &t->student->layers[i];
        if (!t->plan->layers[i].convolution)
            continue;
        trained[i].biases = t->student->values + l->biases;
        if (l->bits) {
            trained[i].codes = l->codes;
            trained[i].scales = l->accumulator_scales;
        } else if (t->is_frozen && t->is_frozen[i]) {
            trained[i].values = network->layers[i].values;
        } else {
            trained[i].values = values_of(t, arena, i);
            if (!trained[i].values)
                return NULL;
        }
    }
    return trained;
}

static octet_status make_engine(octet_tuning *t, struct oct_arena *arena, octet_engine **engine)
{
    const struct oct_network *network = &t->model->network;
    struct oct_scheme scheme = t->scheme;
    struct oct_quantization *codings =
        oct_arena_calloc(arena, (size_t)network->tensor_count, sizeof *codings);
    struct oct_trained_layer *trained = trained_layers(t, arena);
    const char *training = describe(t, arena);
    if (!codings || !trained || !training)
        return oct_fail_memory(&t->own, "the engine");
    for (int i = 0; i < network->tensor_count; i++)
        codings[i] =
            t->codings[i] >= 0 ? t->student->now_codings[t->codings[i]] : t->scheme.codings[i];
    scheme.codings = codings;
    scheme.trained = trained;
    return oct_compile_trained(&t->own, t->model, t->statistics, &t->build, &scheme, training,
                               engine);
}

octet_status oct_tuning_engine(octet_tuning *t, octet_engine **engine)
{
    struct oct_arena arena;
    oct_arena_init(&arena, &t->own);
    const octet_status status = make_engine(t, &arena, engine);
    oct_arena_clear(&arena);
    return status;
}

/* ---- the file ---- */

/* In the file's own terms: a weight's scale is of the code itself. */
static octet_status weight_scales(octet_tuning *t, struct oct_arena *arena,
                                  struct oct_trained_layer *trained)
{
    const struct oct_network *network = &t->model->network;
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_student_layer *l = &t->student->layers[i];
        if (!trained[i].codes)
            continue;
        float *scales = oct_arena_calloc(arena, (size_t)l->shape.outputs, sizeof *scales);
        if (!scales)
            return oct_fail_memory(&t->own, "the export");
        for (int n = 0; n < l->shape.outputs; n++)
            scales[n] = (float)((double)l->accumulator_scales[n] /
                                (double)oct_student_input_scale(t->student, i, n));
        trained[i].scales = scales;
    }
    return OCTET_OK;
}

static octet_status export(octet_tuning *t, struct oct_arena *arena, const char *path,
                           octet_export_info *info)
{
    struct oct_recipe recipe = t->recipe;
    if (t->settings.target != OCTET_TUNE_TENSORRT)
        return oct_fail(&t->own, OCTET_INVALID_STATE,
                        "the training is for octet's engines, not for an ONNX file");
    const size_t values = (size_t)t->placement.graph->file.value_count;
    struct oct_trained_layer *trained = trained_layers(t, arena);
    const char *training = describe(t, arena);
    recipe.scales = oct_arena_calloc(arena, values, sizeof *recipe.scales);
    if (!trained || !training || !recipe.scales)
        return oct_fail_memory(&t->own, "the export");
    for (size_t v = 0; v < values; v++) {
        const int coding = t->value_codings[t->placement.group[v]];
        recipe.scales[v] =
            coding >= 0 ? t->student->now_codings[coding].scale : t->recipe.scales[v];
    }
    const octet_status status = weight_scales(t, arena, trained);
    recipe.trained = trained;
    return status ? status
                  : oct_export_trained(&t->own, t->model, t->statistics, &recipe, training, path,
                                       info);
}

octet_status oct_tuning_export(octet_tuning *t, const char *path, octet_export_info *info)
{
    struct oct_arena arena;
    oct_arena_init(&arena, &t->own);
    const octet_status status = export(t, &arena, path, info);
    oct_arena_clear(&arena);
    return status;
}
