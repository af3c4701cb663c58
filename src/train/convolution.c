/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions forth and back, by oneDNN's primitives. */
#include "train/convolution.h"

#ifdef OCTET_HAS_ONEDNN

#include <string.h>

/* In the order in which they are made: the ways back take the way forth for a hint. */
enum part { FORWARD, BACKWARD, GRADIENTS, PACK_FORWARD, PACK_BACKWARD, UNPACK, PARTS };

struct oct_trained_convolution {
    const struct oct_onednn *onednn;
    struct oct_convolution_needs needs;
    dnnl_memory_desc_t input, output, bias, plain; /* pixels, and weights as networks have */
    dnnl_memory_desc_t forward, backward, weight_gradient; /* weights as primitives want them */
    dnnl_memory_desc_t scratch[PARTS];
    dnnl_primitive_t part[PARTS];
};

/* ---- how it is made ---- */

struct making {
    struct oct_trained_convolution *c;
    const struct oct_convolution_shape *shape;
    const struct oct_onednn *onednn;
    dnnl_memory_desc_t any; /* weights, in whatever order */
    dnnl_primitive_desc_t hint;
    dnnl_dims_t strides, dilations, before, after;
};

static int output_side(const struct oct_convolution_shape *s, int side)
{
    return (side + 2 * s->padding + s->uneven - s->kernel) / s->stride + 1;
}

static dnnl_status_t describe_weights(const struct making *m, dnnl_format_tag_t whole,
                                      dnnl_format_tag_t grouped, dnnl_memory_desc_t *weights)
{
    const struct oct_convolution_shape *s = m->shape;
    const dnnl_dims_t dims = {s->outputs, s->inputs, s->kernel, s->kernel};
    const dnnl_dims_t in_groups = {s->groups, s->outputs / s->groups, s->inputs / s->groups,
                                   s->kernel, s->kernel};
    return s->groups > 1
               ? m->onednn->dnnl_memory_desc_init_by_tag(weights, 5, in_groups, dnnl_f32, grouped)
               : m->onednn->dnnl_memory_desc_init_by_tag(weights, 4, dims, dnnl_f32, whole);
}

static dnnl_status_t describe(struct making *m)
{
    const struct oct_convolution_shape *s = m->shape;
    struct oct_trained_convolution *c = m->c;
    const struct oct_onednn *onednn = m->onednn;
    c->needs.height = output_side(s, s->height);
    c->needs.width = output_side(s, s->width);
    const dnnl_dims_t input = {1, s->inputs, s->height, s->width};
    const dnnl_dims_t output = {1, s->outputs, c->needs.height, c->needs.width};
    const dnnl_dims_t bias = {s->outputs};
    for (int i = 0; i < 2; i++) {
        m->strides[i] = s->stride;
        m->dilations[i] = 0;
        m->before[i] = s->padding;
        m->after[i] = s->padding + s->uneven;
    }
    dnnl_status_t failed =
        onednn->dnnl_memory_desc_init_by_tag(&c->input, 4, input, dnnl_f32, dnnl_nhwc);
    if (!failed)
        failed = onednn->dnnl_memory_desc_init_by_tag(&c->output, 4, output, dnnl_f32, dnnl_nhwc);
    if (!failed)
        failed = onednn->dnnl_memory_desc_init_by_tag(&c->bias, 1, bias, dnnl_f32, dnnl_a);
    if (!failed)
        failed = describe_weights(m, dnnl_oihw, dnnl_goihw, &c->plain);
    return failed ? failed : describe_weights(m, dnnl_format_tag_any, dnnl_format_tag_any, &m->any);
}

static dnnl_status_t describe_part(const struct making *m, enum part part,
                                   dnnl_convolution_desc_t *d)
{
    const struct oct_trained_convolution *c = m->c;
    const struct oct_onednn *o = m->onednn;
    switch (part) {
    case FORWARD:
        return o->dnnl_dilated_convolution_forward_desc_init(
            d, dnnl_forward_training, dnnl_convolution_direct, &c->input, &m->any, &c->bias,
            &c->output, m->strides, m->dilations, m->before, m->after);
    case BACKWARD:
        return o->dnnl_dilated_convolution_backward_data_desc_init(
            d, dnnl_convolution_direct, &c->input, &m->any, &c->output, m->strides, m->dilations,
            m->before, m->after);
    default:
        return o->dnnl_dilated_convolution_backward_weights_desc_init(
            d, dnnl_convolution_direct, &c->input, &m->any, &c->bias, &c->output, m->strides,
            m->dilations, m->before, m->after);
    }
}

static void count_scratch(struct oct_trained_convolution *c, enum part part,
                          dnnl_primitive_desc_t made)
{
    c->scratch[part] = *c->onednn->dnnl_primitive_desc_query_md(made, dnnl_query_scratchpad_md, 0);
    const size_t bytes = c->onednn->dnnl_memory_desc_get_size(&c->scratch[part]);
    c->needs.scratch_bytes = bytes > c->needs.scratch_bytes ? bytes : c->needs.scratch_bytes;
}

/* A primitive, and the order in which it wants weights. */
static dnnl_status_t make_part(struct making *m, enum part part, dnnl_memory_desc_t *weights)
{
    const struct oct_onednn *o = m->onednn;
    dnnl_convolution_desc_t d;
    dnnl_primitive_desc_t made = NULL;
    dnnl_status_t failed = describe_part(m, part, &d);
    if (!failed)
        failed = o->dnnl_primitive_desc_create(&made, &d, o->attributes, o->engine, m->hint);
    if (failed)
        return failed;
    *weights = *o->dnnl_primitive_desc_query_md(
        made, part == GRADIENTS ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
    count_scratch(m->c, part, made);
    failed = o->dnnl_primitive_create(&m->c->part[part], made);
    if (part == FORWARD)
        m->hint = made;
    else
        o->dnnl_primitive_desc_destroy(made);
    return failed;
}

static dnnl_status_t make_reorder(struct making *m, enum part part, const dnnl_memory_desc_t *from,
                                  const dnnl_memory_desc_t *to)
{
    const struct oct_onednn *o = m->onednn;
    dnnl_primitive_desc_t made;
    dnnl_status_t failed =
        o->dnnl_reorder_primitive_desc_create(&made, from, o->engine, to, o->engine, o->attributes);
    if (failed)
        return failed;
    count_scratch(m->c, part, made);
    failed = o->dnnl_primitive_create(&m->c->part[part], made);
    o->dnnl_primitive_desc_destroy(made);
    return failed;
}

static dnnl_status_t make_parts(struct making *m)
{
    struct oct_trained_convolution *c = m->c;
    const struct oct_onednn *o = m->onednn;
    dnnl_status_t failed = make_part(m, FORWARD, &c->forward);
    if (!failed)
        failed = make_part(m, BACKWARD, &c->backward);
    if (!failed)
        failed = make_part(m, GRADIENTS, &c->weight_gradient);
    if (!failed)
        failed = make_reorder(m, PACK_FORWARD, &c->plain, &c->forward);
    if (!failed)
        failed = make_reorder(m, PACK_BACKWARD, &c->plain, &c->backward);
    if (!failed)
        failed = make_reorder(m, UNPACK, &c->weight_gradient, &c->plain);
    if (failed)
        return failed;
    c->needs.forward_bytes = o->dnnl_memory_desc_get_size(&c->forward);
    c->needs.backward_bytes = o->dnnl_memory_desc_get_size(&c->backward);
    c->needs.gradient_floats = o->dnnl_memory_desc_get_size(&c->weight_gradient) / sizeof(float);
    return dnnl_success;
}

octet_status oct_convolution_create(octet_context *ctx, const struct oct_onednn *onednn,
                                    const struct oct_convolution_shape *shape,
                                    struct oct_trained_convolution **convolution)
{
    struct oct_trained_convolution *c = oct_calloc(ctx, 1, sizeof *c);
    struct making m = {.c = c, .shape = shape, .onednn = onednn};
    *convolution = c;
    if (!c)
        return oct_fail_memory(ctx, "training");
    c->onednn = onednn;
    const int threads = oct_onednn_enter(onednn);
    dnnl_status_t failed = describe(&m);
    if (!failed)
        failed = make_parts(&m);
    oct_onednn_leave(onednn, threads);
    if (m.hint)
        onednn->dnnl_primitive_desc_destroy(m.hint);
    if (!failed)
        return OCTET_OK;
    oct_convolution_free(ctx, convolution);
    return failed == dnnl_out_of_memory
               ? oct_fail_memory(ctx, "training")
               : oct_fail(ctx, OCTET_INTERNAL, "oneDNN makes no convolution of %d to %d channels",
                          shape->inputs, shape->outputs);
}

void oct_convolution_free(octet_context *ctx, struct oct_trained_convolution **convolution)
{
    struct oct_trained_convolution *c = *convolution;
    if (!c)
        return;
    for (int part = 0; part < PARTS; part++)
        if (c->part[part])
            c->onednn->dnnl_primitive_destroy(c->part[part]);
    oct_free(ctx, c);
    *convolution = NULL;
}

const struct oct_convolution_needs *
oct_convolution_needs(const struct oct_trained_convolution *convolution)
{
    return &convolution->needs;
}

/* ---- how it is used ---- */

struct argument {
    int role;
    const dnnl_memory_desc_t *memory;
    const void *data; /* oneDNN takes what it only reads without const */
};

#define ARGUMENTS_MOST 5

static octet_status execute(const struct oct_trained_convolution *c,
                            const struct oct_onednn_worker *worker, enum part part,
                            const struct argument *arguments, int count)
{
    const struct oct_onednn *o = c->onednn;
    dnnl_exec_arg_t given[ARGUMENTS_MOST + 1];
    const struct argument scratch = {DNNL_ARG_SCRATCHPAD, &c->scratch[part], worker->scratch};
    dnnl_status_t failed = dnnl_success;
    int made = 0;
    for (int i = 0; i <= count && !failed; i++) {
        const struct argument *a = i < count ? &arguments[i] : &scratch;
        void *data;
        memcpy(&data, &a->data, sizeof data);
        given[i].arg = a->role;
        failed = o->dnnl_memory_create(&given[i].memory, a->memory, o->engine, data);
        made += !failed;
    }
    if (!failed)
        failed = o->dnnl_primitive_execute(c->part[part], worker->stream, made, given);
    if (!failed)
        failed = o->dnnl_stream_wait(worker->stream);
    for (int i = 0; i < made; i++)
        o->dnnl_memory_destroy(given[i].memory);
    return failed ? OCTET_INTERNAL : OCTET_OK;
}

octet_status oct_convolution_pack(const struct oct_trained_convolution *c,
                                  const struct oct_onednn_worker *worker, const float *weights,
                                  void *forward, void *backward)
{
    const struct argument forth[] = {{DNNL_ARG_FROM, &c->plain, weights},
                                     {DNNL_ARG_TO, &c->forward, forward}};
    const struct argument back[] = {{DNNL_ARG_FROM, &c->plain, weights},
                                    {DNNL_ARG_TO, &c->backward, backward}};
    const octet_status status = execute(c, worker, PACK_FORWARD, forth, 2);
    return status || !backward ? status : execute(c, worker, PACK_BACKWARD, back, 2);
}

octet_status oct_convolution_forward(const struct oct_trained_convolution *c,
                                     const struct oct_onednn_worker *worker, const float *input,
                                     const void *forward, const float *bias, float *output)
{
    const struct argument arguments[] = {{DNNL_ARG_SRC, &c->input, input},
                                         {DNNL_ARG_WEIGHTS, &c->forward, forward},
                                         {DNNL_ARG_BIAS, &c->bias, bias},
                                         {DNNL_ARG_DST, &c->output, output}};
    return execute(c, worker, FORWARD, arguments, 4);
}

octet_status oct_convolution_backward(const struct oct_trained_convolution *c,
                                      const struct oct_onednn_worker *worker,
                                      const float *output_gradient, const void *backward,
                                      float *input_gradient)
{
    const struct argument arguments[] = {{DNNL_ARG_DIFF_DST, &c->output, output_gradient},
                                         {DNNL_ARG_WEIGHTS, &c->backward, backward},
                                         {DNNL_ARG_DIFF_SRC, &c->input, input_gradient}};
    return execute(c, worker, BACKWARD, arguments, 3);
}

octet_status oct_convolution_gradients(const struct oct_trained_convolution *c,
                                       const struct oct_onednn_worker *worker, const float *input,
                                       const float *output_gradient, float *weights, float *biases)
{
    const struct argument arguments[] = {{DNNL_ARG_SRC, &c->input, input},
                                         {DNNL_ARG_DIFF_DST, &c->output, output_gradient},
                                         {DNNL_ARG_DIFF_WEIGHTS, &c->weight_gradient, weights},
                                         {DNNL_ARG_DIFF_BIAS, &c->bias, biases}};
    return execute(c, worker, GRADIENTS, arguments, 4);
}

octet_status oct_convolution_unpack(const struct oct_trained_convolution *c,
                                    const struct oct_onednn_worker *worker, const float *packed,
                                    float *weights)
{
    const struct argument arguments[] = {{DNNL_ARG_FROM, &c->weight_gradient, packed},
                                         {DNNL_ARG_TO, &c->plain, weights}};
    return execute(c, worker, UNPACK, arguments, 2);
}

#endif
