/* SPDX-License-Identifier: Apache-2.0 */
/* Q/DQ pairs before what quantised convolutions and average pools read, and weights' codes. */
#include "compiler/export/qdq.h"

#include <string.h>

struct placing {
    struct oct_rewrite *rewrite;
    const struct oct_recipe *recipe;
    struct oct_qdq *qdq;
    const char **decoded; /* [values]: name of what DequantizeLinear gives, or NULL */
};

static octet_status no_memory(const struct placing *p)
{
    return oct_fail_memory(p->rewrite->ctx, "the export");
}

static const char *name_of(const struct placing *p, int value)
{
    return p->recipe->placement->graph->values[value].name;
}

/* ---- activations ---- */

/* The name under which a quantised reader takes `value`; the pair stands behind what makes it. */
static octet_status decode(struct placing *p, int value, const char **decoded)
{
    struct oct_rewrite *r = p->rewrite;
    const float scale = p->recipe->scales[value];
    const bool is_unsigned = p->qdq->unsigned_codes;
    const uint8_t zero = is_unsigned ? 128 : 0;
    *decoded = p->decoded[value];
    if (*decoded)
        return OCTET_OK;
    const char *name = name_of(p, value);
    if (!(scale > 0.0f))
        return oct_fail(r->ctx, OCTET_UNSUPPORTED_MODEL,
                        "%s: there are no statistics for '%.200s', which is to be quantised",
                        p->recipe->placement->graph->name, name);
    const struct oct_rewrite_name *known = oct_rewrite_find(r, name);
    const int64_t place = known && known->producer >= 0 ? 2 * (int64_t)known->producer + 1 : -1;
    const char *scale_name = oct_rewrite_new_name(r, name, "_scale");
    const char *zero_name = oct_rewrite_new_name(r, name, "_zero_point");
    const char *q = oct_rewrite_new_name(r, name, "_QuantizeLinear_Output");
    const char *dq = oct_rewrite_new_name(r, name, "_DequantizeLinear_Output");
    const char *q_node = oct_rewrite_new_name(r, name, "_QuantizeLinear");
    const char *dq_node = oct_rewrite_new_name(r, name, "_DequantizeLinear");
    if (!scale_name || !zero_name || !q || !dq || !q_node || !dq_node)
        return no_memory(p);
    const struct oct_rewrite_tensor scalars[] = {
        {scale_name, OCT_ONNX_FLOAT, 0, NULL, &scale, sizeof scale},
        {zero_name, is_unsigned ? OCT_ONNX_UINT8 : OCT_ONNX_INT8, 0, NULL, &zero, sizeof zero}};
    const char *const q_inputs[] = {name, scale_name, zero_name, NULL};
    const char *const dq_inputs[] = {q, scale_name, zero_name, NULL};
    if (!oct_rewrite_tensor(r, -1, &scalars[0]) || !oct_rewrite_tensor(r, -1, &scalars[1]) ||
        !oct_rewrite_insert(r, place, "QuantizeLinear", q_node, q_inputs, q) ||
        !oct_rewrite_insert(r, place, "DequantizeLinear", dq_node, dq_inputs, dq))
        return no_memory(p);
    p->qdq->pairs++;
    *decoded = p->decoded[value] = dq;
    return OCTET_OK;
}

/* ---- weights ---- */

/* One convolution's numbers. Freed with the rewrite's arena. */
struct numbers {
    struct oct_weights_shape shape;
    size_t count;
    int8_t *codes;
    float *scales, *values, *biases; /* `values`: of the codes */
};

/* Codes of weights for the picture's channels, in the order in which the file has those. */
static void restore_order(struct numbers *numbers, const int *order)
{
    const size_t taps = (size_t)numbers->shape.taps;
    for (size_t n = 0; n < (size_t)numbers->shape.outputs; n++)
        for (size_t t = 0; t < taps; t++) {
            int8_t *at = numbers->codes + n * OCT_PICTURE_CHANNELS * taps + t;
            const int8_t own[OCT_PICTURE_CHANNELS] = {at[0], at[taps], at[2 * taps]};
            for (size_t c = 0; c < OCT_PICTURE_CHANNELS; c++)
                at[c * taps] = own[order[c]];
        }
}

/* Whether each channel of the picture is read once. */
static bool is_exchange(const int *order)
{
    return order[0] != order[1] && order[1] != order[2] && order[0] != order[2];
}

/* What training made of a layer. */
static void take_trained(const struct placing *p, int layer, struct numbers *numbers)
{
    const struct oct_trained_layer *trained = &p->recipe->trained[layer];
    const size_t outputs = (size_t)numbers->shape.outputs;
    if (trained->codes) {
        memcpy(numbers->codes, trained->codes, numbers->count);
        memcpy(numbers->scales, trained->scales, outputs * sizeof(float));
    } else {
        memcpy(numbers->values, trained->values, numbers->count * sizeof(float));
    }
    memcpy(numbers->biases, trained->biases, outputs * sizeof(float));
}

static octet_status quantize(const struct placing *p, int layer, struct numbers *numbers)
{
    const struct oct_network *network = p->recipe->placement->network;
    const struct oct_layer *l = &network->layers[layer];
    struct oct_arena *arena = p->rewrite->arena;
    const struct oct_weights_shape shape = {network->tensors[l->output].channels,
                                            oct_layer_depth(network, l), l->kernel * l->kernel,
                                            oct_is_depthwise(l), 8};
    const size_t outputs = (size_t)shape.outputs, depth = (size_t)shape.inputs;
    const size_t inputs = (size_t)network->tensors[l->input].channels;
    *numbers = (struct numbers){.shape = shape,
                                .count = outputs * depth * (size_t)shape.taps,
                                .scales = oct_arena_calloc(arena, outputs, sizeof(float)),
                                .biases = oct_arena_calloc(arena, outputs, sizeof(float))};
    numbers->codes = oct_arena_calloc(arena, numbers->count, sizeof *numbers->codes);
    numbers->values = oct_arena_calloc(arena, numbers->count, sizeof *numbers->values);
    float *ones = oct_arena_calloc(arena, inputs, sizeof *ones);
    struct oct_moments *moments = oct_arena_calloc(arena, inputs, sizeof *moments);
    int(*candidates)[2] = oct_arena_calloc(arena, inputs, sizeof *candidates);
    double *scratch = oct_arena_calloc(arena, oct_refinement_scratch(&shape), sizeof *scratch);
    if (!numbers->scales || !numbers->biases || !numbers->codes || !numbers->values || !ones ||
        !moments || !scratch || !candidates)
        return no_memory(p);
    for (size_t c = 0; c < inputs; c++)
        ones[c] = 1.0f; /* all channels have one scale, which then makes no difference */
    const bool known = oct_recipe_moments(p->recipe, layer, moments);
    const struct oct_refinement refinement = {shape,   l->values, ones,      numbers->scales,
                                              moments, scratch,   candidates};
    if (p->recipe->trained) {
        take_trained(p, layer, numbers);
    } else {
        oct_quantize_weights(&shape, l->values, ones, numbers->codes, numbers->scales);
        oct_refine_weights(&refinement, numbers->codes);
        memcpy(numbers->biases, l->bias, outputs * sizeof(float));
        if (known)
            oct_correct_biases(&refinement, numbers->codes, l->bias, numbers->biases);
    }
    if (l->input == 0 && p->qdq->picture_order && !shape.depthwise)
        restore_order(numbers, p->qdq->picture_order);
    const bool has_codes = !p->recipe->trained || p->recipe->trained[layer].codes;
    for (size_t i = 0; i < numbers->count && has_codes; i++)
        numbers->values[i] =
            (float)numbers->codes[i] * numbers->scales[i / (depth * (size_t)shape.taps)];
    return OCTET_OK;
}

/* The file's own weights where it has `each` input channels a group, and the network all of them,
 * with zeros between. */
static void take_groups(struct numbers *numbers, size_t each)
{
    const size_t inputs = (size_t)numbers->shape.inputs, taps = (size_t)numbers->shape.taps;
    const size_t outputs = (size_t)numbers->shape.outputs, own = each * taps;
    const size_t groups = inputs / each;
    for (size_t n = 0; n < outputs; n++) {
        const size_t from = n * inputs * taps + n / (outputs / groups) * own;
        memmove(numbers->codes + n * own, numbers->codes + from, own * sizeof *numbers->codes);
        memmove(numbers->values + n * own, numbers->values + from, own * sizeof *numbers->values);
    }
    numbers->count = outputs * own;
}

/* The node's numbers, of all its parts: layers that are convolutions of some of its outputs. */
static octet_status quantize_node(const struct placing *p, const struct oct_placed_convolution *c,
                                  struct numbers *numbers)
{
    const struct oct_placement *placement = p->recipe->placement;
    const int weights = placement->graph->file.nodes[c->node].inputs[1];
    octet_status status = quantize(p, c->layer, numbers);
    if (!c->rows || status)
        return status;
    struct oct_arena *arena = p->rewrite->arena;
    const size_t each = numbers->count / (size_t)numbers->shape.outputs;
    numbers->shape.outputs = (int)placement->graph->values[weights].array.dims[0];
    const size_t outputs = (size_t)numbers->shape.outputs;
    numbers->count = outputs * each;
    numbers->codes = oct_arena_calloc(arena, numbers->count, sizeof *numbers->codes);
    numbers->values = oct_arena_calloc(arena, numbers->count, sizeof *numbers->values);
    numbers->scales = oct_arena_calloc(arena, outputs, sizeof *numbers->scales);
    numbers->biases = oct_arena_calloc(arena, outputs, sizeof *numbers->biases);
    if (!numbers->codes || !numbers->values || !numbers->scales || !numbers->biases)
        return no_memory(p);
    for (int i = 0; i < placement->count && !status; i++) {
        const struct oct_placed_convolution *part = &placement->convolutions[i];
        struct numbers own;
        if (part->node != c->node)
            continue;
        status = quantize(p, part->layer, &own);
        for (size_t n = 0; !status && n < (size_t)own.shape.outputs; n++) {
            const size_t row = (size_t)part->rows[n];
            if (part->rows[n] < 0)
                continue;
            memcpy(numbers->codes + row * each, own.codes + n * each, each);
            memcpy(numbers->values + row * each, own.values + n * each, each * sizeof(float));
            numbers->scales[row] = own.scales[n];
            numbers->biases[row] = own.biases[n];
        }
    }
    return status;
}

/* What is to become of a tensor that the convolution alone reads, or shares. */
struct target {
    const char *name; /* of what replaces it */
    int initializer;  /* that goes: -1: none, as others read it or a node makes it */
};

static bool find_target(const struct placing *p, const OctOnnx__NodeProto *conv, size_t input,
                        const char *suffix, struct target *target)
{
    const char *name = input < conv->n_input ? conv->input[input] : "";
    const struct oct_rewrite_name *known = name[0] ? oct_rewrite_find(p->rewrite, name) : NULL;
    const bool own = known && known->initializer >= 0 && known->uses == 1;
    target->initializer = own ? known->initializer : -1;
    target->name = own ? name : oct_rewrite_new_name(p->rewrite, conv->output[0], suffix);
    return target->name != NULL;
}

/* Q/DQ, or DQ alone, before the convolution; its input 1 becomes what they give. */
static octet_status place_weights(struct placing *p, int node, const struct numbers *numbers,
                                  const int64_t dims[4], OctOnnx__NodeProto *conv)
{
    struct oct_rewrite *r = p->rewrite;
    const int64_t outputs = numbers->shape.outputs, place = 2 * (int64_t)node;
    const bool int8 = p->qdq->int8_weights;
    struct target weights;
    if (!find_target(p, conv, 1, "_weight", &weights))
        return no_memory(p);
    const char *scale = oct_rewrite_new_name(r, weights.name, "_scale");
    const char *zero = oct_rewrite_new_name(r, weights.name, "_zero_point");
    const char *q = oct_rewrite_new_name(r, weights.name, "_quantized");
    const char *dq = oct_rewrite_new_name(r, weights.name, "_DequantizeLinear_Output");
    const char *q_node = oct_rewrite_new_name(r, weights.name, "_QuantizeLinear");
    const char *dq_node = oct_rewrite_new_name(r, weights.name, "_DequantizeLinear");
    int8_t *zeros = oct_arena_calloc(r->arena, (size_t)outputs, 1);
    if (!scale || !zero || !q || !dq || !q_node || !dq_node || !zeros)
        return no_memory(p);
    const struct oct_rewrite_tensor tensors[] = {
        {scale, OCT_ONNX_FLOAT, 1, &outputs, numbers->scales, (size_t)outputs * sizeof(float)},
        {zero, OCT_ONNX_INT8, 1, &outputs, zeros, (size_t)outputs},
        {q, OCT_ONNX_INT8, 4, dims, numbers->codes, numbers->count},
        {weights.name, OCT_ONNX_FLOAT, 4, dims, numbers->values, numbers->count * sizeof(float)}};
    const char *const q_inputs[] = {weights.name, scale, zero, NULL};
    const char *const dq_inputs[] = {q, scale, zero, NULL};
    if (int8 && weights.initializer >= 0)
        r->initializers[weights.initializer] = NULL;
    OctOnnx__NodeProto *nodes[2] = {NULL, NULL};
    bool done = oct_rewrite_tensor(r, int8 ? -1 : weights.initializer, &tensors[int8 ? 2 : 3]) &&
                oct_rewrite_tensor(r, -1, &tensors[0]) && oct_rewrite_tensor(r, -1, &tensors[1]);
    if (done && !int8)
        done = (nodes[0] = oct_rewrite_insert(r, place, "QuantizeLinear", q_node, q_inputs, q));
    if (done)
        done =
            (nodes[1] = oct_rewrite_insert(r, place, "DequantizeLinear", dq_node, dq_inputs, dq));
    for (int i = 0; i < 2 && done; i++)
        done = !nodes[i] || oct_rewrite_set_int(r, nodes[i], "axis", 0);
    conv->input[1] = (char *)dq;
    return done ? OCTET_OK : no_memory(p);
}

static octet_status place_bias(struct placing *p, const struct numbers *numbers,
                               OctOnnx__NodeProto *conv)
{
    const int64_t outputs = numbers->shape.outputs;
    struct target bias;
    if (!find_target(p, conv, 2, "_bias", &bias))
        return no_memory(p);
    const struct oct_rewrite_tensor tensor = {bias.name, OCT_ONNX_FLOAT,  1,
                                              &outputs,  numbers->biases, (size_t)outputs * 4};
    if (!oct_rewrite_tensor(p->rewrite, bias.initializer, &tensor))
        return no_memory(p);
    conv->input[2] = (char *)bias.name;
    conv->n_input = 3;
    return OCTET_OK;
}

/* ---- convolutions ---- */

/* The batch normalisation's numbers are in the weights: its result becomes the convolution's, or,
 * where something stands between the two that changes nothing, it becomes such a node itself. */
static octet_status drop_norm(struct placing *p, const struct oct_placed_convolution *c,
                              OctOnnx__NodeProto *conv)
{
    const OctOnnx__NodeProto *norm = p->rewrite->source->graph->node[c->norm];
    if (strcmp(norm->input[0], conv->output[0]) == 0) {
        conv->output[0] = (char *)name_of(p, c->result);
        p->rewrite->nodes[c->norm] = NULL;
        return OCTET_OK;
    }
    OctOnnx__NodeProto *identity = oct_rewrite_change(p->rewrite, c->norm);
    if (!identity)
        return no_memory(p);
    identity->op_type = (char *)"Identity";
    identity->n_input = identity->n_output = 1;
    identity->n_attribute = 0;
    return OCTET_OK;
}

static octet_status place_sum(struct placing *p, const struct oct_placed_convolution *c)
{
    OctOnnx__NodeProto *add = oct_rewrite_change(p->rewrite, c->sum);
    const char *decoded;
    if (!add)
        return no_memory(p);
    const octet_status status = decode(p, c->other, &decoded);
    for (size_t i = 0; i < add->n_input && !status; i++)
        if (strcmp(add->input[i], name_of(p, c->other)) == 0)
            add->input[i] = (char *)decoded;
    return status;
}

static octet_status place_convolution(struct placing *p, const struct oct_placed_convolution *c)
{
    const struct oct_graph *graph = p->recipe->placement->graph;
    const int weights = graph->file.nodes[c->node].inputs[1];
    OctOnnx__NodeProto *conv = oct_rewrite_change(p->rewrite, c->node);
    const char *decoded;
    struct numbers numbers;
    if (!conv)
        return no_memory(p);
    octet_status status = quantize_node(p, c, &numbers);
    if (!status && graph->values[weights].array.dims[1] < numbers.shape.inputs)
        take_groups(&numbers, (size_t)graph->values[weights].array.dims[1]);
    if (!status)
        status = decode(p, c->input, &decoded);
    if (!status)
        status = place_weights(p, c->node, &numbers, graph->values[weights].array.dims, conv);
    if (!status)
        status = place_bias(p, &numbers, conv);
    if (status)
        return status;
    conv->input[0] = (char *)decoded;
    status = c->norm >= 0 ? drop_norm(p, c, conv) : OCTET_OK;
    if (!status && c->sum >= 0)
        status = place_sum(p, c);
    return status;
}

/* A convolution that stays float, with weights that training changed. */
static octet_status place_floats(struct placing *p, const struct oct_placed_convolution *c)
{
    const struct oct_graph *graph = p->recipe->placement->graph;
    const int value = graph->file.nodes[c->node].inputs[1];
    OctOnnx__NodeProto *conv = oct_rewrite_change(p->rewrite, c->node);
    struct numbers numbers;
    struct target weights;
    if (!conv || !find_target(p, conv, 1, "_weight", &weights))
        return no_memory(p);
    const octet_status status = quantize(p, c->layer, &numbers);
    if (status)
        return status;
    const struct oct_rewrite_tensor tensor = {weights.name,
                                              OCT_ONNX_FLOAT,
                                              4,
                                              graph->values[value].array.dims,
                                              numbers.values,
                                              numbers.count * sizeof(float)};
    if (!oct_rewrite_tensor(p->rewrite, weights.initializer, &tensor))
        return no_memory(p);
    conv->input[1] = (char *)weights.name;
    return place_bias(p, &numbers, conv);
}

/* Whether a quantised convolution reads what an average pool gives. */
static bool is_coded(const struct placing *p, const struct oct_placed_mean *mean)
{
    const struct oct_placement *placement = p->recipe->placement;
    for (int i = 0; i < placement->count; i++) {
        const struct oct_placed_convolution *c = &placement->convolutions[i];
        if (!p->recipe->is_float[c->layer] &&
            placement->group[c->input] == placement->group[mean->output])
            return true;
    }
    return false;
}

/* Between DequantizeLinear and the QuantizeLinear of those that read it, TensorRT averages codes.
 * Source: NVIDIA, TensorRT documentation, "Explicit Quantization", on the fusion of quantisable
 * layers, whose example is AveragePool. */
static octet_status place_mean(struct placing *p, const struct oct_placed_mean *mean)
{
    const char *decoded;
    if (!is_coded(p, mean))
        return OCTET_OK;
    OctOnnx__NodeProto *node = oct_rewrite_change(p->rewrite, mean->node);
    if (!node)
        return no_memory(p);
    const octet_status status = decode(p, mean->input, &decoded);
    if (!status)
        node->input[0] = (char *)decoded;
    return status;
}

/* Models of float16 have their picture or an initializer in it. */
static octet_status refuse_half(const struct oct_rewrite *r, const char *name)
{
    const OctOnnx__GraphProto *graph = r->source->graph;
    bool half = false;
    for (size_t i = 0; i < graph->n_initializer; i++)
        half = half || graph->initializer[i]->data_type == OCT_ONNX_FLOAT16 ||
               graph->initializer[i]->data_type == OCT_ONNX_BFLOAT16;
    for (size_t i = 0; i < graph->n_input; i++) {
        const OctOnnx__TypeProto *type = graph->input[i]->type;
        half =
            half || (type && type->tensor_type && type->tensor_type->elem_type == OCT_ONNX_FLOAT16);
    }
    if (!half)
        return OCTET_OK;
    return oct_fail(r->ctx, OCTET_UNSUPPORTED_MODEL,
                    "%s: it computes with float16, QDQ is put into float32 models: export the "
                    "model without half",
                    name);
}

octet_status oct_qdq_place(struct oct_rewrite *rewrite, const struct oct_recipe *recipe,
                           struct oct_qdq *qdq)
{
    const struct oct_placement *placement = recipe->placement;
    struct placing p = {rewrite, recipe, qdq, NULL};
    qdq->pairs = 0;
    p.decoded = oct_arena_calloc(rewrite->arena, (size_t)placement->graph->file.value_count,
                                 sizeof(const char *));
    if (!p.decoded)
        return no_memory(&p);
    octet_status status = refuse_half(rewrite, placement->graph->name);
    if (!status && qdq->picture_order && !is_exchange(qdq->picture_order))
        status = oct_fail(rewrite->ctx, OCTET_UNSUPPORTED_MODEL,
                          "%s: it reads a channel of its input several times, which QDQ is not put "
                          "around: export the model without that",
                          placement->graph->name);
    if (!status)
        status = oct_raise_opset(rewrite, placement->graph);
    for (int i = 0; i < placement->count && !status; i++)
        if (oct_recipe_quantises(recipe, i))
            status = place_convolution(&p, &placement->convolutions[i]);
        else if (recipe->trained && oct_recipe_places_floats(recipe, i))
            status = place_floats(&p, &placement->convolutions[i]);
    for (int i = 0; i < placement->mean_count && !status; i++)
        status = place_mean(&p, &placement->means[i]);
    return status;
}
