/* SPDX-License-Identifier: Apache-2.0 */
/* From a float network to one of codes, or of codes and values. */
#include <string.h>

#include "compiler/lower/builder.h"
#include "compiler/lower/lower.h"
#include "network/operations.h"

struct mixing {
    struct oct_lowering to;
    const struct oct_network *from;
    const struct oct_scheme *with;
    int *twin[OCT_TYPE_COUNT]; /* [types][tensors of `from`]: the same in the type, or -1 */
};

static enum oct_type float_type(const struct mixing *m)
{
    return m->with->bf16 ? OCT_TYPE_BF16 : OCT_TYPE_F32;
}

/* A layer that converts `tensor`, a slice of a layer's output or such an output itself. */
static octet_status convert(struct mixing *m, int tensor, const char *name, enum oct_type type)
{
    const struct oct_tensor *t = &m->to.network->tensors[tensor];
    const int coded = t->kind == OCT_TENSOR_SLICE ? t->parent : tensor;
    return oct_lower_add_copy(&m->to, tensor, name, type, m->with->codings[coded],
                              &m->twin[type][tensor]);
}

/* The tensor of another type that holds the same: a view of converted parts, so that each part of
 * a concat keeps its own coding, or a converted copy. Made when it is first read. */
static octet_status twin_of(struct mixing *m, int tensor, enum oct_type type, int *index)
{
    const struct oct_tensor *tensors = m->to.network->tensors, *t = &tensors[tensor];
    octet_status status = OCTET_OK;
    if (m->twin[type][tensor] < 0) {
        struct oct_tensor twin = *t;
        twin.type = type;
        twin.quantization = (struct oct_quantization){0.0f, 0};
        twin.name = oct_arena_printf(m->to.arena, "%s.%s", t->name, oct_type_name(type));
        if (!twin.name)
            return oct_fail_memory(m->to.ctx, "the network");
        const bool of_concat =
            t->kind == OCT_TENSOR_SLICE && tensors[t->parent].kind == OCT_TENSOR_CONCAT;
        if (of_concat)
            status = twin_of(m, t->parent, type, &twin.parent);
        for (int i = 0; t->kind == OCT_TENSOR_CONCAT && i < t->member_count && !status; i++)
            status = twin_of(m, t->members[i], type, &twin.members[i]);
        if (!status)
            status = of_concat || t->kind == OCT_TENSOR_CONCAT
                         ? oct_lower_add_tensor(&m->to, &twin, &m->twin[type][tensor])
                         : convert(m, tensor, twin.name, type);
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

/* Of the codes of a convolution. */
static int weight_bits(const struct mixing *m, int index)
{
    const struct oct_layer *layer = &m->from->layers[index];
    const struct oct_head *head = &m->from->head;
    if (m->with->weight_bits != 4 || oct_is_depthwise(layer) ||
        oct_network_layer_reads(m->from, index, -1))
        return 8;
    for (int i = 0; i < head->output_count; i++) {
        const int output = head->outputs[i].tensor;
        for (int c = 0; c < m->from->tensors[output].channels; c++)
            if (oct_network_resolve(m->from, output, c).tensor == layer->output)
                return 8;
    }
    return 4;
}

/* The codes of the layer that is added next, and what their sums are worth by these inputs. */
static const int8_t *take_codes(const struct mixing *m, const struct oct_layer *layer,
                                const float *inputs, size_t outputs, float *scales)
{
    const struct oct_network *like = m->with->like;
    const struct oct_layer *made = &like->layers[m->to.network->layer_count];
    const int first = oct_network_resolve(like, layer->input, 0).tensor;
    const double factor = (double)inputs[0] / (double)like->tensors[first].quantization.scale;
    for (size_t n = 0; n < outputs; n++)
        scales[n] = (float)((double)made->scale[n] * factor);
    return made->codes;
}

/* Codes that are found here, and their scales; NULL: memory is short. */
static const int8_t *find_codes(const struct mixing *m, const struct oct_refinement *refinement,
                                size_t weights, float *scales)
{
    const struct oct_weights_shape *shape = &refinement->shape;
    int8_t *codes = oct_arena_calloc(m->to.arena, weights, sizeof *codes);
    if (!codes)
        return NULL;
    oct_quantize_weights(shape, refinement->weights, refinement->input_scales, codes, scales);
    if (shape->bits == 4)
        oct_fit_weights(refinement, scales, codes);
    else
        oct_refine_weights(refinement, codes);
    return codes;
}

static octet_status quantize_weights(struct mixing *m, int index, struct oct_layer *layer)
{
    const struct oct_network *network = m->to.network;
    const struct oct_weights_shape shape = {
        network->tensors[layer->output].channels, oct_layer_depth(network, layer),
        layer->kernel * layer->kernel, oct_is_depthwise(layer), layer->code_bits};
    const int input_channels = network->tensors[layer->input].channels;
    const size_t outputs = (size_t)shape.outputs, channels = (size_t)input_channels;
    float *inputs = oct_arena_calloc(m->to.arena, channels, sizeof *inputs);
    float *scales = oct_arena_calloc(m->to.arena, outputs, sizeof *scales);
    float *biases = oct_arena_calloc(m->to.arena, outputs, sizeof *biases);
    struct oct_moments *moments = oct_arena_calloc(m->to.arena, channels, sizeof *moments);
    double *scratch =
        oct_arena_calloc(m->to.arena, oct_refinement_scratch(&shape), sizeof *scratch);
    int(*candidates)[2] = oct_arena_calloc(m->to.arena, channels, sizeof *candidates);
    if (!inputs || !scales || !biases || !moments || !scratch || !candidates)
        return oct_fail_memory(m->to.ctx, "quantised weights");
    for (int c = 0; c < input_channels; c++)
        inputs[c] = network->tensors[oct_network_resolve(network, layer->input, c).tensor]
                        .quantization.scale;
    const bool known = input_moments(m, m->from->layers[index].input, input_channels, moments);
    const struct oct_refinement refinement = {shape,   layer->values, inputs,    scales,
                                              moments, scratch,       candidates};
    const size_t weights = (size_t)oct_layer_weights(network, layer);
    const int8_t *codes = m->with->like ? take_codes(m, layer, inputs, outputs, scales)
                                        : find_codes(m, &refinement, weights, scales);
    if (!codes)
        return oct_fail_memory(m->to.ctx, "quantised weights");
    if (known) {
        oct_correct_biases(&refinement, codes, layer->bias, biases);
        layer->bias = biases;
    }
    layer->codes = codes;
    layer->scale = scales;
    layer->values = NULL;
    return OCTET_OK;
}

static void take_trained(const struct mixing *m, int index, bool is_float, struct oct_layer *layer)
{
    const struct oct_trained_layer *trained = &m->with->trained[index];
    layer->bias = trained->biases;
    if (is_float) {
        layer->values = trained->values;
        return;
    }
    layer->codes = trained->codes;
    layer->scale = trained->scales;
    layer->values = NULL;
}

/* A convolution, or an attention, which has no weights. */
static octet_status lower_computing(struct mixing *m, int index)
{
    struct oct_network *network = m->to.network;
    struct oct_layer layer = m->from->layers[index];
    struct oct_tensor *output = &network->tensors[layer.output];
    const bool is_float = m->with->is_float && m->with->is_float[index];
    int leaf;
    octet_status status = OCTET_OK;
    if (layer.residual >= 0 && !oct_network_uniform(network, layer.residual, &leaf))
        return oct_fail(m->to.ctx, OCTET_UNSUPPORTED_MODEL,
                        "layer \"%s\" adds a concat whose parts differ in scale", layer.name);
    if ((network->tensors[layer.input].type == OCT_TYPE_U8) == is_float)
        status = twin_of(m, layer.input, is_float ? float_type(m) : OCT_TYPE_U8, &layer.input);
    if (layer.operation == OCT_CONVOLUTION && !is_float)
        layer.code_bits = weight_bits(m, index);
    if (!status && layer.values && m->with->trained)
        take_trained(m, index, is_float, &layer);
    else if (!status && !is_float && layer.values)
        status = quantize_weights(m, index, &layer);
    if (!status && layer.values && network->tensors[layer.input].type == OCT_TYPE_BF16)
        status = oct_round_weights(m->to.ctx, m->to.arena, network, &layer);
    if (output->type == OCT_TYPE_U8)
        output->quantization = m->with->codings[layer.output];
    return status ? status : oct_lower_add_layer(&m->to, &layer);
}

/* Max pools, upsampling and copies cannot change the scale: theirs is their input's. A copy can
 * change the type. */
static octet_status lower_move(struct mixing *m, int index)
{
    struct oct_network *network = m->to.network;
    struct oct_layer layer = m->from->layers[index];
    struct oct_tensor *output = &network->tensors[layer.output];
    const enum oct_type type = network->tensors[layer.input].type;
    int leaf = 0;
    octet_status status = OCTET_OK;
    const bool uniform = oct_network_uniform(network, layer.input, &leaf);
    if (type != output->type && layer.operation == OCT_COPY && uniform) {
        if (output->type == OCT_TYPE_U8)
            output->quantization = m->with->codings[layer.output];
        return oct_lower_add_layer(&m->to, &layer);
    }
    if (type != output->type)
        status = twin_of(m, layer.input, output->type, &layer.input);
    if (!status && !oct_network_uniform(network, layer.input, &leaf))
        return oct_fail(m->to.ctx, OCTET_UNSUPPORTED_MODEL,
                        "layer \"%s\" reads a concat whose parts differ in scale", layer.name);
    output->quantization = network->tensors[leaf].quantization;
    return status ? status : oct_lower_add_layer(&m->to, &layer);
}

/* Means have a scale of their own, from inputs of one. */
static octet_status lower_mean(struct mixing *m, int index)
{
    struct oct_network *network = m->to.network;
    struct oct_layer layer = m->from->layers[index];
    struct oct_tensor *output = &network->tensors[layer.output];
    const enum oct_type type = output->type;
    int leaf;
    if (type == OCT_TYPE_U8)
        output->quantization = m->with->codings[layer.output];
    if (network->tensors[layer.input].type != type) {
        const octet_status status = twin_of(m, layer.input, type, &layer.input);
        if (status)
            return status;
    }
    if (type == OCT_TYPE_U8 && !oct_network_uniform(network, layer.input, &leaf))
        return oct_fail(m->to.ctx, OCTET_UNSUPPORTED_MODEL,
                        "layer \"%s\" averages a concat whose parts differ in scale", layer.name);
    return oct_lower_add_layer(&m->to, &layer);
}

static octet_status lower_layer(struct mixing *m, int index)
{
    const enum oct_operation operation = m->from->layers[index].operation;
    if (operation == OCT_WINDOW_MEAN)
        return lower_mean(m, index);
    return oct_operation_row(operation)->moves ? lower_move(m, index) : lower_computing(m, index);
}

static octet_status lower_head(struct mixing *m)
{
    struct oct_head *head = &m->to.network->head;
    octet_status status = OCTET_OK;
    for (int i = 0; i < head->output_count && !status; i++)
        if (m->to.network->tensors[head->outputs[i].tensor].type != OCT_TYPE_F32)
            status = twin_of(m, head->outputs[i].tensor, OCT_TYPE_F32, &head->outputs[i].tensor);
    return status;
}

/* Float tensors become bf16, but for those that must stay float. */
static octet_status round_types(struct mixing *m, enum oct_type *types)
{
    const size_t tensors = (size_t)m->from->tensor_count;
    int *group = oct_arena_calloc(m->to.arena, tensors, sizeof *group);
    bool *is_float = oct_arena_calloc(m->to.arena, tensors, sizeof *is_float);
    if (!group || !is_float)
        return oct_fail_memory(m->to.ctx, "the network");
    oct_group_tensors(m->from, group);
    oct_choose_bf16(m->from, group, is_float);
    for (size_t i = 0; i < tensors; i++)
        if (types[i] == OCT_TYPE_F32 && !is_float[group[i]])
            types[i] = OCT_TYPE_BF16;
    return OCTET_OK;
}

/* Begins with the tensors of `from`. Every tensor has two twins at most, and every layer that is
 * added writes one. */
static octet_status begin(struct mixing *m, octet_context *ctx, struct oct_arena *arena,
                          struct oct_network *network, enum oct_type **types)
{
    const size_t tensors = (size_t)m->from->tensor_count, layers = (size_t)m->from->layer_count;
    *network = *m->from;
    octet_status status = oct_lower_begin(&m->to, ctx, arena, network, OCT_TYPE_COUNT * tensors,
                                          layers + 2 * tensors);
    int *twins = oct_arena_calloc(arena, OCT_TYPE_COUNT * tensors, sizeof *twins);
    *types = oct_arena_calloc(arena, tensors, sizeof **types);
    if (!status && (!twins || !*types))
        status = oct_fail_memory(ctx, "the network");
    for (size_t i = 0; i < tensors && !status; i++) {
        int index;
        status = oct_lower_add_tensor(&m->to, &m->from->tensors[i], &index);
    }
    if (status)
        return status;
    memset(twins, -1, OCT_TYPE_COUNT * tensors * sizeof *twins);
    for (size_t type = 0; type < OCT_TYPE_COUNT; type++)
        m->twin[type] = twins + type * tensors;
    return OCTET_OK;
}

octet_status oct_lower_int8(octet_context *ctx, struct oct_arena *arena,
                            const struct oct_network *from, const struct oct_scheme *scheme,
                            struct oct_network *network)
{
    struct mixing m = {.from = from, .with = scheme};
    enum oct_type *types = NULL;
    octet_status status = begin(&m, ctx, arena, network, &types);
    if (!status)
        status = oct_choose_types(ctx, arena, from, scheme->is_float, types);
    if (!status && scheme->bf16)
        status = round_types(&m, types);
    if (status)
        return status;
    for (int i = 0; i < from->tensor_count; i++)
        network->tensors[i].type = types[i];
    if (types[0] == OCT_TYPE_U8)
        network->tensors[0].quantization = oct_picture_quantization;
    for (int i = 0; i < from->layer_count && !status; i++)
        status = lower_layer(&m, i);
    return status ? status : lower_head(&m);
}
