/* SPDX-License-Identifier: Apache-2.0 */
/* The picture into the network's input: bytes with a fourth channel of zeros, or floats or halves
 * of them; and values of the caller's into a layer's output. */
#include <math.h>

#include "runtime/backend/cpu/cpu_state.h"
#include "runtime/backend/cpu/kernels/view_elements.h"

/* Where letterboxed RGB0 bytes go: the input itself, or the pixels before conversion. */
static struct oct_pixels target_pixels(const struct oct_cpu *cpu, const struct oct_view *input)
{
    if (input->type == OCT_TYPE_U8)
        return (struct oct_pixels){input->data, input->row, 4};
    return (struct oct_pixels){cpu->pixels, (size_t)cpu->width * 4, 4};
}

static void convert(const struct oct_cpu *cpu, const struct oct_view *input)
{
    if (input->type == OCT_TYPE_U8)
        return;
    const size_t width = (size_t)cpu->width;
    for (size_t y = 0; y < (size_t)cpu->height; y++) {
        const uint8_t *codes = cpu->pixels + y * width * 4;
        if (input->type == OCT_TYPE_F32)
            cpu->kernels.pixels_to_float(codes, (float *)input->data + y * input->row, width);
        else
            cpu->kernels.pixels_to_half(codes, (uint16_t *)input->data + y * input->row, width);
    }
}

static octet_status set_frame(struct oct_cpu *cpu, const struct oct_view *input,
                              const octet_frame *frame, const octet_letterbox *letterbox)
{
    const struct oct_pixels target = target_pixels(cpu, input);
    const octet_status status = oct_letterbox_frame(cpu->ctx, &cpu->kernels.resize, frame,
                                                    letterbox, &target, &cpu->letterbox);
    if (!status)
        convert(cpu, input);
    return status;
}

static void set_pixels(struct oct_cpu *cpu, const struct oct_view *input, const uint8_t *rgb)
{
    const struct oct_pixels target = target_pixels(cpu, input);
    for (int y = 0; y < cpu->height; y++) {
        cpu->kernels.resize.widen_pixels(rgb, target.data + (size_t)y * target.row_bytes,
                                         cpu->width);
        rgb += 3 * (size_t)cpu->width;
    }
    convert(cpu, input);
}

static uint8_t to_byte(float value)
{
    const float code = value * 255.0f;
    if (!(code > 0.0f))
        return 0;
    return code < 255.0f ? (uint8_t)rintf(code) : 255;
}

static void set_planes(const struct oct_cpu *cpu, const struct oct_view *input, const float *planes)
{
    const size_t plane = (size_t)cpu->height * (size_t)cpu->width;
    for (int y = 0; y < cpu->height; y++) {
        for (int x = 0; x < cpu->width; x++, planes++) {
            const size_t at = (size_t)y * input->row + (size_t)x * input->pixel;
            for (size_t c = 0; c < 3; c++) {
                if (input->type == OCT_TYPE_U8)
                    ((uint8_t *)input->data)[at + c] = to_byte(planes[c * plane]);
                else
                    oct_store_at(input, (ptrdiff_t)(at + c), planes[c * plane]);
            }
        }
    }
}

octet_status oct_cpu_set_input(void *state, int slot, const struct oct_backend_input *input)
{
    struct oct_cpu *cpu = state;
    const struct oct_view view = oct_cpu_view(cpu, slot, 0);
    if (input->frame)
        return set_frame(cpu, &view, input->frame, input->letterbox);
    if (input->rgb)
        set_pixels(cpu, &view, input->rgb);
    else
        set_planes(cpu, &view, input->planes);
    return OCTET_OK;
}

void oct_cpu_replace(void *state, int slot, int tensor, const float *values)
{
    const struct oct_cpu *cpu = state;
    const struct oct_view view = oct_cpu_view(cpu, slot, tensor);
    const size_t channels = (size_t)cpu->network->tensors[tensor].channels;
    const size_t height = (size_t)cpu->layout.sizes[tensor].height;
    const size_t width = (size_t)cpu->layout.sizes[tensor].width;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++, values += channels)
            for (size_t c = 0; c < channels; c++)
                oct_store_at(&view, (ptrdiff_t)(y * view.row + x * view.pixel + c), values[c]);
}
