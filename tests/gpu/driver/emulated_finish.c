/* SPDX-License-Identifier: Apache-2.0 */
/* finish.cuh in C: from sums to what is stored. */
#include <math.h>
#include <string.h>

#include "base/bfloat16.h"
#include "emulation.h"
#include "network/silu_table.h"

#define MAGIC 12582912.0f
#define MAGIC_BITS 0x4B400000u
#define SILU_MAGIC 8388608.0f
#define SILU_MAGIC_BITS 0x4B000000u

/* A GPU's NaN has no sign. */
static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return isnan(value) ? 0x7fffffffu : bits;
}

int emulated_divide(int x, struct oct_gpu_divisor by)
{
    if (!by.multiplier)
        return x;
    return (int)((uint32_t)((uint64_t)(uint32_t)x * by.multiplier >> 32) >> by.shift);
}

static float by_cubics(float y, float scale, const float *table, int thread)
{
    const float a = fabsf(y);
    const float t = fminf(fmaf(a, scale, SILU_MAGIC), SILU_MAGIC + (float)(OCT_SILU_SEGMENTS - 1));
    const float *c = table + (bits_of(t) - SILU_MAGIC_BITS) * 32 + (thread & 7) * 4;
    float g = fmaf(c[3], a, c[2]);
    g = fmaf(g, a, c[1]);
    g = fmaf(g, a, c[0]);
    return fmaf(y, 0.5f, g);
}

float emulated_silu(float y, const float *table, int thread)
{
    return by_cubics(y, OCT_SILU_SCALE, table, thread);
}

void emulated_activate(struct oct_gpu_activation by, const float *table, int thread, float y[4])
{
    for (int k = 0; k < 4 && by.kind != OCT_ACTIVATION_NONE; k++) {
        const float positive = y[k] > 0.0f ? y[k] : 0.0f;
        if (by.kind == OCT_ACTIVATION_RELU) {
            y[k] = positive;
        } else if (by.kind == OCT_ACTIVATION_LEAKY_RELU) {
            y[k] = fmaf(y[k] < 0.0f ? y[k] : 0.0f, by.factor, positive);
        } else if (by.kind == OCT_ACTIVATION_HARDSWISH) {
            const float gate = fmaf(y[k], 1.0f / 6.0f, 0.5f);
            const float below = gate < 1.0f ? gate : 1.0f;
            y[k] *= below > 0.0f ? below : 0.0f;
        } else {
            y[k] = by_cubics(y[k], by.factor, table, thread);
        }
    }
}

void emulated_activate_values(struct oct_gpu_activation by, const float *table, int thread,
                              float y[4])
{
    if (by.kind != OCT_ACTIVATION_SILU)
        emulated_activate(by, table, thread, y);
    for (int k = 0; k < 4 && by.kind == OCT_ACTIVATION_SILU; k++)
        y[k] = emulated_silu_of_values(y[k]);
}

float emulated_silu_of_values(float y)
{
    return y / (1.0f + expf(-y));
}

static uint32_t saturated(int code)
{
    return code < 0 ? 0 : code > 255 ? 255 : (uint32_t)code;
}

/* Right above -2^22 alone, as the kernels' is. */
static int code_of(float value, float inverse_scale, int zero_point)
{
    return (int)(bits_of(value * inverse_scale + MAGIC) + (uint32_t)zero_point - MAGIC_BITS);
}

uint32_t emulated_codes_of(const float y[4], float inverse_scale, int zero_point)
{
    uint32_t codes = 0;
    for (int k = 0; k < 4; k++)
        codes |= saturated(code_of(y[k], inverse_scale, zero_point)) << (8 * k);
    return codes;
}

int emulated_any_code(float value, float inverse_scale, int zero_point)
{
    const float code = value * inverse_scale;
    const float highest = (float)(255 - zero_point), lowest = (float)-zero_point;
    const float below = code < highest ? code : highest;
    const float held = below > lowest ? below : lowest;
    return (int)rintf(held) + zero_point;
}

float emulated_add_code(uint8_t code, int zero_point, float scale, float y)
{
    return fmaf((SILU_MAGIC + (float)code) + -(SILU_MAGIC + (float)zero_point), scale, y);
}

void emulated_add_residual(const struct oct_gpu_view *view, uint64_t at, float y[4])
{
    if (view->type == OCT_GPU_U8) {
        const uint8_t *codes = gpu_read(at, 4, 4);
        for (int k = 0; k < 4; k++)
            y[k] = emulated_add_code(codes[k], view->zero_point, view->scale, y[k]);
    } else if (view->type == OCT_GPU_BF16) {
        const uint16_t *values = gpu_read(at, 8, 8);
        for (int k = 0; k < 4; k++)
            y[k] = y[k] + oct_bf16_value(values[k]);
    } else {
        const float *values = gpu_read(at, 16, 16);
        for (int k = 0; k < 4; k++)
            y[k] = y[k] + values[k];
    }
}

void emulated_store_any(const struct oct_gpu_view *view, uint64_t at, const float y[4])
{
    if (view->type == OCT_GPU_U8) {
        uint8_t *codes = gpu_write(at, 4, 4);
        for (int k = 0; k < 4; k++)
            codes[k] =
                (uint8_t)saturated(emulated_any_code(y[k], view->inverse_scale, view->zero_point));
    } else if (view->type == OCT_GPU_BF16) {
        uint16_t *values = gpu_write(at, 8, 8);
        for (int k = 0; k < 4; k++)
            values[k] = oct_bf16_of(y[k]);
    } else {
        memcpy(gpu_write(at, 16, 16), y, 16);
    }
}

int emulated_element_bytes(int type)
{
    return type == OCT_GPU_U8 ? 1 : type == OCT_GPU_BF16 ? 2 : 4;
}

uint64_t emulated_pixel(const struct oct_gpu_view *view, int image, int y, int x)
{
    return view->data + (uint64_t)((int64_t)image * view->image + (int64_t)y * view->row +
                                   (int64_t)x * view->pixel);
}
