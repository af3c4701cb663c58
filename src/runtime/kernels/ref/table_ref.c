/* SPDX-License-Identifier: Apache-2.0 */
/* A function of a code by look-up. Most tables are followed by a requantisation alone: those become
 * tables of codes first. Every operation is rounded by itself, and codes come from a division, so
 * that what ONNX' QuantizeLinear, DequantizeLinear and Add give comes out to the bit. */
#include "runtime/kernels/ref/ref.h"
#include "runtime/kernels/requantize.h"

enum { ENTRIES = 256 };

static uint8_t code_of(float value, const struct oct_view *output)
{
    const float steps = rintf(value / output->scale);
    const float low = (float)-output->zero_point, high = (float)(255 - output->zero_point);
    const float held = steps < high ? steps : high; /* a NaN becomes 255 */
    return (uint8_t)((int)(held > low ? held : low) + output->zero_point);
}

static void codes_of_codes(const struct oct_table_job *job, int y, const uint8_t *codes)
{
    for (int x = 0; x < job->width; x++) {
        const uint8_t *in = (const uint8_t *)job->input.data + (size_t)y * job->input.row +
                            (size_t)x * job->input.pixel;
        uint8_t *out = (uint8_t *)job->output.data + (size_t)y * job->output.row +
                       (size_t)x * job->output.pixel;
        for (int c = 0; c < job->channels; c++)
            out[c] = codes[in[c]];
    }
}

/* The residual's channel `at`, added to `value`. */
static float add_residual(const struct oct_view *residual, size_t at, float value)
{
    if (!residual->data)
        return value;
    if (residual->type == OCT_TYPE_F32)
        return value + ((const float *)residual->data)[at];
    return value + oct_dequantize(((const uint8_t *)residual->data)[at], residual->scale,
                                  residual->zero_point);
}

static void values_of_codes(const struct oct_table_job *job, int y)
{
    const struct oct_view *in = &job->input, *out = &job->output, *residual = &job->residual;
    for (int x = 0; x < job->width; x++) {
        const uint8_t *codes =
            (const uint8_t *)in->data + (size_t)y * in->row + (size_t)x * in->pixel;
        const size_t from = (size_t)y * residual->row + (size_t)x * residual->pixel;
        const size_t to = (size_t)y * out->row + (size_t)x * out->pixel;
        for (size_t c = 0; c < (size_t)job->channels; c++) {
            const float value = add_residual(residual, from + c, job->table[codes[c]]);
            if (out->type == OCT_TYPE_U8)
                ((uint8_t *)out->data)[to + c] = code_of(value, out);
            else
                ((float *)out->data)[to + c] = value;
        }
    }
}

void oct_table_ref(const struct oct_table_job *job, int row_begin, int row_end)
{
    uint8_t codes[ENTRIES];
    const bool plain = !job->residual.data && job->output.type == OCT_TYPE_U8;
    for (int i = 0; i < ENTRIES && plain; i++)
        codes[i] = code_of(job->table[i], &job->output);
    for (int y = row_begin; y < row_end; y++) {
        if (plain)
            codes_of_codes(job, y, codes);
        else
            values_of_codes(job, y);
    }
}
