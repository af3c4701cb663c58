/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "compiler/lower/lower.h"

struct mixing {
    octet_context *ctx;
    struct oct_arena *arena;
    const struct oct_network *from;
    const struct oct_scheme *with;
    struct oct_network *network;
    int *twin[OCT_TYPE_BF16 + 1]; /* [types][tensors of `from`]: the same in the type, or -1 */
};

static int append_tensor(struct mixing *m, const struct oct_tensor *tensor)
{
    m->network->tensors[m->network->tensor_count] = *tensor;
    return m->network->tensor_count++;
}

static void append_layer(struct mixing *m, const struct oct_layer *layer)
{
    m->network->layers[m->network->layer_count++] = *layer;
}

static enum oct_type float_type(const struct mixing *m)
{
    return m->with->half ? OCT_TYPE_BF16 : OCT_TYPE_F32;
}

static void set_coding(struct oct_tensor *t, struct oct_quantization coding)
{
    t->scale = coding.scale;
    t->zero_point = coding.zero_point;
}

/* A layer that converts `tensor`, a slice of a layer's output or such an output itself. */
static void convert(struct mixing *m, int tensor, struct oct_tensor *twin)
{
    const struct oct_tensor *t = &m->network->tensors[tensor];
    twin->kind = OCT_TENSOR_LAYER;
    if (twin->type == OCT_TYPE_U8)
        set_coding(twin, m->with->codings[t->kind == OCT_TENSOR_SLICE ? t->parent : tensor]);
    twin->parent = -1;
    twin->offset = 0;
    const struct oct_layer layer = {.name = twin->name,
                                    .operation = OCT_COPY,
                                    .input = tensor,
                                    .output = append_tensor(m, twin),
                                    .residual = -1,
                                    .kernel = 1,
                                    .stride = 1};
    append_layer(m, &layer);
    m->twin[twin->type][tensor] = layer.output;
}

/* The tensor of another type that holds the same: a view of converted parts, so that each part of
 * a concat keeps its own coding, or a converted copy. Made when it is first read. */
static octet_status twin_of(struct mixing *m, int tensor, enum oct_type type, int *index)
{
    static const char *const names[] = {"u8", "f32", "bf16"};
    const struct oct_tensor *t = &m->network->tensors[tensor];
    octet_status status = OCTET_OK;
    if (m->twin[type][tensor] < 0) {
        struct oct_tensor twin = *t;
        twin.type = type;
        twin.scale = 0.0f;
        twin.zero_point = 0;
        twin.name = oct_arena_printf(m->arena, "%s.%s", t->name, names[type]);
        if (!twin.name)
            return oct_fail_memory(m->ctx, "the plan");
        const bool of_concat =
            t->kind == OCT_TENSOR_SLICE && m->network->tensors[t->parent].kind == OCT_TENSOR_CONCAT;
        if (of_concat)
            status = twin_of(m, t->parent, type, &twin.parent);
        for (int i = 0; t->kind == OCT_TENSOR_CONCAT && i < t->member_count && !status; i++)
            status = twin_of(m, t->members[i], type, &twin.members[i]);
        if (status)
            return status;
        if (of_concat || t->kind == OCT_TENSOR_CONCAT)
            m->twin[type][tensor] = append_tensor(m, &twin);
        else
            convert(m, tensor, &twin);
    }
    *index = m->twin[type][tensor];
    return status;
}

/* What is known of the input channels of a layer of `from`. False: their means are not. */
static bool input_moments(const struct mixing *m, int input, int channels,
                          struct oct_moments *moments)
{
    bool known = true;
    for (int c = 0; c < channels; c++) {
        const struct oct_network_channel at = oct_network_resolve(m->from, input, c);
        const struct oct_moments *of = m->with->moments ? m->with->moments[at.tensor] : NULL;
        moments[c] = of ? of[at.channel] : (struct oct_moments){0.0, 1.0};
        known = known && of;
    }
    return known;
}

static octet_status quantize_weights(struct mixing *m, int index, struct oct_layer *layer)
{
    const struct oct_network *network = m->network;
    const struct oct_weights_shape shape = {network->tensors[layer->output].channels,
                                            network->tensors[layer->input].channels,
                                            layer->kernel * layer->kernel};
    const size_t outputs = (size_t)shape.outputs, channels = (size_t)shape.inputs;
    float *inputs = oct_arena_calloc(m->arena, channels, sizeof *inputs);
    float *scales = oct_arena_calloc(m->arena, outputs, sizeof *scales);
    float *biases = oct_arena_calloc(m->arena, outputs, sizeof *biases);
    struct oct_moments *moments = oct_arena_calloc(m->arena, channels, sizeof *moments);
    int8_t *codes =
        oct_arena_calloc(m->arena, (size_t)oct_layer_weights(network, layer), sizeof *codes);
    double *scratch = oct_arena_calloc(m->arena, oct_refinement_scratch(&shape), sizeof *scratch);
    int(*candidates)[2] = oct_arena_calloc(m->arena, channels, sizeof *candidates);
    if (!inputs || !scales || !biases || !moments || !codes || !scratch || !candidates)
        return oct_fail_memory(m->ctx, "quantised weights");
    for (int c = 0; c < shape.inputs; c++)
        inputs[c] = network->tensors[oct_network_resolve(network, layer->input, c).tensor].scale;
    const bool known = input_moments(m, m->from->layers[index].input, shape.inputs, moments);
    const struct oct_refinement refinement = {shape,   layer->values, inputs,    scales,
                                              moments, scratch,       candidates};
    oct_quantize_weights(&shape, layer->values, inputs, codes, scales);
    oct_refine_weights(&refinement, codes);
    if (known) {
        oct_correct_biases(&refinement, codes, layer->bias, biases);
        layer->bias = biases;
    }
    layer->codes = codes;
    layer->scale = scales;
    layer->values = NULL;
    return OCTET_OK;
}

static octet_status lower_convolution(struct mixing *m, int index)
{
    struct oct_network *network = m->network;
    struct oct_layer layer = m->from->layers[index];
    struct oct_tensor *output = &network->tensors[layer.output];
    const bool is_float = m->with->is_float && m->with->is_float[index];
    int leaf;
    octet_status status = OCTET_OK;
    if (layer.residual >= 0 && !oct_network_uniform(network, layer.residual, &leaf))
        return oct_fail(m->ctx, OCTET_UNSUPPORTED_MODEL,
                        "layer \"%s\" adds a concat whose parts differ in scale", layer.name);
    if ((network->tensors[layer.input].type == OCT_TYPE_U8) == is_float)
        status = twin_of(m, layer.input, is_float ? float_type(m) : OCT_TYPE_U8, &layer.input);
    if (!status && !is_float)
        status = quantize_weights(m, index, &layer);
    else if (!status && network->tensors[layer.input].type == OCT_TYPE_BF16)
        status = oct_halve_weights(m->ctx, m->arena, network, &layer);
    if (output->type == OCT_TYPE_U8)
        set_coding(output, m->with->codings[layer.output]);
    append_layer(m, &layer);
    return status;
}

/* Pools, upsampling and copies cannot change the scale: theirs is their input's. A copy can change
 * the type. */
static octet_status lower_move(struct mixing *m, int index)
{
    struct oct_network *network = m->network;
    struct oct_layer layer = m->from->layers[index];
    struct oct_tensor *output = &network->tensors[layer.output];
    const enum oct_type type = network->tensors[layer.input].type;
    int leaf = 0;
    octet_status status = OCTET_OK;
    const bool uniform = oct_network_uniform(network, layer.input, &leaf);
    if (type != output->type && layer.operation == OCT_COPY && uniform) {
        if (output->type == OCT_TYPE_U8)
            set_coding(output, m->with->codings[layer.output]);
        append_layer(m, &layer);
        return OCTET_OK;
    }
    if (type != output->type)
        status = twin_of(m, layer.input, output->type, &layer.input);
    if (!status && !oct_network_uniform(network, layer.input, &leaf))
        return oct_fail(m->ctx, OCTET_UNSUPPORTED_MODEL,
                        "layer \"%s\" reads a concat whose parts differ in scale", layer.name);
    output->scale = network->tensors[leaf].scale;
    output->zero_point = network->tensors[leaf].zero_point;
    append_layer(m, &layer);
    return status;
}

static octet_status lower_levels(struct mixing *m)
{
    octet_status status = OCTET_OK;
    for (int i = 0; i < m->network->level_count; i++) {
        struct oct_level *level = &m->network->levels[i];
        int *const heads[2] = {&level->box_tensor, &level->class_tensor};
        for (int h = 0; h < 2 && !status; h++)
            if (m->network->tensors[*heads[h]].type != OCT_TYPE_F32)
                status = twin_of(m, *heads[h], OCT_TYPE_F32, heads[h]);
    }
    return status;
}

/* Float tensors become halves, but for those that must stay float. */
static octet_status halve_types(struct mixing *m, enum oct_type *types)
{
    const size_t tensors = (size_t)m->from->tensor_count;
    int *group = oct_arena_calloc(m->arena, tensors, sizeof *group);
    bool *is_float = oct_arena_calloc(m->arena, tensors, sizeof *is_float);
    if (!group || !is_float)
        return oct_fail_memory(m->ctx, "the plan");
    oct_group_tensors(m->from, group);
    oct_choose_halves(m->from, group, is_float);
    for (size_t i = 0; i < tensors; i++)
        if (types[i] == OCT_TYPE_F32 && !is_float[group[i]])
            types[i] = OCT_TYPE_BF16;
    return OCTET_OK;
}

/* Every tensor has two twins at most, and every layer that is added writes one. */
static octet_status make_room(struct mixing *m, enum oct_type **types)
{
    const size_t tensors = (size_t)m->from->tensor_count, layers = (size_t)m->from->layer_count;
    struct oct_network *network = m->network;
    *network = *m->from;
    network->tensors = oct_arena_calloc(m->arena, 3 * tensors, sizeof *network->tensors);
    network->layers = oct_arena_calloc(m->arena, layers + 2 * tensors, sizeof *network->layers);
    int *twins = oct_arena_calloc(m->arena, 3 * tensors, sizeof *twins);
    *types = oct_arena_calloc(m->arena, tensors, sizeof **types);
    if (!network->tensors || !network->layers || !twins || !*types)
        return oct_fail_memory(m->ctx, "the plan");
    memcpy(network->tensors, m->from->tensors, tensors * sizeof *network->tensors);
    network->layer_count = 0;
    memset(twins, -1, 3 * tensors * sizeof *twins);
    for (size_t type = 0; type < 3; type++)
        m->twin[type] = twins + type * tensors;
    return OCTET_OK;
}

octet_status oct_lower_int8(octet_context *ctx, struct oct_arena *arena,
                            const struct oct_network *from, const struct oct_scheme *quantization,
                            struct oct_network *network)
{
    struct mixing m = {ctx, arena, from, quantization, network, {NULL}};
    enum oct_type *types = NULL;
    octet_status status = make_room(&m, &types);
    if (!status)
        status = oct_choose_types(ctx, arena, from, quantization->is_float, types);
    if (!status && quantization->half)
        status = halve_types(&m, types);
    if (status)
        return status;
    for (int i = 0; i < from->tensor_count; i++)
        network->tensors[i].type = types[i];
    if (types[0] == OCT_TYPE_U8)
        set_coding(&network->tensors[0], (struct oct_quantization){1.0f / 255.0f, 0});
    for (int i = 0; i < from->layer_count && !status; i++)
        status = from->layers[i].operation == OCT_CONVOLUTION ? lower_convolution(&m, i)
                                                              : lower_move(&m, i);
    return status ? status : lower_levels(&m);
}
