/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of a convolution and what it reads; a plan's steps launched one after another. */
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

static int add_conv(struct conv_case *c, struct test_random *random, struct oct_layer layer,
                    int outputs, enum oct_type type)
{
    const struct oct_tensor output = {.kind = OCT_TENSOR_LAYER,
                                      .type = type,
                                      .channels = outputs,
                                      .quantization = random_quantization(random),
                                      .parent = -1};
    layer.name = "layer";
    random_weights(&c->arena, random, &c->network, &layer, outputs);
    layer.output = add_tensor(c, &output);
    c->layers[c->network.layer_count++] = layer;
    return layer.output;
}

/* The input: one convolution, or a concat of some, each with a zero point of its own. */
static int add_input(struct conv_case *c, struct test_random *random)
{
    struct oct_tensor concat = {.kind = OCT_TENSOR_CONCAT, .type = c->shape.type, .parent = -1};
    const struct oct_layer layer = {.residual = -1, .kernel = 1, .stride = 1, .silu = 1};
    for (int i = 0; i < CASE_INPUTS && c->shape.channels[i]; i++) {
        concat.members[concat.member_count++] =
            add_conv(c, random, layer, c->shape.channels[i], c->shape.type);
        concat.channels += c->shape.channels[i];
    }
    return concat.member_count > 1 ? add_tensor(c, &concat) : concat.members[0];
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
    c->network = (struct oct_network){.tensors = c->tensors, .layers = c->layers};
    add_tensor(c, &picture);
    const int input = add_input(c, random);
    if (s->is_added)
        layer.residual = add_conv(c, random, layer, s->outputs, s->residual);
    layer.input = input;
    layer.silu = s->silu;
    c->layer = c->network.layer_count;
    c->tensor = add_conv(c, random, layer, s->outputs, s->output);
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
    for (int image = 0; image < CASE_IMAGES; image++) {
        const size_t bytes = 3 * (size_t)shape->height * (size_t)shape->width;
        c->pictures[image] = malloc(bytes);
        assert_non_null(c->pictures[image]);
        for (size_t i = 0; i < bytes; i++)
            c->pictures[image][i] = (uint8_t)test_int(random, 0, 255);
        run_plainly(c, image);
    }
    if (oct_gpu_plan_make(ctx, &c->arena, &c->network, shape->height, shape->width, CASE_IMAGES,
                          limits, &c->plan))
        fail_msg("%s", ctx->message);
    c->step = c->plan.last_steps[c->layer];
}

void conv_case_free(struct conv_case *c, octet_context *ctx)
{
    (void)ctx;
    for (int image = 0; image < CASE_IMAGES; image++) {
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
    uint8_t *to = activations + buffer->offset + (size_t)image * buffer->image_bytes;
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
    const size_t element = at / channels * (size_t)buffer->channels + at % channels;
    const uint8_t *from = activations + buffer->offset + (size_t)image * buffer->image_bytes +
                          element * oct_type_bytes(buffer->type);
    uint16_t half;
    float value;
    memcpy(&half, from, sizeof half);
    memcpy(&value, from, buffer->type == OCT_TYPE_F32 ? sizeof value : 1);
    if (buffer->type == OCT_TYPE_U8)
        return *from;
    return buffer->type == OCT_TYPE_BF16 ? oct_bf16_value(half) : value;
}

static void compare(const struct conv_case *c, const uint8_t *activations, double tolerance)
{
    const struct oct_gpu_step *step = &c->plan.steps[c->step];
    for (int image = 0; image < CASE_IMAGES; image++)
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

static void launch(octet_context *ctx, struct oct_gpu_device *device,
                   const struct oct_gpu_step *step, oct_cuda_stream stream)
{
    oct_cuda_function function;
    union oct_gpu_parameters parameters;
    unsigned grid[2];
    void *pointers[] = {&parameters};
    if (oct_gpu_device_kernel(device, step->kernel, step->shared_bytes, &function))
        fail_msg("%s", ctx->message);
    /* Another step of the same kernel, which needs less, takes nothing from this one. */
    if (step->shared_bytes > LESS_SHARED &&
        oct_gpu_device_kernel(device, step->kernel, LESS_SHARED, &function))
        fail_msg("%s", ctx->message);
    oct_gpu_step_launch(step, 0, CASE_IMAGES, &parameters, grid);
    expect(ctx, device,
           device->driver.launch(function, grid[0], grid[1], 1, step->threads, 1, 1,
                                 (unsigned)step->shared_bytes, stream, pointers, NULL),
           step->kernel);
}

void conv_case_check(struct conv_case *c, octet_context *ctx, struct oct_gpu_device *device,
                     double tolerance)
{
    const struct oct_cuda_driver *driver = &device->driver;
    struct oct_gpu_constants constants = {.ctx = ctx};
    const size_t bytes = c->plan.layout.arena_bytes;
    uint8_t *activations = calloc(bytes, 1);
    oct_cuda_address arena, block;
    oct_cuda_stream stream;
    assert_non_null(activations);
    assert_int_equal(oct_gpu_plan_constants(&c->plan, &constants), OCTET_OK);
    for (int image = 0; image < CASE_IMAGES; image++)
        put_picture(c, image, activations);
    expect(ctx, device, driver->create_stream(&stream, OCT_CUDA_STREAM_NON_BLOCKING), "a stream");
    expect(ctx, device, driver->allocate(&arena, bytes), "activations");
    expect(ctx, device, driver->allocate(&block, constants.size), "constants");
    expect(ctx, device, driver->copy_in(arena, activations, bytes, stream), "a picture");
    expect(ctx, device, driver->copy_in(block, constants.bytes, constants.size, stream), "weights");
    for (int i = 0; i <= c->step; i++) {
        struct oct_gpu_step step = c->plan.steps[i];
        oct_gpu_step_bind(&step, arena, block);
        launch(ctx, device, &step, stream);
    }
    expect(ctx, device, driver->copy_out(activations, arena, bytes, stream), "the output");
    expect(ctx, device, driver->wait_stream(stream), "running");
    compare(c, activations, tolerance);
    driver->release(arena);
    driver->release(block);
    driver->destroy_stream(stream);
    oct_free(ctx, constants.bytes);
    free(activations);
}
