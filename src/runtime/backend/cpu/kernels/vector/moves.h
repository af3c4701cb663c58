/* SPDX-License-Identifier: Apache-2.0 */
/* Upsampling, and conversions between types. Groups of four vectors come first, what is left goes
 * vector by vector. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_MOVES_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_MOVES_H

#include "runtime/backend/cpu/kernels/vector/values.h"

/* Both ends of a conversion. */
struct conversion {
    enum oct_type from, to;
    struct coding in, out;
};

OCT_INLINE void convert_vector(const struct conversion *by, const uint8_t *in, uint8_t *out,
                               const int count)
{
    store_values(out, by->to, &by->out, load_values(in, by->from, &by->in, count), count);
}

OCT_INLINE void convert_pixel(const struct conversion *by, const uint8_t *in, uint8_t *out,
                              int channels)
{
    const size_t from = oct_type_bytes(by->from), to = oct_type_bytes(by->to);
    int c = 0;
    for (; c + GROUP_LANES <= channels; c += GROUP_LANES) {
        v_float values[4];
        load_group(in + (size_t)c * from, by->from, &by->in, values);
        store_group(out + (size_t)c * to, by->to, &by->out, values);
    }
    for (; c + OCT_LANES <= channels; c += OCT_LANES)
        convert_vector(by, in + (size_t)c * from, out + (size_t)c * to, OCT_LANES);
    for (; c < channels; c += 4)
        convert_vector(by, in + (size_t)c * from, out + (size_t)c * to, 4);
}

/* `from` and `to` are known where it is called. */
OCT_INLINE void convert_rows(const struct oct_view *input, const struct oct_view *output,
                             int channels, int width, int row_begin, int row_end,
                             const enum oct_type from, const enum oct_type to)
{
    const struct conversion by = {from, to, coding_of(input), coding_of(output)};
    const size_t step = input->pixel * oct_type_bytes(from);
    const size_t step_out = output->pixel * oct_type_bytes(to);
    for (int y = row_begin; y < row_end; y++) {
        const uint8_t *in =
            (const uint8_t *)input->data + (size_t)y * input->row * oct_type_bytes(from);
        uint8_t *out = (uint8_t *)output->data + (size_t)y * output->row * oct_type_bytes(to);
        for (int x = 0; x < width; x++, in += step, out += step_out)
            convert_pixel(&by, in, out, channels);
    }
}

static void convert(const struct oct_view *input, const struct oct_view *output, int channels,
                    int width, int row_begin, int row_end)
{
#define OCT_CONVERT(FROM, TO)                                                                      \
    if (input->type == (FROM) && output->type == (TO))                                             \
    convert_rows(input, output, channels, width, row_begin, row_end, FROM, TO)
    OCT_CONVERT(OCT_TYPE_U8, OCT_TYPE_F32);
    OCT_CONVERT(OCT_TYPE_F32, OCT_TYPE_U8);
    OCT_CONVERT(OCT_TYPE_U8, OCT_TYPE_BF16);
    OCT_CONVERT(OCT_TYPE_BF16, OCT_TYPE_U8);
    OCT_CONVERT(OCT_TYPE_F32, OCT_TYPE_BF16);
    OCT_CONVERT(OCT_TYPE_BF16, OCT_TYPE_F32);
#if OCT_F16_STORED
    OCT_CONVERT(OCT_TYPE_U8, OCT_TYPE_F16);
    OCT_CONVERT(OCT_TYPE_F16, OCT_TYPE_U8);
    OCT_CONVERT(OCT_TYPE_F32, OCT_TYPE_F16);
    OCT_CONVERT(OCT_TYPE_F16, OCT_TYPE_F32);
    OCT_CONVERT(OCT_TYPE_BF16, OCT_TYPE_F16);
    OCT_CONVERT(OCT_TYPE_F16, OCT_TYPE_BF16);
#endif
#undef OCT_CONVERT
}

/* One pixel to two places, whatever its type: `words` words of four bytes. */
OCT_INLINE void copy_twice(const float *in, float *a, float *b, size_t words)
{
    size_t i = 0;
    for (; i + GROUP_LANES <= words; i += GROUP_LANES) {
        v_float v[4];
        OCT_UNROLL
        for (int k = 0; k < 4; k++)
            v[k] = v_load_floats(in + i + k * OCT_LANES, OCT_LANES);
        OCT_UNROLL
        for (int k = 0; k < 4; k++)
            v_store_floats(a + i + k * OCT_LANES, v[k], OCT_LANES);
        OCT_UNROLL
        for (int k = 0; k < 4; k++)
            v_store_floats(b + i + k * OCT_LANES, v[k], OCT_LANES);
    }
    for (; i + OCT_LANES <= words; i += OCT_LANES) {
        const v_float v = v_load_floats(in + i, OCT_LANES);
        v_store_floats(a + i, v, OCT_LANES);
        v_store_floats(b + i, v, OCT_LANES);
    }
    for (; i < words; i++) {
        memcpy(a + i, in + i, sizeof *a);
        memcpy(b + i, in + i, sizeof *b);
    }
}

static void upsample2(const struct oct_view *input, const struct oct_view *output, int channels,
                      int output_width, int row_begin, int row_end)
{
    const size_t element = oct_type_bytes(input->type), step = output->pixel * element;
    const size_t words = (size_t)channels * element / sizeof(float);
    for (int y = row_begin; y < row_end; y++) {
        const uint8_t *in = (const uint8_t *)input->data + (size_t)(y / 2) * input->row * element;
        uint8_t *out = (uint8_t *)output->data + (size_t)y * output->row * element;
        for (int x = 0; x < output_width; x += 2, in += input->pixel * element, out += 2 * step)
            copy_twice((const float *)(const void *)in, (float *)(void *)out,
                       (float *)(void *)(x + 1 < output_width ? out + step : out), words);
    }
}

#endif
