/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed weights against the order that each kernel's file states, byte by byte, worked out here
 * the long way: from dense weights, [stored output channels][taps][stored input channels] with
 * zeros where no channel is. What pack() is given instead is an engine's order, without those.
 */
#include <stdlib.h>
#include <string.h>

#include "kernels/check.h"

/* How a kernel's weights are packed, by the beginning of its name. */
struct order {
    const char *name;
    enum { DIRECT, WINOGRAD, AMX, DEPTHWISE, PLANES } scheme;
    int lanes; /* output channels of a vector; PLANES: of a block */
    int group; /* input channels side by side; DEPTHWISE: rows of taps */
    enum { INT8, INT16, FLOAT, BF16, F16 } element;
};

static const struct order orders[] = {
    {"conv_u8_ref_", DIRECT, 16, 1, INT16},
    {"conv_f32_ref_", DIRECT, 16, 1, FLOAT},
    {"conv_bf16_ref_", DIRECT, 16, 1, BF16},
    {"conv_u8_avx2_", DIRECT, 8, 2, INT16},
    {"conv_u8_avxvnni_", DIRECT, 8, 4, INT8},
    {"conv_u8_avx512vnni_", DIRECT, 16, 4, INT8},
    {"conv_f32_avx2_", DIRECT, 8, 1, FLOAT},
    {"conv_f32_avx512_", DIRECT, 16, 1, FLOAT},
    {"conv_bf16_avx512bf16_", DIRECT, 16, 2, BF16},
    {"winograd_u8_avx2_", WINOGRAD, 8, 2, INT16},
    {"winograd_u8_avxvnni_", WINOGRAD, 8, 2, INT16},
    {"winograd_u8_avx512vnni_", WINOGRAD, 16, 2, INT16},
    {"winograd_f32_ref_", WINOGRAD, 16, 1, FLOAT},
    {"winograd_f32_avx2_", WINOGRAD, 8, 1, FLOAT},
    {"winograd_f32_avx512_", WINOGRAD, 16, 1, FLOAT},
    {"winograd_bf16_avx512bf16_", WINOGRAD, 16, 1, FLOAT},
    {"depthwise_u8_ref_", DEPTHWISE, 16, 1, INT16},
    {"depthwise_f32_ref_", DEPTHWISE, 16, 1, FLOAT},
    {"depthwise_bf16_ref_", DEPTHWISE, 16, 1, BF16},
    {"depthwise_u8_avx2_", DEPTHWISE, 8, 2, INT16},
    {"depthwise_u8_avxvnni_", DEPTHWISE, 8, 4, INT8},
    {"depthwise_u8_avx512vnni_", DEPTHWISE, 16, 4, INT8},
    {"depthwise_f32_avx2_", DEPTHWISE, 8, 1, FLOAT},
    {"depthwise_f32_avx512_", DEPTHWISE, 16, 1, FLOAT},
    {"depthwise_bf16_avx512bf16_", DEPTHWISE, 16, 1, FLOAT},
    {"conv_u8_amx_", AMX, 16, 4, INT8},
    {"conv_bf16_amx_", AMX, 16, 2, BF16},
    {"conv_f32_neon_", DIRECT, 4, 1, FLOAT},
    {"winograd_u8_neon_", WINOGRAD, 4, 2, INT16},
    {"winograd_f32_neon_", WINOGRAD, 4, 1, FLOAT},
    {"depthwise_u8_neon_", DEPTHWISE, 4, 2, INT16},
    {"depthwise_f32_neon_", DEPTHWISE, 4, 1, FLOAT},
    {"depthwise_f16_neon_", DEPTHWISE, 4, 1, FLOAT},
    {"conv_f16_fp16_", DIRECT, 8, 1, F16},
    {"winograd_f16_fp16_", WINOGRAD, 8, 1, F16},
    {"conv_u8_neon_", PLANES, 4, 16, INT8},
    {"conv_u8_dotprod_", PLANES, 16, 4, INT8},
    {"conv_u8_i8mm_", PLANES, 8, 8, INT8},
};

struct packing {
    const struct order *order;
    const struct oct_conv_shape *shape;
    int tile_channels;
    const int8_t *codes; /* dense: these or `values` */
    const float *values;
    uint8_t *out;
    size_t size; /* bytes written */
};

static double dense_weight(const struct packing *p, int output, int tap, int input)
{
    const struct oct_conv_shape *shape = p->shape;
    const size_t at = ((size_t)output * (size_t)(shape->kernel * shape->kernel) + (size_t)tap) *
                          (size_t)shape->input_channels +
                      (size_t)input;
    return p->codes ? p->codes[at] : (double)p->values[at];
}

static void put(struct packing *p, double weight)
{
    const int8_t byte = (int8_t)weight;
    const int16_t word = (int16_t)weight;
    const float value = (float)weight;
    const uint16_t bf16 = oct_bf16_of(value), f16 = oct_f16_of(value);
    static const size_t sizes[] = {sizeof byte, sizeof word, sizeof value, sizeof bf16, sizeof f16};
    const void *const elements[] = {&byte, &word, &value, &bf16, &f16};
    memcpy(p->out + p->size, elements[p->order->element], sizes[p->order->element]);
    p->size += sizes[p->order->element];
}

/* Channels of the tile that begins with channel `tile`: whole vectors, no more than needed. */
static int tile_width(const struct packing *p, int tile)
{
    const int left = p->shape->output_channels - tile, lanes = p->order->lanes;
    const int whole = (left + lanes - 1) / lanes * lanes;
    return whole < p->tile_channels ? whole : p->tile_channels;
}

/* [tile][tap][input channels / group][channels of the tile][group] */
static void pack_direct(struct packing *p)
{
    const struct oct_conv_shape *shape = p->shape;
    const int depth = shape->kernel * shape->kernel * shape->input_channels;
    for (int tile = 0; tile < shape->output_channels; tile += p->tile_channels) {
        for (int k = 0; k < depth; k += p->order->group) {
            for (int n = tile; n < tile + tile_width(p, tile); n++) {
                for (int i = k; i < k + p->order->group; i++)
                    put(p, n < shape->output_channels
                               ? dense_weight(p, n, i / shape->input_channels,
                                              i % shape->input_channels)
                               : 0.0);
            }
        }
    }
}

/* G g of winograd.h. */
static void transform(const double g[3], double u[6])
{
    const double even = g[0] + g[2], far = g[0] + 4 * g[2];
    u[0] = 6 * g[0];
    u[1] = -4 * (even + g[1]);
    u[2] = -4 * (even - g[1]);
    u[3] = far + 2 * g[1];
    u[4] = far - 2 * g[1];
    u[5] = 12 * g[2];
}

/* G g of winograd_halves.h. */
static void transform_halves(const double g[3], double u[6])
{
    static const double points[] = {0.625, -0.625, 1.5, -1.5};
    u[0] = g[0] / (0.625 * 0.625 * 2.25);
    for (int i = 0; i < 4; i++) {
        const double p = points[i], other = i < 2 ? 2.25 : 0.625 * 0.625;
        u[i + 1] = ((g[0] + p * p * g[2]) + p * g[1]) / (2 * p * p * (p * p - other));
    }
    u[5] = g[2];
}

/* Point `point` of G g G'; floats have G / 24. */
static double winograd_weight(const struct packing *p, int output, int point, int input)
{
    const bool halves = p->order->element == F16;
    double row[3], u[6];
    for (int x = 0; x < 3; x++) {
        double column[3];
        for (int y = 0; y < 3; y++)
            column[y] = dense_weight(p, output, 3 * y + x, input);
        (halves ? transform_halves : transform)(column, u);
        row[x] = u[point / 6];
    }
    (halves ? transform_halves : transform)(row, u);
    return p->codes || halves ? u[point % 6] : u[point % 6] / (24 * 24);
}

/* [tile][point][input channels / group][channels of the tile][group] */
static void pack_winograd(struct packing *p)
{
    const struct oct_conv_shape *shape = p->shape;
    for (int tile = 0; tile < shape->output_channels; tile += p->tile_channels) {
        for (int point = 0; point < 36; point++) {
            for (int c = 0; c < shape->input_channels; c += p->order->group) {
                for (int n = tile; n < tile + tile_width(p, tile); n++) {
                    for (int i = c; i < c + p->order->group; i++)
                        put(p, n < shape->output_channels ? winograd_weight(p, n, point, i) : 0.0);
                }
            }
        }
    }
}

/* Steps that a stretch of `elements` is cut into; those of BF16 end where it ends. */
static int amx_steps(const struct packing *p, int elements)
{
    const int bytes = elements * 4 / p->order->group;
    int steps = (bytes + 63) / 64;
    while (p->order->element == BF16 && bytes % (4 * steps) != 0)
        steps++;
    return steps;
}

/* The weight of output channel `output` for element `element` of a stretch; 0 behind its end and
 * between the taps. */
static double amx_weight(const struct packing *p, int output, int row, int stretch, int element,
                         int elements)
{
    const struct oct_conv_shape *shape = p->shape;
    const int at = stretch * shape->input_pixel + element;
    const int column = at / shape->input_pixel, input = at % shape->input_pixel;
    if (output >= shape->output_channels || element >= elements || input >= shape->input_channels)
        return 0.0;
    return dense_weight(p, output, row * shape->kernel + column, input);
}

/* [32 channels][step][16 channels][depth / group][16 channels][group], each kernel row cut into
 * `stretches`. */
static void pack_amx(struct packing *p, int stretches)
{
    const struct oct_conv_shape *shape = p->shape;
    const int elements = stretches > 1
                             ? shape->input_channels
                             : (shape->kernel - 1) * shape->input_pixel + shape->input_channels;
    const int group = p->order->group, steps = amx_steps(p, elements);
    const int step_bytes = ((elements * 4 / group + steps - 1) / steps + 3) & ~3;
    const int step = step_bytes * group / 4; /* elements */
    for (int tile = 0; tile < shape->output_channels; tile += p->tile_channels) {
        for (int i = 0; i < shape->kernel * stretches * steps; i++) {
            const int row = i / steps / stretches, stretch = i / steps % stretches;
            for (int half = tile; half < tile + tile_width(p, tile); half += 16) {
                for (int k = 0; k < step * 16; k++) {
                    const int element = i % steps * step + k / (16 * group) * group + k % group;
                    put(p, amx_weight(p, half + k / group % 16, row, stretch, element, elements));
                }
            }
        }
    }
}

/* [tile][rows of taps / group][column][channels of the tile][group] */
static void pack_depthwise(struct packing *p)
{
    const int kernel = p->shape->kernel, group = p->order->group;
    for (int tile = 0; tile < p->shape->output_channels; tile += p->tile_channels) {
        for (int row = 0; row < kernel; row += group) {
            for (int i = 0; i < kernel * tile_width(p, tile); i++) {
                const int column = i / tile_width(p, tile), n = tile + i % tile_width(p, tile);
                const size_t first = (size_t)n * (size_t)(kernel * kernel) + (size_t)column;
                for (int y = row; y < row + group; y++) {
                    const size_t at = first + (size_t)(y * kernel);
                    const bool exists = n < p->shape->output_channels && y < kernel;
                    put(p, !exists ? 0.0 : p->codes ? p->codes[at] : (double)p->values[at]);
                }
            }
        }
    }
}

/* The weight of output channel `output` for channel `depth` of tap `tap` of a kernel row; where a
 * row is one tap, its channels are those of all columns. */
static double plane_weight(const struct packing *p, int output, int row, int tap, int depth)
{
    const struct oct_conv_shape *shape = p->shape;
    const int column = tap + depth / shape->input_channels, input = depth % shape->input_channels;
    if (output >= shape->output_channels)
        return 0.0;
    return dense_weight(p, output, row * shape->kernel + column, input);
}

/* [tile of 16]{the int32 sums of weights, times 128 where codes are shifted;
 * [channels / lanes][kernel row][chunk][tap][chunk / group][lanes][group]} */
static void pack_planes(struct packing *p)
{
    const struct oct_conv_shape *shape = p->shape;
    const int lanes = p->order->lanes, group = p->order->group;
    const int chunk = group == 8 ? 8 : 16, whole = shape->kernel * shape->input_channels;
    const bool joined = whole <= 16 && shape->input_pixel == shape->input_channels;
    const int taps = joined ? 1 : shape->kernel, channels = joined ? whole : shape->input_channels;
    const int chunks = (channels + chunk - 1) / chunk, steps = shape->kernel * chunks * taps;
    for (int tile = 0; tile < shape->output_channels; tile += 16) {
        for (int n = tile; n < tile + 16; n++) {
            double sum = 0.0;
            for (int i = 0; i < steps * chunk && group != 8; i++)
                if (i % chunk + i / chunk % chunks * chunk < channels)
                    sum += plane_weight(p, n, i / chunk / chunks / taps, i / chunk / chunks % taps,
                                        i % chunk + i / chunk % chunks * chunk);
            const int32_t lacking = (int32_t)(128 * sum);
            memcpy(p->out + p->size, &lacking, sizeof lacking);
            p->size += sizeof lacking;
        }
        for (int block = tile; block < tile + 16; block += lanes) {
            for (int i = 0; i < steps * chunk * lanes; i++) {
                const int step = i / (chunk * lanes), at = i % (chunk * lanes);
                const int k = at / (lanes * group) * group + at % group;
                const int depth = step / taps % chunks * chunk + k, place = step % taps;
                const bool swapped = group == 8 && taps == 3 && shape->stride == 1 && place > 0;
                put(p, depth < channels
                           ? plane_weight(p, block + at / group % lanes, step / taps / chunks,
                                          swapped ? 3 - place : place, depth)
                           : 0.0);
            }
        }
    }
}

static bool is_packed(struct packing *p, int stretches, const uint8_t *packed, size_t size)
{
    p->size = 0;
    if (p->order->scheme == DIRECT)
        pack_direct(p);
    else if (p->order->scheme == WINOGRAD)
        pack_winograd(p);
    else if (p->order->scheme == DEPTHWISE)
        pack_depthwise(p);
    else if (p->order->scheme == PLANES)
        pack_planes(p);
    else
        pack_amx(p, stretches);
    return p->size == size && memcmp(p->out, packed, size) == 0;
}

/* AMX' kernels cut each row in one of two ways. */
static size_t most_bytes(const struct oct_conv_shape *shape)
{
    const size_t taps = (size_t)(shape->kernel * shape->kernel);
    const size_t inputs = (size_t)(shape->input_pixel + 64) * (taps > 36 ? taps : 36);
    return ((size_t)shape->output_channels + 32) * inputs * sizeof(float);
}

bool check_packing(const struct oct_conv_kernel *kernel, const struct oct_conv_shape *shape,
                   const int8_t *codes, const float *values, const uint8_t *packed)
{
    const struct order *order = NULL;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0] && !order; i++)
        if (strncmp(kernel->name, orders[i].name, strlen(orders[i].name)) == 0)
            order = &orders[i];
    if (!order)
        return check_failed("the order of its packed weights is not known here");
    struct packing p = {order, shape, kernel->tile_channels, codes, values, NULL, 0};
    p.out = malloc(most_bytes(shape));
    if (!p.out)
        return check_failed("out of memory");
    const size_t size = kernel->packed_bytes(shape);
    const bool good = is_packed(&p, 1, packed, size) || is_packed(&p, shape->kernel, packed, size);
    free(p.out);
    return good || check_failed("weights are packed otherwise");
}

/* Which stored channels exist: all but up to 3 at the end, or, in parts, any. */
static int choose_inputs(struct check_random *random, int stored, int *inputs)
{
    const bool gaps = check_int(random, 0, 1) != 0;
    const int missing = stored > 4 ? check_int(random, 0, 3) : 0;
    int count = 0;
    for (int c = 0; c < stored; c++) {
        const bool exists = gaps ? c == 0 || check_int(random, 0, 3) != 0 : c < stored - missing;
        inputs[c] = exists ? count++ : -1;
    }
    return count;
}

static bool is_ordered(const int *inputs, int stored, int count)
{
    for (int c = 0; c < stored; c++)
        if (inputs[c] != (c < count ? c : -1))
            return false;
    return true;
}

void check_store_weights(struct check_random *random, const struct oct_conv_shape *shape,
                         enum oct_type type, int8_t *codes, float *values,
                         struct check_weights *stored)
{
    const int taps = shape->kernel * shape->kernel;
    const int inputs = shape->depthwise ? 1 : shape->input_channels;
    const size_t all = (size_t)(shape->output_channels * taps) * (size_t)inputs;
    stored->codes = check_allocate(random, all, 0);
    stored->bf16 = check_allocate(random, all * sizeof(uint16_t), 0);
    stored->values = check_allocate(random, all * sizeof(float), 0);
    stored->inputs = check_allocate(random, (size_t)inputs * sizeof(int), 0);
    int *map = (int *)(void *)stored->inputs.bytes;
    const int count = choose_inputs(random, inputs, map);
    const int outputs = shape->output_channels - check_int(random, 0, 3);
    uint16_t *bf16 = (uint16_t *)(void *)stored->bf16.bytes;
    float *floats = (float *)(void *)stored->values.bytes;
    for (size_t i = 0; i < all; i++) { /* in dense order */
        const int input = (int)(i % (size_t)inputs), tap = (int)(i / (size_t)inputs) % taps;
        const int output = (int)(i / (size_t)inputs) / taps;
        if (output >= outputs || map[input] < 0) {
            codes[i] = 0;
            values[i] = 0.0f;
            continue;
        }
        const size_t at =
            ((size_t)output * (size_t)count + (size_t)map[input]) * (size_t)taps + (size_t)tap;
        ((int8_t *)stored->codes.bytes)[at] = codes[i];
        bf16[at] = oct_bf16_of(values[i]);
        floats[at] = values[i];
    }
    stored->weights = (struct oct_conv_weights){
        .codes = type == OCT_TYPE_U8 ? (const int8_t *)stored->codes.bytes : NULL,
        .bf16 = check_is_half(type) ? bf16 : NULL,
        .values = type == OCT_TYPE_F32 ? floats : NULL,
        .input_channels = count,
        .output_channels = outputs,
        .inputs = shape->depthwise || (is_ordered(map, inputs, count) && check_int(random, 0, 3))
                      ? NULL
                      : map,
    };
}

void check_release_weights(struct check_weights *stored)
{
    check_release(&stored->codes);
    check_release(&stored->bf16);
    check_release(&stored->values);
    check_release(&stored->inputs);
}
