/* SPDX-License-Identifier: Apache-2.0 */
/* pools.cu in C: pools, one at a time and in a row, and means. */
#include <string.h>

#include "base/bfloat16.h"
#include "emulated_threads.h"

#define PLANES_BYTES_MAX (228 << 10)

typedef void larger(uint8_t *most, const uint8_t *v);

static void larger_codes(uint8_t *most, const uint8_t *v)
{
    for (int i = 0; i < 16; i++)
        most[i] = most[i] > v[i] ? most[i] : v[i];
}

static void larger_floats(uint8_t *most, const uint8_t *v)
{
    for (int i = 0; i < 16; i += 4) {
        float a, b;
        memcpy(&a, most + i, 4);
        memcpy(&b, v + i, 4);
        memcpy(most + i, a > b ? &a : &b, 4);
    }
}

static void larger_bfloats(uint8_t *most, const uint8_t *v)
{
    for (int i = 0; i < 16; i += 2) {
        uint16_t a, b;
        memcpy(&a, most + i, 2);
        memcpy(&b, v + i, 2);
        memcpy(most + i, oct_bf16_value(a) > oct_bf16_value(b) ? &a : &b, 2);
    }
}

static int most_of(int a, int b)
{
    return a > b ? a : b;
}

static int least_of(int a, int b)
{
    return a < b ? a : b;
}

/* The pixels of the input that a window has. */
struct window {
    int top, bottom, left, right; /* the last ones included */
    int taps;
};

static struct window window_of(const struct oct_gpu_pool *p, const struct element *e)
{
    const int y = e->y * p->stride - p->padding, x = e->x * p->stride - p->padding;
    struct window w = {most_of(y, 0), least_of(y + p->kernel, p->input_height) - 1, most_of(x, 0),
                       least_of(x + p->kernel, p->input_width) - 1, 0};
    w.taps = (w.bottom - w.top + 1) * (w.right - w.left + 1);
    return w;
}

static void pool(const struct emulated_launch *launch, larger *take_larger)
{
    const struct oct_gpu_pool *p = launch->parameters;
    struct threads threads = {launch, p->images, p->height, p->width, p->groups, 0};
    uint8_t zero[16];
    memset(zero, p->input.type == OCT_GPU_U8 ? p->input.zero_point : 0, sizeof zero);
    for (struct element e; next_element(&threads, &e);) {
        const struct window w = window_of(p, &e);
        const uint64_t group = (uint64_t)e.index * OCT_GPU_GROUP_BYTES;
        uint8_t most[16];
        memcpy(most, gpu_read(emulated_pixel(&p->input, e.image, w.top, w.left) + group, 16, 16),
               16);
        if (p->zeros && w.taps < p->kernel * p->kernel)
            take_larger(most, zero);
        for (int y = w.top; y <= w.bottom; y++)
            for (int x = w.left; x <= w.right; x++)
                take_larger(most,
                            gpu_read(emulated_pixel(&p->input, e.image, y, x) + group, 16, 16));
        memcpy(gpu_write(emulated_pixel(&p->output, e.image, e.y, e.x) + group, 16, 16), most, 16);
    }
}

void emulate_pool_u8(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    (void)kernel;
    pool(launch, larger_codes);
}

void emulate_pool_f32(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    (void)kernel;
    pool(launch, larger_floats);
}

void emulate_pool_bf16(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    (void)kernel;
    pool(launch, larger_bfloats);
}

/* ---- means ---- */

void emulate_mean_u8(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const struct oct_gpu_pool *p = launch->parameters;
    struct threads threads = {launch, p->images, p->height, p->width, p->groups, 0};
    (void)kernel;
    for (struct element e; next_element(&threads, &e);) {
        const struct window w = window_of(p, &e);
        const uint64_t group = (uint64_t)e.index * OCT_GPU_GROUP_BYTES;
        int sums[16] = {0};
        for (int y = w.top; y <= w.bottom; y++)
            for (int x = w.left; x <= w.right; x++) {
                const uint8_t *v =
                    gpu_read(emulated_pixel(&p->input, e.image, y, x) + group, 16, 16);
                for (int i = 0; i < 16; i++)
                    sums[i] += v[i];
            }
        uint8_t *to = gpu_write(emulated_pixel(&p->output, e.image, e.y, e.x) + group, 16, 16);
        for (int i = 0; i < 16; i++)
            to[i] = (uint8_t)emulated_any_code((float)(sums[i] - w.taps * p->input.zero_point) *
                                                   p->share,
                                               p->output.inverse_scale, p->output.zero_point);
    }
}

/* `bytes` of an element: 4, or 2 of the upper half of a float. */
static void mean_of_floats(const struct emulated_launch *launch, size_t bytes)
{
    const struct oct_gpu_pool *p = launch->parameters;
    struct threads threads = {launch, p->images, p->height, p->width, p->groups, 0};
    for (struct element e; next_element(&threads, &e);) {
        const struct window w = window_of(p, &e);
        for (size_t i = 0; i < OCT_GPU_GROUP_BYTES; i += bytes) {
            const uint64_t at = (uint64_t)e.index * OCT_GPU_GROUP_BYTES + i;
            float sum = 0.0f;
            for (int y = w.top; y <= w.bottom; y++)
                for (int x = w.left; x <= w.right; x++) {
                    const void *v =
                        gpu_read(emulated_pixel(&p->input, e.image, y, x) + at, bytes, bytes);
                    sum += bytes == 4 ? *(const float *)v : oct_bf16_value(*(const uint16_t *)v);
                }
            sum *= p->share;
            void *to = gpu_write(emulated_pixel(&p->output, e.image, e.y, e.x) + at, bytes, bytes);
            if (bytes == 4)
                *(float *)to = sum;
            else
                *(uint16_t *)to = oct_bf16_of(sum);
        }
    }
}

void emulate_mean_f32(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    (void)kernel;
    mean_of_floats(launch, 4);
}

void emulate_mean_bf16(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    (void)kernel;
    mean_of_floats(launch, 2);
}

/* ---- pools in a row ---- */

/* A block: one group of one picture, in two planes of shared memory. */
struct planes {
    const struct oct_gpu_chain *p;
    larger *take_larger;
    int image;
    uint64_t group; /* bytes from the pixel on */
    uint8_t (*plane)[16], (*rows)[16];
};

/* The largest of `from` from pixel `first` to `last`, `step` apart. */
static void take_largest(const struct planes *b, const uint8_t (*from)[16], int first, int last,
                         int step, uint8_t most[16])
{
    memcpy(most, from[first], 16);
    for (int at = first + step; at <= last; at += step)
        b->take_larger(most, from[at]);
}

static void pool_plane(const struct planes *b, const struct oct_gpu_view *output)
{
    const struct oct_gpu_chain *p = b->p;
    const int pixels = p->height * p->width, reach = p->kernel / 2;
    for (int i = 0; i < pixels; i++) {
        const int y = i / p->width, x = i % p->width;
        const int left = most_of(x - reach, 0), right = least_of(x + reach, p->width - 1);
        take_largest(b, (const uint8_t(*)[16])b->plane, y * p->width + left, y * p->width + right,
                     1, b->rows[i]);
    }
    for (int i = 0; i < pixels; i++) {
        const int y = i / p->width, x = i % p->width;
        const int top = most_of(y - reach, 0), bottom = least_of(y + reach, p->height - 1);
        take_largest(b, (const uint8_t(*)[16])b->rows, top * p->width + x, bottom * p->width + x,
                     p->width, b->plane[i]);
        memcpy(gpu_write(emulated_pixel(output, b->image, y, x) + b->group, 16, 16), b->plane[i],
               16);
    }
}

static void chain(const struct emulated_launch *launch, larger *take_larger)
{
    static uint8_t shared[PLANES_BYTES_MAX / 16][16];
    const struct oct_gpu_chain *p = launch->parameters;
    const int pixels = p->height * p->width;
    struct planes b = {
        .p = p, .take_larger = take_larger, .plane = shared, .rows = shared + pixels};
    if (2 * pixels * 16 > (int)launch->shared_bytes)
        stop(RESULT_ILLEGAL_ADDRESS, "two planes of %d pixels in %u shared bytes", pixels,
             launch->shared_bytes);
    for (int block = 0; block < (int)launch->grid[0]; block++) {
        fill_with_garbage(shared, launch->shared_bytes);
        b.image = block / p->groups;
        b.group = (uint64_t)(block % p->groups) * OCT_GPU_GROUP_BYTES;
        for (int i = 0; i < pixels; i++)
            memcpy(
                b.plane[i],
                gpu_read(emulated_pixel(&p->input, b.image, i / p->width, i % p->width) + b.group,
                         16, 16),
                16);
        for (int k = 0; k < p->count; k++)
            pool_plane(&b, &p->outputs[k]);
    }
}

void emulate_chain_u8(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    (void)kernel;
    chain(launch, larger_codes);
}

void emulate_chain_f32(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    (void)kernel;
    chain(launch, larger_floats);
}

void emulate_chain_bf16(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    (void)kernel;
    chain(launch, larger_bfloats);
}
