/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to a tile's values: activation, residual, requantisation, store; with
 * OCT_FINISH_RAW, of sums, first of all start, scale and bias. Four vectors are in flight. config.h
 * lists the macros.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_FINISH_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_FINISH_H

#include "network/float_functions.h"
#include "runtime/backend/cpu/kernels/vector/finish_job.h"
#include "runtime/backend/cpu/kernels/vector/sums.h"

/* Where four vectors come from and go to, in bytes from the tile's first pixel, channels left
 * out. */
struct quad {
    const int32_t *sums[4];
    size_t output[4], residual[4];
    int channel[4]; /* of the channel tile */
    int count[4];   /* channels that exist */
};

/* Of one or two vectors of channels; more than that is read again for each pixel. */
struct channel_constants {
    v_float scale[2], bias[2];
    v_sum start[2];
};

OCT_INLINE void load_constants(const struct finish *f, int vector, int together,
                               struct channel_constants *constants)
{
    for (int i = 0; i < together && together <= 2 && OCT_FINISH_RAW; i++) {
        const int channel = (vector + i) * OCT_LANES;
        constants->start[i] = v_load_sum(f->start + channel);
        if (OCT_CODES) {
            constants->scale[i] = v_load(f->scale + channel);
            constants->bias[i] = v_load(f->bias + channel);
        }
    }
}

/* A raw sum with what it should have begun with. */
OCT_INLINE v_sum quad_sum(const struct finish *f, const struct quad *q, int together,
                          const struct channel_constants *c, int i)
{
    const v_sum sum = v_load_sum(q->sums[i]);
    if (together == 4)
        return v_add_sum(sum, v_load_sum(f->start + q->channel[i]));
    return v_add_sum(sum, c->start[i % together]);
}

/* Vector `i` of the quad, with scale and bias. All sums are aligned; gcc 12 makes the fewest
 * instructions of U8's finish when it does not know, of F32's and BF16's when it does. */
OCT_INLINE v_float quad_value(const struct finish *f, const struct quad *q, int together,
                              const struct channel_constants *c, int i)
{
    if (!OCT_FINISH_RAW && OCT_CODES)
        return v_load((const float *)q->sums[i]);
    if (!OCT_FINISH_RAW)
        return v_load_aligned((const float *)q->sums[i]);
    const v_float value = v_sum_number(quad_sum(f, q, together, c, i));
    if (!OCT_CODES)
        return value;
    if (together == 4)
        return v_fma(value, v_load(f->scale + q->channel[i]), v_load(f->bias + q->channel[i]));
    return v_fma(value, c->scale[i % together], c->bias[i % together]);
}

/* oct_silu_value() of four vectors, to the bit. */
OCT_INLINE void quad_silu(v_float v[4])
{
    const v_float zero = v_set(0.0f), one = v_set(1.0f), magic = v_set(OCT_SOFTMAX_MAGIC);
    for (int i = 0; i < 4; i++) {
        const v_float x =
            v_max(v_min(v_sub(zero, v[i]), v_set(OCT_EXP_MOST)), v_set(OCT_EXP_LEAST));
        const v_float a = v_add(v_mul(x, v_set(OCT_LOG2_E)), magic), n = v_sub(a, magic);
        v_float r = v_fma(n, v_set(-OCT_LN2_HIGH), x);
        r = v_fma(n, v_set(-OCT_LN2_LOW), r);
        v_float e = v_fma(v_set(1.0f / 720), r, v_set(1.0f / 120));
        e = v_fma(e, r, v_set(1.0f / 24));
        e = v_fma(e, r, v_set(1.0f / 6));
        e = v_fma(e, r, v_set(0.5f));
        e = v_fma(e, r, one);
        e = v_fma(e, r, one);
        v[i] = v_div(v[i], v_fma(e, v_power_of_two(a), one));
    }
}

/* Activations other than SiLU; as oct_activate(), to the bit. */
OCT_INLINE void quad_activate(const struct finish *f, int flags, v_float v[4])
{
    const v_float zero = v_set(0.0f), one = v_set(1.0f);
    if (flags & (FINISH_GELU | FINISH_GELU_TANH))
        v_gelu_table(oct_gelu_tables[(flags & FINISH_GELU_TANH) != 0], v);
    for (int i = 0; i < 4 && (flags & FINISH_RELU); i++)
        v[i] = v_max(v[i], zero);
    for (int i = 0; i < 4 && (flags & FINISH_LEAKY_RELU); i++)
        v[i] = v_fma(v_min(v[i], zero), v_set(f->slope), v_max(v[i], zero));
    for (int i = 0; i < 4 && (flags & FINISH_HARDSWISH); i++) {
        const v_float gate = v_fma(v[i], v_set(1.0f / 6.0f), v_set(0.5f));
        v[i] = v_mul(v[i], v_max(v_min(gate, one), zero));
    }
}

OCT_INLINE void quad_values(const struct finish *f, const struct quad *q, int together,
                            const struct channel_constants *c, const uint8_t *residual, int flags,
                            v_float v[4])
{
    for (int i = 0; i < 4; i++)
        v[i] = quad_value(f, q, together, c, i);
    if ((flags & FINISH_SILU) && (OCT_CODES || OCT_BF16))
        v_silu_table(v); /* whose error is far below a step of BF16 */
    else if (flags & FINISH_SILU)
        quad_silu(v);
    else if (flags & FINISH_OTHER)
        quad_activate(f, flags, v);
    for (int i = 0; i < 4 && (flags & (FINISH_RESIDUAL_U8 | FINISH_RESIDUAL_F32)); i++) {
        const uint8_t *at = residual + q->residual[i];
        if (flags & FINISH_RESIDUAL_U8)
            v[i] = v_fma(
                v_float_of(v_load_codes(at + q->channel[i], q->count[i], f->residual_zero_point)),
                v_set(f->residual_scale), v[i]);
        if (flags & FINISH_RESIDUAL_F32)
            v[i] = v_add(v[i], v_load_floats((const float *)at + q->channel[i], q->count[i]));
    }
    for (int i = 0; i < 4 && (flags & FINISH_RESIDUAL_BF16); i++)
        v[i] =
            v_add(v[i], v_load_bf16((const uint16_t *)(residual + q->residual[i]) + q->channel[i],
                                    q->count[i]));
#if OCT_F16_STORED
    for (int i = 0; i < 4 && (flags & FINISH_RESIDUAL_F16); i++)
        v[i] = v_add(v[i], v_load_f16((const uint16_t *)(residual + q->residual[i]) + q->channel[i],
                                      q->count[i]));
#endif
}

OCT_INLINE void store_codes(const struct finish *f, const struct quad *q, int pixels, int together,
                            int flags, const v_float v[4], uint8_t *output)
{
    v_int codes[4];
    const v_float inverse = v_set(f->inverse_scale), highest = v_set(f->highest);
    for (int i = 0; i < 4; i++) {
        const v_float code = v_mul(v[i], inverse);
        codes[i] = v_rounded(flags & FINISH_BOUNDED ? code : v_min(code, highest));
    }
    const v_bytes bytes = v_pack(codes, f->zero_point);
    output += q->channel[0];
    const int count = (together - 1) * OCT_LANES + q->count[together - 1];
    if (together == 4)
        v_store_4(output + q->output[0], bytes, count);
    for (int i = 0; i < 2 && together == 2; i++) {
        if (i < pixels)
            v_store_2(output + q->output[2 * i], bytes, i, count);
    }
    for (int i = 0; i < 4 && together == 1; i++) {
        if (i < pixels)
            v_store_1(output + q->output[i], bytes, i, count);
    }
}

/* Four vectors that lie in 4 / `together` pixels, `together` vectors in each. Of these pixels the
 * first `pixels` exist; the others are worked out like the last one and not stored. */
OCT_INLINE void finish_quad(const struct finish *f, int pixel, int pixels, int vector, int together,
                            const struct channel_constants *constants, int flags, uint8_t *output,
                            const uint8_t *residual)
{
    struct quad q;
    for (int i = 0; i < 4; i++) {
        const int step = i / together;
        const size_t at = (size_t)(pixel + (step < pixels ? step : pixels - 1));
        const int from = vector + i % together;
        q.sums[i] = f->sums + (at * (size_t)f->vectors + (size_t)from) * OCT_LANES;
        q.output[i] = at * f->output_pixel;
        q.residual[i] = at * f->residual_pixel;
        q.channel[i] = from * OCT_LANES;
        q.count[i] = OCT_LANES;
        if (i % together == together - 1 && vector + together == f->vectors)
            q.count[i] = f->tail;
    }
    v_float v[4];
    quad_values(f, &q, together, constants, residual, flags, v);
    for (int i = 0; i < 4 && (flags & FINISH_OUTPUT_BF16); i++) {
        if (i / together < pixels)
            v_store_bf16((uint16_t *)(output + q.output[i]) + q.channel[i], v[i], q.count[i]);
    }
#if OCT_F16_STORED
    for (int i = 0; i < 4 && (flags & FINISH_OUTPUT_F16); i++) {
        if (i / together < pixels)
            v_store_f16((uint16_t *)(output + q.output[i]) + q.channel[i], v[i], q.count[i]);
    }
#endif
    if (flags & (FINISH_OUTPUT_BF16 | FINISH_OUTPUT_F16))
        return;
    if (!(flags & FINISH_OUTPUT_F32)) {
        store_codes(f, &q, pixels, together, flags, v, output);
        return;
    }
    for (int i = 0; i < 4; i++) {
        float *at = (float *)(output + q.output[i]) + q.channel[i];
        if (i / together >= pixels)
            break;
        if ((flags & FINISH_STREAM) && q.count[i] == OCT_LANES)
            v_stream(at, v[i]);
        else
            v_store_floats(at, v[i], q.count[i]);
    }
}

/* All pixels of vectors [vector, vector + together). */
OCT_INLINE void finish_column(const struct finish *f, int pixels, int vector, int together,
                              int flags, uint8_t *output, const uint8_t *residual)
{
    const int step = 4 / together;
    struct channel_constants constants;
    load_constants(f, vector, together, &constants);
    int pixel = 0;
    if (flags & FINISH_COMPACT) {
        for (; pixel < pixels; pixel += step)
            finish_quad(f, pixel, pixels - pixel < step ? pixels - pixel : step, vector, together,
                        &constants, flags, output, residual);
        return;
    }
    for (; pixel + step <= pixels; pixel += step)
        finish_quad(f, pixel, step, vector, together, &constants, flags, output, residual);
    if (pixel < pixels)
        finish_quad(f, pixel, pixels - pixel, vector, together, &constants, flags, output,
                    residual);
}

OCT_INLINE void finish_tile(const struct finish *given, int pixels, uint8_t *output,
                            const uint8_t *residual, int flags)
{
    const struct finish local = *given, *f = &local; /* which no store can change */
    int vector = 0;
    for (; vector + 4 <= f->vectors; vector += 4)
        finish_column(f, pixels, vector, 4, flags, output, residual);
    if (f->vectors & 2) {
        finish_column(f, pixels, vector, 2, flags, output, residual);
        vector += 2;
    }
    if (f->vectors & 1)
        finish_column(f, pixels, vector, 1, flags, output, residual);
}

#define DEFINE_FINISH(name, flags)                                                                 \
    static void name(const struct finish *f, int pixels, uint8_t *output, const uint8_t *residual) \
    {                                                                                              \
        finish_tile(f, pixels, output, residual, flags);                                           \
    }

/* What networks are made of has code of its own: residual and output of the input's type, and the
 * head's floats. The rest tests its flags as it goes. */
enum {
    FINISH_OWN = OCT_CODES  ? 0
                 : OCT_BF16 ? FINISH_OUTPUT_BF16
                 : OCT_F16  ? FINISH_OUTPUT_F16
                            : FINISH_OUTPUT_F32,
    FINISH_OWN_RESIDUAL = FINISH_OWN | (OCT_CODES  ? FINISH_RESIDUAL_U8
                                        : OCT_BF16 ? FINISH_RESIDUAL_BF16
                                        : OCT_F16  ? FINISH_RESIDUAL_F16
                                                   : FINISH_RESIDUAL_F32)
};

DEFINE_FINISH(finish_any, f->flags | FINISH_COMPACT)
DEFINE_FINISH(finish_f32, FINISH_OUTPUT_F32)
DEFINE_FINISH(finish_f32_streamed, FINISH_OUTPUT_F32 | FINISH_STREAM)
DEFINE_FINISH(finish_silu_f32, FINISH_SILU | FINISH_OUTPUT_F32)
DEFINE_FINISH(finish_silu, FINISH_SILU | FINISH_OWN)
DEFINE_FINISH(finish_silu_residual, FINISH_SILU | FINISH_OWN_RESIDUAL)
DEFINE_FINISH(finish_silu_bounded, FINISH_SILU | FINISH_OWN | FINISH_BOUNDED)
DEFINE_FINISH(finish_silu_residual_bounded, FINISH_SILU | FINISH_OWN_RESIDUAL | FINISH_BOUNDED)

static finish_function *choose_finish(int flags)
{
    if (flags == (FINISH_SILU | FINISH_OWN))
        return finish_silu;
    if (flags == (FINISH_SILU | FINISH_OWN_RESIDUAL))
        return finish_silu_residual;
    if (flags == FINISH_OUTPUT_F32)
        return finish_f32;
    if (flags == (FINISH_OUTPUT_F32 | FINISH_STREAM))
        return finish_f32_streamed;
    if ((OCT_CODES || OCT_BF16) && flags == (FINISH_SILU | FINISH_OUTPUT_F32))
        return finish_silu_f32;
    if (OCT_CODES && flags == (FINISH_SILU | FINISH_OWN | FINISH_BOUNDED))
        return finish_silu_bounded;
    if (OCT_CODES && flags == (FINISH_SILU | FINISH_OWN_RESIDUAL | FINISH_BOUNDED))
        return finish_silu_residual_bounded;
    return finish_any;
}

#endif
