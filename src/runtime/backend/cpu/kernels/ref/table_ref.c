/* SPDX-License-Identifier: Apache-2.0 */
/* A function of a code by look-up. Most tables are followed by a requantisation alone: those become
 * tables of codes first. Every operation is rounded by itself, and codes come from a division, so
 * that what ONNX' QuantizeLinear, DequantizeLinear and Add give comes out to the bit. */
#include "network/requantize.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"

enum { ENTRIES = 256 };

/* Adding it to less than 2^22 leaves the integer part, rounded to nearest even. */
#define MAGIC 0x1.8p+23f

static uint8_t code_of(float value, const struct oct_view *output)
{
    const float steps = value / output->quantization.scale;
    const float low = (float)-output->quantization.zero_point,
                high = (float)(255 - output->quantization.zero_point);
    float held = steps < high ? steps : high; /* a NaN becomes 255 */
    held = held > low ? held : low;
    return (uint8_t)((int)(held + MAGIC - MAGIC) + output->quantization.zero_point);
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

/* Four channels at a time, as they are stored. */
static void add_residual(const struct oct_view *residual, size_t at, float values[4])
{
    if (residual->type == OCT_TYPE_F32) {
        const float *added = (const float *)residual->data + at;
        for (int c = 0; c < 4; c++)
            values[c] += added[c];
    } else {
        const uint8_t *added = (const uint8_t *)residual->data + at;
        for (int c = 0; c < 4; c++)
            values[c] += oct_dequantize(added[c], residual->quantization.scale,
                                        residual->quantization.zero_point);
    }
}

static void store(const struct oct_view *output, size_t at, const float values[4])
{
    if (output->type == OCT_TYPE_F32) {
        memcpy((float *)output->data + at, values, 4 * sizeof *values);
    } else {
        uint8_t *codes = (uint8_t *)output->data + at;
        for (int c = 0; c < 4; c++)
            codes[c] = code_of(values[c], output);
    }
}

static void values_of_codes(const struct oct_table_job *job, int y)
{
    const struct oct_view *in = &job->input, *out = &job->output, *residual = &job->residual;
    for (size_t x = 0; x < (size_t)job->width; x++) {
        const uint8_t *codes = (const uint8_t *)in->data + (size_t)y * in->row + x * in->pixel;
        const size_t from = (size_t)y * residual->row + x * residual->pixel;
        const size_t to = (size_t)y * out->row + x * out->pixel;
        for (size_t c = 0; c < (size_t)job->channels; c += 4) {
            float values[4];
            for (int i = 0; i < 4; i++)
                values[i] = job->table[codes[c + (size_t)i]];
            if (residual->data)
                add_residual(residual, from + c, values);
            store(out, to + c, values);
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
