/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of a layer and what it reads; a plan's steps launched one after another. */
#include "conv_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bfloat16.h"
#include "random_weights.h"
#include "reference.h"

#define LESS_SHARED ((48 << 10) + 16) /* bytes that must be asked for, as few as can be */

/* ---- the network ---- */

static int add_tensor(struct conv_case *c, const struct oct_tensor *tensor)
{
    c->tensors[c->network.tensor_count] = *tensor;
    c->tensors[c->network.tensor_count].name = "tensor";
    return c->network.tensor_count++;
}

static int add_layer(struct conv_case *c, struct oct_layer layer, const struct oct_tensor *output)
{
    layer.name = "layer";
    layer.output = add_tensor(c, output);
    c->layers[c->network.layer_count++] = layer;
    return layer.output;
}

static int add_conv(struct conv_case *c, struct test_random *random, struct oct_layer layer,
                    int outputs, enum oct_type type)
{
    const struct oct_tensor output = {.kind = OCT_TENSOR_LAYER,
                                      .type = type,
                                      .channels = outputs,
                                      .quantization = random_quantization(random),
                                      .parent = -1};
    random_weights(&c->arena, random, &c->network, &layer, outputs);
    return add_layer(c, layer, &output);
}

static int add_slice(struct conv_case *c, int parent, int offset, int channels)
{
    struct oct_tensor slice = c->tensors[parent];
    if (offset == 0 && channels == slice.channels)
        return parent;
    slice.kind = OCT_TENSOR_SLICE;
    slice.parent = parent;
    slice.offset = offset;
    slice.channels = channels;
    return add_tensor(c, &slice);
}

/* A part of the input, with a zero point of its own. */
static int add_part(struct conv_case *c, struct test_random *random, int part)
{
    const bool is_enlarged = c->shape.is_enlarged[part];
    const struct oct_layer small = {.residual = -1,
                                    .kernel = 1,
                                    .stride = is_enlarged ? 2 : 1,
                                    .activation = OCT_ACTIVATION_SILU};
    const int tensor = add_conv(c, random, small, c->shape.channels[part], c->shape.type);
    const struct oct_layer enlarge = {
        .operation = OCT_UPSAMPLE, .input = tensor, .residual = -1, .kernel = 1, .stride = 1};
    return is_enlarged ? add_layer(c, enlarge, &c->tensors[tensor]) : tensor;
}

static int add_input(struct conv_case *c, struct test_random *random)
{
    const struct conv_shape *s = &c->shape;
    struct oct_tensor concat = {.kind = OCT_TENSOR_CONCAT, .type = s->type, .parent = -1};
    for (int i = 0; i < CASE_INPUTS && s->channels[i]; i++) {
        concat.members[concat.member_count++] = add_part(c, random, i);
        concat.channels += s->channels[i];
    }
    if (concat.member_count == 0)
        return 0;
    const int whole = concat.member_count > 1 ? add_tensor(c, &concat) : concat.members[0];
    return add_slice(c, whole, s->skipped, concat.channels - s->skipped - s->left);
}

/* The output's neighbours in a concat. */
static void put_beside(struct conv_case *c, int other)
{
    struct oct_tensor concat = {.kind = OCT_TENSOR_CONCAT,
                                .type = c->shape.output,
                                .channels = c->shape.outputs + c->shape.beside,
                                .parent = -1,
                                .member_count = 2};
    concat.members[c->shape.is_last] = c->tensor;
    concat.members[!c->shape.is_last] = other;
    add_tensor(c, &concat);
}

/* q, k and v of all heads, and the layer that reads them. */
static void add_attention(struct conv_case *c, struct test_random *random)
{
    const struct conv_shape *s = &c->shape;
    const int channels[] = {s->heads * s->each.key, s->heads * s->each.key,
                            s->heads * s->each.value};
    const struct oct_layer part = {.residual = -1, .kernel = 1, .stride = 1};
    struct oct_tensor concat = {
        .kind = OCT_TENSOR_CONCAT, .type = s->type, .parent = -1, .member_count = 3};
    for (int i = 0; i < 3; i++) {
        concat.members[i] = add_conv(c, random, part, channels[i], s->type);
        concat.channels += channels[i];
    }
    const struct oct_layer layer = {.operation = OCT_ATTENTION,
                                    .input = add_tensor(c, &concat),
                                    .residual = -1,
                                    .kernel = 1,
                                    .stride = 1,
                                    .heads = s->heads,
                                    .areas = s->areas,
                                    .factor = s->factor};
    const struct oct_tensor output = {.kind = OCT_TENSOR_LAYER,
                                      .type = s->output,
                                      .channels = s->outputs,
                                      .quantization = random_quantization(random),
                                      .parent = -1};
    c->layer = c->network.layer_count;
    c->tensor = add_layer(c, layer, &output);
}

static void add_convolution(struct conv_case *c, struct test_random *random, int input,
                            struct oct_layer layer)
{
    const struct conv_shape *s = &c->shape;
    if (s->is_added)
        layer.residual =
            add_slice(c, add_conv(c, random, layer, s->residual_skipped + s->outputs, s->residual),
                      s->residual_skipped, s->outputs);
    layer.input = input;
    layer.activation = s->activation;
    layer.slope = s->slope;
    layer.groups = s->is_depthwise ? s->outputs : 1;
    c->layer = c->network.layer_count;
    c->tensor = add_conv(c, random, layer, s->outputs, s->output);
}

static void make_network(struct conv_case *c, struct test_random *random)
{
    const struct conv_shape *s = &c->shape;
    const struct oct_tensor picture = {.kind = OCT_TENSOR_INPUT,
                                       .type = s->type,
                                       .channels = 3,
                                       .quantization = {1.0f / 255.0f, 0},
                                       .parent = -1};
    struct oct_layer layer = {
        .residual = -1, .kernel = s->kernel, .stride = s->stride, .padding = s->padding};
    int other = -1;
    c->network = (struct oct_network){.tensors = c->tensors, .layers = c->layers};
    add_tensor(c, &picture);
    const int input = add_input(c, random);
    if (s->heads)
        c->shape.outputs = s->heads * s->each.value;
    else if (s->is_depthwise)
        c->shape.outputs = c->tensors[input].channels;
    if (s->beside)
        other = add_conv(c, random, layer, s->beside, s->output);
    if (s->heads)
        add_attention(c, random);
    else
        add_convolution(c, random, input, layer);
    if (s->scale > 0.0f)
        c->tensors[c->tensor].quantization.scale = s->scale;
    if (s->beside)
        put_beside(c, other);
    c->network.head.output_count = 0;
}

/* ---- what is wanted ---- */

static void run_plainly(struct conv_case *c, int image)
{
    struct test_run run;
    const struct conv_shape *s = &c->shape;
    test_run_create(&run, &c->network, s->height, s->width, c->pictures[image]);
    const struct test_tensor *t = test_run_tensor(&run, c->tensor);
    const size_t pixels = (size_t)t->height * (size_t)t->width, channels = (size_t)s->outputs;
    c->count = pixels * channels;
    c->wanted[image] = malloc(c->count * sizeof(float));
    assert_non_null(c->wanted[image]);
    for (size_t i = 0; i < c->count; i++) {
        const struct test_plane *plane = &t->planes[i % channels];
        c->wanted[image][i] =
            plane->codes ? (float)plane->codes[i / channels] : plane->values[i / channels];
    }
    test_run_free(&run);
}

void conv_case_make(struct conv_case *c, octet_context *ctx, struct test_random *random,
                    const struct conv_shape *shape, const struct oct_gpu_limits *limits)
{
    memset(c, 0, sizeof *c);
    c->shape = *shape;
    oct_arena_init(&c->arena, ctx);
    make_network(c, random);
    for (int image = 0; image < shape->images; image++) {
        const size_t bytes = 3 * (size_t)shape->height * (size_t)shape->width;
        c->pictures[image] = malloc(bytes);
        assert_non_null(c->pictures[image]);
        for (size_t i = 0; i < bytes; i++)
            c->pictures[image][i] = (uint8_t)test_int(random, 0, 255);
        run_plainly(c, image);
    }
    if (oct_gpu_plan_make(ctx, &c->arena, &c->network, shape->height, shape->width, shape->images,
                          limits, &c->plan))
        fail_msg("%s", ctx->message);
    c->step = c->plan.last_steps[c->layer];
}

void conv_case_free(struct conv_case *c, octet_context *ctx)
{
    (void)ctx;
    for (int image = 0; image < c->shape.images; image++) {
        free(c->pictures[image]);
        free(c->wanted[image]);
    }
    oct_arena_clear(&c->arena);
}

/* ---- on the device ---- */

static void expect(octet_context *ctx, struct oct_gpu_device *device, oct_cuda_result result,
                   const char *what)
{
    if (oct_cuda_check(ctx, &device->driver, result, what))
        fail_msg("%s", ctx->message);
}

/* Pixels of the picture as the network's input stores them. */
static void put_picture(const struct conv_case *c, int image, uint8_t *activations)
{
    const struct oct_gpu_buffer *buffer = &c->plan.layout.buffers[c->plan.layout.places[0].buffer];
    uint8_t *to = activations + buffer->offset + (size_t)image * c->plan.layout.slot_bytes;
    const size_t pixels = (size_t)c->shape.height * (size_t)c->shape.width;
    for (size_t i = 0; i < pixels; i++)
        for (size_t k = 0; k < 3; k++) {
            const uint8_t code = c->pictures[image][3 * i + k];
            const uint16_t half = oct_bf16_of((float)code * (1.0f / 255.0f));
            const float value = (float)code * (1.0f / 255.0f);
            if (c->shape.type == OCT_TYPE_U8)
                to[4 * i + k] = code;
            else if (c->shape.type == OCT_TYPE_BF16)
                memcpy(to + 16 * i + 2 * k, &half, 2);
            else
                memcpy(to + 16 * i + 4 * k, &value, 4);
        }
}

/* Where a channel of the output is. */
static float number_at(const struct conv_case *c, const uint8_t *activations, int image, size_t at)
{
    const struct oct_gpu_place *place = &c->plan.layout.places[c->tensor];
    const struct oct_gpu_buffer *buffer = &c->plan.layout.buffers[place->buffer];
    const size_t channels = (size_t)c->shape.outputs;
    const size_t element =
        at / channels * (size_t)buffer->channels + (size_t)place->channel + at % channels;
    const uint8_t *from = activations + buffer->offset + (size_t)image * c->plan.layout.slot_bytes +
                          element * oct_type_bytes(buffer->type);
    uint16_t half;
    float value;
    memcpy(&half, from, sizeof half);
    memcpy(&value, from, buffer->type == OCT_TYPE_F32 ? sizeof value : 1);
    if (buffer->type == OCT_TYPE_U8)
        return *from;
    return buffer->type == OCT_TYPE_BF16 ? oct_bf16_value(half) : value;
}

/* Whether nothing but the stored channels of the output is other than before; `before` then is as
 * after. */
static bool only_output_changed(const struct conv_case *c, uint8_t *before, const uint8_t *after)
{
    const struct oct_gpu_place *place = &c->plan.layout.places[c->tensor];
    const struct oct_gpu_buffer *buffer = &c->plan.layout.buffers[place->buffer];
    const size_t element = oct_type_bytes(buffer->type);
    const size_t pixels = (size_t)buffer->height * (size_t)buffer->width;
    for (int image = 0; image < c->shape.images; image++)
        for (size_t i = 0; i < pixels; i++) {
            const size_t at = buffer->offset + (size_t)image * c->plan.layout.slot_bytes +
                              (i * (size_t)buffer->channels + (size_t)place->channel) * element;
            memcpy(before + at, after + at, (size_t)c->plan.steps[c->step].channels * element);
        }
    return memcmp(before, after, c->plan.layout.arena_bytes) == 0;
}

static void compare(const struct conv_case *c, const uint8_t *activations, double tolerance)
{
    const struct oct_gpu_step *step = &c->plan.steps[c->step];
    for (int image = 0; image < c->shape.images; image++)
        for (size_t i = 0; i < c->count; i++) {
            const double is = (double)number_at(c, activations, image, i);
            const double wanted = (double)c->wanted[image][i];
            const double limit =
                c->shape.output == OCT_TYPE_U8 ? 0.0 : tolerance * (1.0 + fabs(wanted));
            if (!(fabs(is - wanted) <= limit))
                fail_msg("%s, kernel %d, stride %d, padding %d, %dx%d, %d chunks: element %zu of "
                         "picture %d: %.9g, not %.9g",
                         step->kernel, c->shape.kernel, c->shape.stride, c->shape.padding,
                         c->shape.height, c->shape.width, step->of.conv.chunks, i, image, is,
                         wanted);
        }
}

static void launch(const struct conv_case *c, octet_context *ctx, struct oct_gpu_device *device,
                   const struct oct_gpu_step *step, oct_cuda_stream stream)
{
    oct_cuda_function function;
    if (oct_gpu_device_kernel(device, step->kernel, step->shared_bytes, &function))
        fail_msg("%s", ctx->message);
    /* Another step of the same kernel, which needs less, takes nothing from this one. */
    if (step->shared_bytes > LESS_SHARED &&
        oct_gpu_device_kernel(device, step->kernel, LESS_SHARED, &function))
        fail_msg("%s", ctx->message);
    const int counts[] = {c->shape.first_images, c->shape.images - c->shape.first_images};
    for (int part = 0, first = 0; part < 2; first += counts[part++]) {
        union oct_gpu_parameters parameters;
        unsigned grid[2];
        void *pointers[] = {&parameters};
        if (counts[part] == 0)
            continue;
        oct_gpu_step_launch(step, first, counts[part], &parameters, grid);
        expect(ctx, device,
               device->driver.launch(function, grid[0], grid[1], 1, step->threads, 1, 1,
                                     (unsigned)step->shared_bytes, stream, pointers, NULL),
               step->kernel);
    }
}

static void copy_out(const struct conv_case *c, octet_context *ctx, struct oct_gpu_device *device,
                     oct_cuda_address arena, oct_cuda_stream stream, uint8_t *to)
{
    const struct oct_cuda_driver *driver = &device->driver;
    expect(ctx, device, driver->copy_out(to, arena, c->plan.layout.arena_bytes, stream),
           "the output");
    expect(ctx, device, driver->wait_stream(stream), "running");
}

void conv_case_check(struct conv_case *c, octet_context *ctx, struct oct_gpu_device *device,
                     double tolerance)
{
    const struct oct_cuda_driver *driver = &device->driver;
    struct oct_gpu_constants constants = {.ctx = ctx};
    const size_t bytes = c->plan.layout.arena_bytes;
    uint8_t *activations = calloc(bytes, 1), *before = malloc(bytes);
    oct_cuda_address arena, block;
    oct_cuda_stream stream;
    assert_true(activations && before);
    assert_int_equal(oct_gpu_plan_constants(&c->plan, &constants), OCTET_OK);
    for (int image = 0; image < c->shape.images; image++)
        put_picture(c, image, activations);
    expect(ctx, device, driver->create_stream(&stream, OCT_CUDA_STREAM_NON_BLOCKING), "a stream");
    expect(ctx, device, driver->allocate(&arena, bytes), "activations");
    expect(ctx, device, driver->allocate(&block, constants.size), "constants");
    expect(ctx, device, driver->copy_in(arena, activations, bytes, stream), "a picture");
    expect(ctx, device, driver->copy_in(block, constants.bytes, constants.size, stream), "weights");
    for (int i = 0; i <= c->step; i++) {
        struct oct_gpu_step step = c->plan.steps[i];
        if (i == c->step)
            copy_out(c, ctx, device, arena, stream, before);
        oct_gpu_step_bind(&step, arena, block);
        launch(c, ctx, device, &step, stream);
    }
    copy_out(c, ctx, device, arena, stream, activations);
    compare(c, activations, tolerance);
    if (!only_output_changed(c, before, activations))
        fail_msg("%s writes beside its output", c->plan.steps[c->step].kernel);
    driver->release(arena);
    driver->release(block);
    driver->destroy_stream(stream);
    oct_free(ctx, constants.bytes);
    free(activations);
    free(before);
}
