/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps what is learnt, and makes codes of it. */
#include "train/student.h"

#include <math.h>
#include <string.h>

/* A weight begins so far from the edge of the code that it begins with, at least. */
#define ROOM 0.05

struct creating {
    octet_context *ctx;
    struct oct_student *student;
    const struct oct_student_settings *settings;
};

static octet_status no_memory(const struct creating *c)
{
    return oct_fail_memory(c->ctx, "training");
}

/* ---- how it begins ---- */

static octet_status find_inputs(struct creating *c, int index)
{
    const struct oct_train_plan *plan = c->student->plan;
    const struct oct_layer *layer = &plan->network->layers[index];
    struct oct_student_layer *l = &c->student->layers[index];
    const int inputs = plan->network->tensors[layer->input].channels;
    float *scales = oct_arena_calloc(&c->student->arena, (size_t)inputs, sizeof *scales);
    l->input_codings = oct_arena_calloc(&c->student->arena, (size_t)inputs, sizeof(int));
    l->input_scales = scales;
    if (!scales || !l->input_codings)
        return no_memory(c);
    for (int i = 0; i < inputs; i++) {
        const struct oct_network_channel at = oct_network_resolve(plan->network, layer->input, i);
        const int writer = plan->writer[at.tensor];
        const int coding = writer < 0 ? -1 : plan->layers[writer].coding;
        l->input_codings[i] = coding;
        scales[i] = coding >= 0  ? c->settings->codings[coding].scale
                    : writer < 0 ? c->settings->picture.scale
                                 : 1.0f;
        l->input_mean += (double)scales[i] / inputs;
    }
    return OCTET_OK;
}

/* So that steps of weights that stay values are as large as of others. Those of the trial that came
 * before, hundreds of times as large, forget what few pictures do not show: YOLOv8n on COCO by
 * TensorRT's rules, score error 0.065 -> 0.11 instead of 0.058 on what was held out. */
static float *value_units(struct oct_student *s, int index)
{
    const struct oct_student_layer *l = &s->layers[index];
    const float *weights = s->plan->network->layers[index].values;
    const size_t each = l->shape.count / (size_t)l->shape.outputs;
    float *units = oct_arena_calloc(&s->arena, (size_t)l->shape.outputs, sizeof *units);
    for (int n = 0; units && n < l->shape.outputs; n++) {
        float most = 0.0f;
        for (size_t i = 0; i < each; i++)
            most = fmaxf(most, fabsf(weights[(size_t)n * each + i]));
        units[n] = most > 0.0f ? most / 127.0f : 1.0f;
    }
    return units;
}

static octet_status shape_layer(struct creating *c, int index)
{
    struct oct_student *s = c->student;
    const struct oct_layer *layer = &s->plan->network->layers[index];
    struct oct_student_layer *l = &s->layers[index];
    l->bits = c->settings->layers[index].bits;
    l->is_frozen = c->settings->layers[index].is_frozen;
    l->is_depthwise = oct_is_depthwise(layer);
    l->shape.outputs = s->plan->network->tensors[layer->output].channels;
    l->shape.depth = oct_layer_depth(s->plan->network, layer);
    l->shape.taps = layer->kernel * layer->kernel;
    l->shape.count = (size_t)oct_layer_weights(s->plan->network, layer);
    l->codes = oct_arena_calloc(&s->arena, l->shape.count, 1);
    l->accumulator_scales =
        oct_arena_calloc(&s->arena, (size_t)l->shape.outputs, sizeof *l->accumulator_scales);
    const struct oct_convolution_needs *needs =
        oct_convolution_needs(s->plan->layers[index].convolution);
    s->packed[index].forward = oct_arena_calloc(&s->arena, needs->forward_bytes, 1);
    s->packed[index].backward = oct_arena_calloc(&s->arena, needs->backward_bytes, 1);
    l->first_scales = l->bits ? c->settings->layers[index].scales : value_units(s, index);
    return l->codes && l->accumulator_scales && l->first_scales && s->packed[index].forward &&
                   s->packed[index].backward
               ? find_inputs(c, index)
               : no_memory(c);
}

/* Weights of all layers first, then biases, then scales: those of one rate lie together. */
static void place_values(struct oct_student *s)
{
    const int layers = s->plan->network->layer_count;
    size_t at = 0;
    for (int i = 0; i < layers; i++) {
        s->layers[i].weights = at;
        at += s->layers[i].shape.count;
    }
    s->weight_count = at;
    for (int i = 0; i < layers; i++) {
        s->layers[i].biases = at;
        at += (size_t)s->layers[i].shape.outputs;
    }
    s->bias_count = at - s->weight_count;
    for (int i = 0; i < layers; i++) {
        s->layers[i].scales = at;
        at += s->layers[i].bits ? (size_t)s->layers[i].shape.outputs : 0;
    }
    s->codings = at;
    s->count = at + (size_t)s->plan->coding_count;
    s->scale_count = s->count - s->weight_count - s->bias_count;
}

/* The input channel that weight `i` of output `n` reads. */
static size_t input_of(const struct oct_student_layer *l, int n, size_t i)
{
    return l->is_depthwise ? (size_t)n : i / (size_t)l->shape.taps;
}

/* What the weight would be in units of its code, as near to its own value as it rounds to the
 * code. */
static void start_layer(struct oct_student *s, int index, const struct oct_student_start *start)
{
    struct oct_student_layer *l = &s->layers[index];
    const float *weights = s->plan->network->layers[index].values;
    const size_t each = l->shape.count / (size_t)l->shape.outputs;
    float *values = s->values + l->weights;
    memcpy(s->values + l->biases, start->bias, (size_t)l->shape.outputs * sizeof *values);
    for (size_t i = 0; !l->bits && i < l->shape.count; i++)
        values[i] = weights[i] / l->first_scales[i / each];
    for (int n = 0; l->bits && n < l->shape.outputs; n++)
        for (size_t i = 0; i < each; i++) {
            const size_t at = (size_t)n * each + i;
            const double input = (double)l->input_scales[input_of(l, n, i)];
            const double own = (double)weights[at] * input / (double)start->scales[n];
            const double low = start->codes[at] - 0.5 + ROOM, high = start->codes[at] + 0.5 - ROOM;
            values[at] = (float)(own < low ? low : own > high ? high : own);
        }
}

static octet_status create(struct creating *c)
{
    struct oct_student *s = c->student;
    const struct oct_network *network = s->plan->network;
    const size_t layers = (size_t)network->layer_count, codings = (size_t)s->plan->coding_count;
    s->layers = oct_arena_calloc(&s->arena, layers, sizeof *s->layers);
    s->packed = oct_arena_calloc(&s->arena, layers, sizeof *s->packed);
    s->first_codings = oct_arena_calloc(&s->arena, codings, sizeof *s->first_codings);
    s->now_codings = oct_arena_calloc(&s->arena, codings, sizeof *s->now_codings);
    if (!s->layers || !s->packed || !s->first_codings || !s->now_codings)
        return no_memory(c);
    for (int i = 0; i < network->layer_count; i++) {
        const octet_status status = s->plan->layers[i].convolution ? shape_layer(c, i) : OCTET_OK;
        if (status)
            return status;
    }
    place_values(s);
    s->values = oct_arena_calloc(&s->arena, s->count, sizeof *s->values);
    s->gradients = oct_arena_calloc(&s->arena, s->count - s->weight_count, sizeof *s->gradients);
    if (!s->values || !s->gradients)
        return no_memory(c);
    if (codings)
        memcpy(s->first_codings, c->settings->codings, codings * sizeof *s->first_codings);
    for (int i = 0; i < network->layer_count; i++)
        if (s->plan->layers[i].convolution)
            start_layer(s, i, &c->settings->layers[i]);
    return OCTET_OK;
}

octet_status oct_student_create(octet_context *ctx, const struct oct_student_settings *settings,
                                struct oct_student **student)
{
    struct oct_student *s = oct_calloc(ctx, 1, sizeof *s);
    struct creating c = {ctx, s, settings};
    *student = s;
    if (!s)
        return oct_fail_memory(ctx, "training");
    oct_arena_init(&s->arena, ctx);
    s->plan = settings->plan;
    s->keeps_lowest = settings->keeps_lowest;
    const octet_status status = create(&c);
    if (status)
        oct_student_free(ctx, student);
    return status;
}

void oct_student_free(octet_context *ctx, struct oct_student **student)
{
    if (!*student)
        return;
    oct_arena_clear(&(*student)->arena);
    oct_free(ctx, *student);
    *student = NULL;
}

size_t oct_student_largest(const struct oct_student *s)
{
    size_t most = 0;
    for (int i = 0; i < s->plan->network->layer_count; i++)
        most = s->layers[i].shape.count > most ? s->layers[i].shape.count : most;
    return most;
}

/* ---- codes ---- */

/* Where the value of code 0 is the same as of the first coding. */
static int moved_zero_point(struct oct_quantization first, float scale)
{
    const double zero = rint((double)first.zero_point * (double)first.scale / (double)scale);
    return zero < 255.0 ? (int)zero : 255;
}

void oct_student_round_codings(struct oct_student *s)
{
    for (int i = 0; i < s->plan->coding_count; i++) {
        const struct oct_quantization first = s->first_codings[i];
        const double logarithm = (double)s->values[s->codings + (size_t)i];
        const float scale = (float)((double)first.scale * exp(logarithm));
        s->now_codings[i] = (struct oct_quantization){
            scale, s->keeps_lowest ? moved_zero_point(first, scale) : first.zero_point};
    }
}

/* Of a layer, as scales are now. */
struct folding {
    int most;       /* the largest code */
    double growth;  /* r */
    float input[2]; /* of one channel: s, k */
};

static float input_scale(const struct oct_student *s, const struct oct_student_layer *l, size_t c)
{
    return l->input_codings[c] < 0 ? l->input_scales[c] : s->now_codings[l->input_codings[c]].scale;
}

float oct_student_input_scale(const struct oct_student *s, int layer, int output)
{
    const struct oct_student_layer *l = &s->layers[layer];
    return input_scale(s, l, l->is_depthwise ? (size_t)output : 0);
}

static struct folding fold(const struct oct_student *s, const struct oct_student_layer *l,
                           int index)
{
    const struct oct_layer *layer = &s->plan->network->layers[index];
    const int inputs = s->plan->network->tensors[layer->input].channels;
    double mean = 0.0;
    for (int c = 0; c < inputs; c++)
        mean += (double)input_scale(s, l, (size_t)c) / inputs;
    return (struct folding){(1 << (l->bits - 1)) - 1, mean / l->input_mean, {0.0f, 0.0f}};
}

static void fold_channel(const struct oct_student *s, const struct oct_student_layer *l, size_t c,
                         struct folding *f)
{
    f->input[0] = input_scale(s, l, c);
    f->input[1] = (float)((double)f->input[0] / (double)l->input_scales[c] / f->growth);
}

/* Codes and values of the weights of output `n`. */
static void round_output(const struct oct_student *s, struct oct_student_layer *l,
                         struct folding *f, int n, float *weights)
{
    const size_t each = l->shape.count / (size_t)l->shape.outputs, taps = (size_t)l->shape.taps;
    const double logarithm = (double)s->values[l->scales + (size_t)n];
    const float inverse = (float)exp(-logarithm), most = (float)f->most;
    const float *values = s->values + l->weights + (size_t)n * each;
    int8_t *codes = l->codes + (size_t)n * each;
    l->accumulator_scales[n] = (float)((double)l->first_scales[n] * exp(logarithm) * f->growth);
    for (size_t i = 0; i < each; i++) {
        if (i % taps == 0)
            fold_channel(s, l, input_of(l, n, i), f);
        float code = rintf(values[i] * (f->input[1] * inverse));
        code = code < most ? code : most;
        code = code > -most ? code : -most;
        codes[i] = (int8_t)code;
        weights[(size_t)n * each + i] = code * (l->accumulator_scales[n] / f->input[0]);
    }
}

octet_status oct_student_round(struct oct_student *s, const struct oct_onednn_worker *worker,
                               int layer, float *weights)
{
    struct oct_student_layer *l = &s->layers[layer];
    struct oct_packed_layer *packed = &s->packed[layer];
    packed->bias = s->values + l->biases;
    const size_t each = l->shape.count / (size_t)l->shape.outputs;
    for (size_t i = 0; !l->bits && i < l->shape.count; i++)
        weights[i] = s->values[l->weights + i] * l->first_scales[i / each];
    if (l->bits) {
        struct folding f = fold(s, l, layer);
        for (int n = 0; n < l->shape.outputs; n++)
            round_output(s, l, &f, n, weights);
    }
    return oct_convolution_pack(s->plan->layers[layer].convolution, worker, weights,
                                packed->forward, packed->backward);
}

/* ---- gradients ---- */

float *oct_student_gradient(struct oct_student *s, size_t value)
{
    return s->gradients + (value - s->weight_count);
}

/* Straight through where a weight is not clipped; its scale's after LSQ. */
static void output_gradients(struct oct_student *s, struct oct_student_layer *l, struct folding *f,
                             int n, float *weights)
{
    const size_t each = l->shape.count / (size_t)l->shape.outputs, taps = (size_t)l->shape.taps;
    const float inverse = (float)exp(-(double)s->values[l->scales + (size_t)n]);
    const float *values = s->values + l->weights + (size_t)n * each;
    float *gradients = weights + (size_t)n * each;
    double scale = 0.0;
    for (size_t i = 0; i < each; i++) {
        if (i % taps == 0)
            fold_channel(s, l, input_of(l, n, i), f);
        const float v = values[i] * (f->input[1] * inverse), rounded = rintf(v);
        const bool inside = rounded <= (float)f->most && rounded >= -(float)f->most;
        const float g = gradients[i] * (l->accumulator_scales[n] / f->input[0]);
        const float code = (float)l->codes[(size_t)n * each + i];
        gradients[i] = inside ? g * (f->input[1] * inverse) : 0.0f;
        scale += (double)(g * (code - (inside ? v : 0.0f)));
    }
    *oct_student_gradient(s, l->scales + (size_t)n) = (float)scale;
}

octet_status oct_student_gradients(struct oct_student *s, const struct oct_onednn_worker *worker,
                                   int layer, const float *packed, float *weights)
{
    struct oct_student_layer *l = &s->layers[layer];
    const struct oct_layer_plan *plan = &s->plan->layers[layer];
    const size_t each = l->shape.count / (size_t)l->shape.outputs;
    memcpy(oct_student_gradient(s, l->biases), packed + plan->bias_gradient,
           (size_t)l->shape.outputs * sizeof *packed);
    const octet_status status =
        oct_convolution_unpack(plan->convolution, worker, packed + plan->weight_gradient, weights);
    for (size_t i = 0; !l->bits && i < l->shape.count; i++)
        weights[i] *= l->first_scales[i / each];
    if (status || !l->bits)
        return status;
    struct folding f = fold(s, l, layer);
    for (int n = 0; n < l->shape.outputs; n++)
        output_gradients(s, l, &f, n, weights);
    return OCTET_OK;
}
