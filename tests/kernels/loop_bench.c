/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What share of its set's peak each kernel reaches in 3x3 convolutions whose tiles are full, by the
 * depth of the sum (K = 9 * input channels), and in its inner loop alone: more of K costs nothing
 * but more rounds of it, so that is the slope between the least and the greatest depth.
 */
#include <stdio.h>
#include <string.h>

#include "base/bfloat16.h"
#include "kernels/check.h"

enum { LOOP_DEPTHS = 3, LOOP_HEIGHT = 8, LOOP_TILES = 4, LOOP_CONSTANTS = 512 };

struct loop {
    struct check_random random;
    struct oct_conv_job job;
    struct check_memory input, output, packed, scratch;
    int32_t start[LOOP_CONSTANTS];
    float scale[LOOP_CONSTANTS], bias[LOOP_CONSTANTS];
};

static double depth_of(const struct oct_conv_shape *shape)
{
    return (double)shape->kernel * shape->kernel * shape->input_channels;
}

static double multiply_adds(const struct oct_conv_shape *shape)
{
    return depth_of(shape) * shape->output_channels * shape->output_width * shape->output_height;
}

static struct oct_view view_of(void *data, enum oct_type type, int channels, int width)
{
    return (struct oct_view){.data = data,
                             .row = (size_t)channels * (size_t)width,
                             .pixel = (size_t)channels,
                             .type = type,
                             .quantization = {0.05f, 6},
                             .inverse_scale = 20.0f};
}

static void make_loop(struct loop *loop, const struct oct_conv_kernel *kernel, enum oct_type type,
                      int channels)
{
    const struct oct_conv_shape shape = {.input_channels = channels,
                                         .output_channels = 2 * kernel->tile_channels,
                                         .kernel = 3,
                                         .stride = 1,
                                         .output_height = LOOP_HEIGHT,
                                         .output_width = LOOP_TILES * kernel->tile_pixels,
                                         .input_pixel = channels};
    const size_t element = oct_type_bytes(type), pixels = (size_t)(shape.output_width + 2);
    const size_t count = (size_t)(9 * channels * shape.output_channels);
    struct check_memory codes = check_allocate(&loop->random, count, 0);
    struct check_memory values = check_allocate(&loop->random, count * sizeof(float), 0);
    struct check_memory bf16 = check_allocate(&loop->random, count * sizeof(uint16_t), 0);
    for (size_t i = 0; i < count; i++) {
        ((int8_t *)codes.bytes)[i] /= 2;
        const float value = check_float(&loop->random, -0.1f, 0.1f);
        ((float *)(void *)values.bytes)[i] = value;
        ((uint16_t *)(void *)bf16.bytes)[i] = oct_bf16_of(value);
    }
    loop->input = check_allocate(&loop->random,
                                 pixels * (LOOP_HEIGHT + 2) * (size_t)channels * element + 64, 64);
    if (type != OCT_TYPE_U8)
        memset(loop->input.bytes, 0, loop->input.size);
    loop->output = check_allocate(
        &loop->random, pixels * LOOP_HEIGHT * (size_t)shape.output_channels * element, 0);
    loop->packed = check_allocate(&loop->random, kernel->packed_bytes(&shape), 0);
    loop->scratch = check_allocate(&loop->random, kernel->scratch_bytes(&shape), 0);
    const struct oct_conv_weights weights = {
        .codes = (const int8_t *)codes.bytes,
        .bf16 = check_is_half(type) ? (const uint16_t *)(const void *)bf16.bytes : NULL,
        .values = (const float *)(const void *)values.bytes,
        .input_channels = shape.input_channels,
        .output_channels = shape.output_channels,
    };
    kernel->pack(&shape, &weights, loop->packed.bytes);
    check_release(&codes);
    check_release(&values);
    check_release(&bf16);
    loop->job = (struct oct_conv_job){
        .shape = shape,
        .input = view_of(loop->input.bytes, type, channels, shape.output_width + 2),
        .output = view_of(loop->output.bytes, type, shape.output_channels, shape.output_width),
        .packed = loop->packed.bytes,
        .start = loop->start,
        .scale = loop->scale,
        .bias = loop->bias,
        .activation = OCT_ACTIVATION_SILU};
}

/* Seconds of the shortest of many runs. */
static double time_loop(struct loop *loop, const struct oct_conv_kernel *kernel)
{
    const struct oct_conv_range all = {0, LOOP_HEIGHT, 0, loop->job.shape.output_channels};
    const double begin = check_now_s();
    double best = 1e9;
    while (check_now_s() - begin < 0.1) {
        const double before = check_now_s();
        kernel->run(&loop->job, &all, loop->scratch.bytes);
        const double took = check_now_s() - before;
        best = took < best ? took : best;
    }
    return best;
}

static void print_kernel(struct loop *loop, const struct oct_conv_kernel *kernel,
                         enum oct_type type, double peak)
{
    static const int channels[LOOP_DEPTHS] = {32, 64, 128};
    double seconds[LOOP_DEPTHS], work[LOOP_DEPTHS];
    printf("%-28s", kernel->name);
    for (int i = 0; i < LOOP_DEPTHS; i++) {
        make_loop(loop, kernel, type, channels[i]);
        work[i] = multiply_adds(&loop->job.shape);
        seconds[i] = time_loop(loop, kernel);
        printf("  K %4.0f %3.0f %%", depth_of(&loop->job.shape), 100 * work[i] / seconds[i] / peak);
        check_release(&loop->input);
        check_release(&loop->output);
        check_release(&loop->packed);
        check_release(&loop->scratch);
    }
    const int last = LOOP_DEPTHS - 1;
    printf("  inner loop %3.0f %%\n",
           100 * (work[last] - work[0]) / (seconds[last] - seconds[0]) / peak);
}

void check_bench_loops(const struct check_bench *bench)
{
    static struct loop loop;
    int lists;
    const struct oct_kernel_list *list = oct_kernels_list(&lists);
    loop.random = check_random_of(1);
    for (int i = 0; i < LOOP_CONSTANTS; i++)
        loop.scale[i] = 2e-5f;
    for (int i = 0; i < lists; i++) {
        if ((bench->sets & list[i].sets) != list[i].sets || list[i].sets == OCT_CPU_REF)
            continue;
        int count;
        const struct oct_conv_kernel *const *kernels = check_kernels(&list[i], bench->type, &count);
        struct oct_kernels table;
        oct_kernels_fill(&table, list[i].sets);
        const double peak = count ? check_peak(&table, bench->type) : 0;
        for (int k = 0; k < count; k++) {
            if (!bench->filter || strstr(kernels[k]->name, bench->filter))
                print_kernel(&loop, kernels[k], bench->type, peak);
        }
    }
}
