/* SPDX-License-Identifier: Apache-2.0 */
/* What a training begins with: the engine that octet builds, or the model that it exports. */
#include "network/operations.h"
#include "train/tuning.h"

static octet_status no_memory(octet_tuning *t)
{
    return oct_fail_memory(&t->own, "training");
}

/* ---- TensorRT's rules ---- */

/* Symmetric codes, one scale a group of the file's values. */
static void take_codings(octet_tuning *t, struct oct_quantization *codings)
{
    const struct oct_placement *p = &t->placement;
    const struct oct_layer *layers = p->network->layers;
    for (int i = 0; i < p->count; i++)
        codings[layers[p->convolutions[i].layer].output] =
            (struct oct_quantization){t->recipe.scales[p->convolutions[i].output], 128};
    for (int i = 0; i < p->attention_count; i++)
        codings[layers[p->attentions[i].layer].output] =
            (struct oct_quantization){t->recipe.scales[p->attentions[i].output], 128};
    for (int i = 0; i < p->mean_count; i++)
        codings[layers[p->means[i].layer].output] =
            (struct oct_quantization){t->recipe.scales[p->means[i].output], 128};
}

static octet_status make_recipe(octet_tuning *t)
{
    const struct oct_network *network = &t->model->network;
    const struct oct_placed_model placed = {&t->model->imported->source->graph, t->model->imported,
                                            network, t->model->sources};
    struct oct_quantization *codings =
        oct_arena_calloc(&t->arena, (size_t)network->tensor_count, sizeof *codings);
    t->is_frozen = oct_arena_calloc(&t->arena, (size_t)network->layer_count, sizeof(bool));
    if (!codings || !t->is_frozen)
        return no_memory(t);
    octet_status status = oct_place(&t->own, &t->arena, &placed, &t->placement);
    if (!status)
        status = oct_recipe_make(&t->own, &t->arena, &t->placement, t->statistics, &t->calibrator,
                                 &t->recipe);
    if (status)
        return status;
    take_codings(t, codings);
    t->scheme.codings = codings;
    t->scheme.is_float = t->recipe.is_float;
    for (int i = 0; i < t->placement.count; i++) {
        const struct oct_placed_convolution *c = &t->placement.convolutions[i];
        t->is_frozen[c->layer] =
            t->recipe.is_float[c->layer] && !oct_recipe_places_floats(&t->recipe, i);
    }
    return OCTET_OK;
}

/* ---- codings ---- */

/* The value of the file that a layer's output is; -1: none that has a scale of its own. */
static int value_of(const struct oct_placement *p, int layer)
{
    for (int i = 0; i < p->count; i++)
        if (p->convolutions[i].layer == layer)
            return p->convolutions[i].output;
    for (int i = 0; i < p->attention_count; i++)
        if (p->attentions[i].layer == layer)
            return p->attentions[i].output;
    for (int i = 0; i < p->mean_count; i++)
        if (p->means[i].layer == layer)
            return p->means[i].output;
    return -1;
}

/* The number of the scale of what a layer computes: of its group's, where the file has such. */
static int coding_of(octet_tuning *t, int layer)
{
    const int value = t->value_codings ? value_of(&t->placement, layer) : -1;
    int *shared = value >= 0 ? &t->value_codings[t->placement.group[value]] : NULL;
    if (shared && *shared >= 0)
        return *shared;
    const int number = t->coding_count++;
    t->first[number] = t->start.tensors[t->model->network.layers[layer].output].quantization;
    if (shared)
        *shared = number;
    return number;
}

static octet_status find_codings(octet_tuning *t)
{
    const struct oct_network *network = &t->model->network;
    const size_t tensors = (size_t)network->tensor_count;
    t->codings = oct_arena_calloc(&t->arena, tensors, sizeof *t->codings);
    t->first = oct_arena_calloc(&t->arena, tensors, sizeof *t->first);
    if (!t->codings || !t->first)
        return no_memory(t);
    if (t->settings.target == OCTET_TUNE_TENSORRT) {
        const size_t values = (size_t)t->placement.graph->file.value_count;
        t->value_codings = oct_arena_calloc(&t->arena, values, sizeof *t->value_codings);
        for (size_t v = 0; t->value_codings && v < values; v++)
            t->value_codings[v] = -1;
        if (!t->value_codings)
            return no_memory(t);
    }
    for (size_t i = 0; i < tensors; i++)
        t->codings[i] = -1;
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        if (t->start.tensors[layer->output].type != OCT_TYPE_U8)
            continue;
        t->codings[layer->output] =
            oct_operation_row(layer->operation)->moves
                ? t->codings[oct_network_resolve(network, layer->input, 0).tensor]
                : coding_of(t, i);
    }
    return OCTET_OK;
}

/* ---- layers ---- */

/* Tensors keep their numbers when a network is lowered. */
static octet_status find_layers(octet_tuning *t)
{
    const struct oct_network *network = &t->model->network, *start = &t->start;
    int *writer = oct_arena_calloc(&t->arena, (size_t)network->tensor_count, sizeof *writer);
    t->layers = oct_arena_calloc(&t->arena, (size_t)network->layer_count, sizeof *t->layers);
    if (!writer || !t->layers)
        return no_memory(t);
    for (int i = 0; i < start->layer_count; i++)
        if (start->layers[i].output < network->tensor_count)
            writer[start->layers[i].output] = i;
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &start->layers[writer[network->layers[i].output]];
        const int bits = !layer->codes ? 0 : layer->code_bits == 4 ? 4 : 8;
        if (layer->operation == OCT_CONVOLUTION)
            t->layers[i] = (struct oct_student_start){bits, layer->codes, layer->scale, layer->bias,
                                                      t->is_frozen && t->is_frozen[i]};
    }
    return OCTET_OK;
}

octet_status oct_tuning_start(octet_tuning *t)
{
    octet_status status =
        oct_compile_scheme(&t->own, &t->arena, t->model, t->statistics, &t->build, &t->scheme);
    if (!status && t->settings.target == OCTET_TUNE_TENSORRT)
        status = make_recipe(t);
    if (!status)
        status = oct_lower_int8(&t->own, &t->arena, &t->model->network, &t->scheme, &t->start);
    if (!status)
        status = find_codings(t);
    return status ? status : find_layers(t);
}
