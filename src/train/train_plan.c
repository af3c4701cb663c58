/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out the memory of training, and makes the convolutions. */
#include "train/train_plan.h"

#include <string.h>

#include "network/operations.h"
#include "train/feature_match.h"
#include "train/plain_layers.h"

/* Up to so many multiply-adds an output, it is made again on the way back instead of kept: of
 * YOLOv8n, 91 % of the sums, for 70 % of the multiply-adds of the way forth. */
#define BRIEF_MOST 600

struct planning {
    octet_context *ctx;
    struct oct_train_plan *plan;
    const struct oct_train_plan_settings *settings;
    struct oct_network_size *sizes; /* [tensors] */
    int *last_reader;               /* [layers]: of its output; -1: nobody, layer_count: the head */
};

static size_t floats_of(const struct planning *p, int tensor)
{
    const struct oct_network_size size = p->sizes[tensor];
    return (size_t)size.height * (size_t)size.width *
           (size_t)p->plan->network->tensors[tensor].channels;
}

/* ---- who reads what ---- */

static octet_status find_runs(struct planning *p, int tensor)
{
    struct oct_train_plan *plan = p->plan;
    struct oct_reading *reading = &plan->readings[tensor];
    const int channels = plan->network->tensors[tensor].channels;
    if (reading->runs)
        return OCTET_OK;
    reading->runs = oct_arena_calloc(&plan->arena, OCT_CONCAT_MAX + 1, sizeof *reading->runs);
    if (!reading->runs)
        return oct_fail_memory(p->ctx, "training");
    for (int c = 0; c < channels; c++) {
        const struct oct_network_channel at = oct_network_resolve(plan->network, tensor, c);
        struct oct_run *last = &reading->runs[reading->run_count - 1];
        if (reading->run_count && last->tensor == at.tensor &&
            last->first + last->count == at.channel)
            last->count++;
        else if (reading->run_count <= OCT_CONCAT_MAX)
            reading->runs[reading->run_count++] = (struct oct_run){at.tensor, at.channel, 1};
        else
            return oct_fail(p->ctx, OCTET_UNSUPPORTED_MODEL,
                            "tensor \"%s\" is in too many pieces to be trained",
                            plan->network->tensors[tensor].name);
    }
    return OCTET_OK;
}

static octet_status note_reader(struct planning *p, int tensor, int reader)
{
    const octet_status status = find_runs(p, tensor);
    const struct oct_reading *reading = &p->plan->readings[tensor];
    for (int i = 0; i < reading->run_count && !status; i++) {
        const int writer = p->plan->writer[reading->runs[i].tensor];
        if (writer >= 0 && p->last_reader[writer] < reader)
            p->last_reader[writer] = reader;
    }
    return status;
}

static octet_status find_readers(struct planning *p)
{
    const struct oct_network *network = p->plan->network;
    octet_status status = OCTET_OK;
    for (int t = 0; t < network->tensor_count; t++)
        p->plan->writer[t] = -1;
    for (int i = 0; i < network->layer_count; i++) {
        p->plan->writer[network->layers[i].output] = i;
        p->last_reader[i] = -1;
    }
    for (int i = 0; i < network->layer_count && !status; i++) {
        status = note_reader(p, network->layers[i].input, i);
        if (!status && network->layers[i].residual >= 0)
            status = note_reader(p, network->layers[i].residual, i);
    }
    for (int i = 0; i < network->head.output_count && !status; i++)
        status = note_reader(p, network->head.outputs[i].tensor, network->layer_count);
    for (int i = 0; i < network->layer_count; i++)
        p->plan->layers[i].is_read = p->last_reader[i] >= 0;
    return status;
}

/* ---- layers ---- */

static octet_status plan_convolution(struct planning *p, int index)
{
    struct oct_train_plan *plan = p->plan;
    const struct oct_layer *layer = &plan->network->layers[index];
    struct oct_layer_plan *l = &plan->layers[index];
    const struct oct_convolution_shape shape = {
        .height = l->input.height,
        .width = l->input.width,
        .inputs = plan->network->tensors[layer->input].channels,
        .outputs = plan->network->tensors[layer->output].channels,
        .kernel = layer->kernel,
        .stride = layer->stride,
        .padding = layer->padding,
        .uneven = layer->uneven,
        .groups = oct_is_depthwise(layer) ? layer->groups : 1,
    };
    const octet_status status =
        oct_convolution_create(p->ctx, plan->onednn, &shape, &l->convolution);
    if (status)
        return status;
    const struct oct_convolution_needs *needs = oct_convolution_needs(l->convolution);
    l->weight_gradient = plan->gradient_floats;
    l->bias_gradient = l->weight_gradient + oct_align(needs->gradient_floats, OCT_SUM_LANES);
    plan->gradient_floats = l->bias_gradient + oct_align((size_t)shape.outputs, OCT_SUM_LANES);
    return OCTET_OK;
}

static octet_status plan_layer(struct planning *p, int index)
{
    struct oct_train_plan *plan = p->plan;
    const struct oct_layer *layer = &plan->network->layers[index];
    struct oct_layer_plan *l = &plan->layers[index];
    l->input = p->sizes[layer->input];
    l->output = p->sizes[layer->output];
    l->input_floats = floats_of(p, layer->input);
    l->output_floats = floats_of(p, layer->output);
    l->coding = p->settings->codings[layer->output];
    l->feature = OCT_NOWHERE;
    if (layer->operation == OCT_TABLE)
        return oct_fail(p->ctx, OCTET_UNSUPPORTED_MODEL,
                        "layer \"%s\" is a table of codes: give the float model", layer->name);
    return layer->operation == OCT_CONVOLUTION ? plan_convolution(p, index) : OCTET_OK;
}

/* ---- memory ---- */

/* A place of its own, from the beginning of a cache line. */
static size_t place(struct oct_train_plan *plan, size_t floats)
{
    const size_t at = plan->memory_floats;
    plan->memory_floats += oct_align(floats, OCT_SUM_LANES);
    return at;
}

static bool is_brief(const struct planning *p, int index)
{
    const struct oct_layer *layer = &p->plan->network->layers[index];
    return layer->operation == OCT_CONVOLUTION && p->plan->layers[index].coding >= 0 &&
           oct_layer_depth(p->plan->network, layer) * layer->kernel * layer->kernel <= BRIEF_MOST;
}

static void place_outputs(struct planning *p)
{
    struct oct_train_plan *plan = p->plan;
    for (int i = 0; i < plan->network->layer_count; i++) {
        const struct oct_layer *layer = &plan->network->layers[i];
        struct oct_layer_plan *l = &plan->layers[i];
        const bool computes = !oct_operation_row(layer->operation)->moves;
        l->is_brief = is_brief(p, i);
        l->sums = computes && !l->is_brief ? place(plan, l->output_floats) : OCT_NOWHERE;
        l->codes = l->coding >= 0 ? place(plan, (l->output_floats + 3) / 4) : OCT_NOWHERE;
        l->values = l->coding < 0 ? place(plan, l->output_floats) : OCT_NOWHERE;
    }
}

/* Of all gradients that are needed while this one is, the end of the last that it would meet at
 * `at`; or `at`. */
static size_t end_of_meeting(const struct planning *p, int index, size_t at)
{
    const struct oct_train_plan *plan = p->plan;
    const size_t floats = oct_align(plan->layers[index].output_floats, OCT_SUM_LANES);
    for (int i = 0; i < plan->network->layer_count; i++) {
        const struct oct_layer_plan *l = &plan->layers[i];
        const size_t end = l->gradient + oct_align(l->output_floats, OCT_SUM_LANES);
        if (i == index || l->gradient == OCT_NOWHERE || i > p->last_reader[index] ||
            p->last_reader[i] < index)
            continue;
        if (l->gradient < at + floats && at < end)
            return end;
    }
    return at;
}

/* A gradient is needed from the last reader of the output, which comes first on the way back, to
 * the layer that writes it. The largest are placed first, each as low as it can lie. */
static void place_gradients(struct planning *p)
{
    struct oct_train_plan *plan = p->plan;
    const int count = plan->network->layer_count;
    size_t most = 0;
    for (int i = 0; i < count; i++)
        plan->layers[i].gradient = OCT_NOWHERE;
    for (int placed = 0; placed < count; placed++) {
        int next = -1;
        for (int i = 0; i < count; i++)
            if (plan->layers[i].gradient == OCT_NOWHERE &&
                (next < 0 || plan->layers[i].output_floats > plan->layers[next].output_floats))
                next = i;
        size_t at = 0, end;
        while ((end = end_of_meeting(p, next, at)) != at)
            at = end;
        plan->layers[next].gradient = at;
        end = at + oct_align(plan->layers[next].output_floats, OCT_SUM_LANES);
        most = end > most ? end : most;
    }
    const size_t begin = place(plan, most);
    for (int i = 0; i < count; i++)
        plan->layers[i].gradient += begin;
}

static void place_features(struct planning *p)
{
    struct oct_train_plan *plan = p->plan;
    for (int level = 0; level < plan->network->head.output_count / 2; level++) {
        const int layer = oct_level_layer(plan, level);
        if (layer >= 0 && plan->layers[layer].feature == OCT_NOWHERE)
            plan->layers[layer].feature = place(plan, plan->layers[layer].output_floats);
    }
}

static void place_scratch(struct planning *p)
{
    struct oct_train_plan *plan = p->plan;
    size_t input = 0, residual = 0, brief = 0, plain = 0, bytes = 0;
    for (int i = 0; i < plan->network->layer_count; i++) {
        const struct oct_layer *layer = &plan->network->layers[i];
        const struct oct_layer_plan *l = &plan->layers[i];
        const struct oct_plain_job job = {.layer = layer, .input = l->input};
        const size_t needed = layer->operation == OCT_CONVOLUTION ? 0 : oct_plain_scratch(&job);
        input = l->input_floats > input ? l->input_floats : input;
        if (l->feature != OCT_NOWHERE && l->output_floats > input)
            input = l->output_floats;
        plain = needed > plain ? needed : plain;
        if (layer->residual >= 0 && l->output_floats > residual)
            residual = l->output_floats;
        if (l->coding >= 0 && l->sums == OCT_NOWHERE && l->output_floats > brief)
            brief = l->output_floats;
        if (l->convolution && oct_convolution_needs(l->convolution)->scratch_bytes > bytes)
            bytes = oct_convolution_needs(l->convolution)->scratch_bytes;
    }
    plan->picture = place(plan, floats_of(p, 0));
    plan->input = place(plan, input);
    plan->back = place(plan, input);
    plan->residual = place(plan, residual);
    plan->brief = place(plan, brief);
    for (int i = 0; i < plan->network->layer_count; i++)
        if (plan->layers[i].is_brief)
            plan->layers[i].sums = plan->brief;
    plan->plain = place(plan, plain);
    plan->onednn_scratch = place(plan, bytes / sizeof(float) + OCT_SUM_LANES);
}

/* ---- the whole ---- */

static octet_status allocate(struct planning *p)
{
    struct oct_train_plan *plan = p->plan;
    const size_t tensors = (size_t)plan->network->tensor_count;
    const size_t layers = (size_t)plan->network->layer_count;
    plan->layers = oct_arena_calloc(&plan->arena, layers, sizeof *plan->layers);
    plan->writer = oct_arena_calloc(&plan->arena, tensors, sizeof *plan->writer);
    plan->readings = oct_arena_calloc(&plan->arena, tensors, sizeof *plan->readings);
    p->sizes = oct_arena_calloc(&plan->arena, tensors, sizeof *p->sizes);
    p->last_reader = oct_arena_calloc(&plan->arena, layers, sizeof *p->last_reader);
    return plan->layers && plan->writer && plan->readings && p->sizes && p->last_reader
               ? OCTET_OK
               : oct_fail_memory(p->ctx, "training");
}

static octet_status make(struct planning *p)
{
    struct oct_train_plan *plan = p->plan;
    octet_status status = allocate(p);
    if (!status)
        status = oct_network_sizes(p->ctx, plan->network, plan->height, plan->width, p->sizes);
    if (!status)
        status = find_readers(p);
    for (int i = 0; i < plan->network->layer_count && !status; i++)
        status = plan_layer(p, i);
    if (status)
        return status;
    place_outputs(p);
    place_gradients(p);
    if (p->settings->has_features)
        place_features(p);
    place_scratch(p);
    return OCTET_OK;
}

octet_status oct_train_plan_create(octet_context *ctx, const struct oct_onednn *onednn,
                                   const struct oct_train_plan_settings *settings,
                                   struct oct_train_plan **made)
{
    struct oct_train_plan *plan = oct_calloc(ctx, 1, sizeof *plan);
    struct planning p = {.ctx = ctx, .plan = plan, .settings = settings};
    *made = plan;
    if (!plan)
        return oct_fail_memory(ctx, "training");
    oct_arena_init(&plan->arena, ctx);
    plan->network = settings->network;
    plan->onednn = onednn;
    plan->height = settings->height;
    plan->width = settings->width;
    plan->coding_count = settings->coding_count;
    oct_train_kernels_fill(&plan->kernels, settings->cpu_sets);
    const octet_status status = make(&p);
    if (status)
        oct_train_plan_free(ctx, made);
    return status;
}

void oct_train_plan_free(octet_context *ctx, struct oct_train_plan **made)
{
    struct oct_train_plan *plan = *made;
    if (!plan)
        return;
    for (int i = 0; plan->layers && i < plan->network->layer_count; i++)
        oct_convolution_free(ctx, &plan->layers[i].convolution);
    oct_arena_clear(&plan->arena);
    oct_free(ctx, plan);
    *made = NULL;
}

int oct_train_output_layer(const struct oct_train_plan *plan, int output)
{
    return plan->writer[plan->network->head.outputs[output].tensor];
}

size_t oct_train_output_floats(const struct oct_train_plan *plan, int output)
{
    return plan->layers[oct_train_output_layer(plan, output)].output_floats;
}
