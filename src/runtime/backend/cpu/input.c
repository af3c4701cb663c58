/* SPDX-License-Identifier: Apache-2.0 */
/* The picture into the network's input: bytes with a fourth channel of zeros, or floats or BF16
 * of them. */
#include <math.h>
#include <string.h>

#include "base/bfloat16.h"
#include "runtime/image/letterbox.h"
#include "runtime/session/open_session.h"

static struct oct_view input_view(const octet_session *session, int index)
{
    const struct oct_layout_memory memory = oct_session_memory(session, index);
    return oct_layout_view(&session->layout, &session->engine->network, &memory, 0);
}

/* Where letterboxed RGB0 bytes go: the input itself, or the session's pixels before conversion. */
static struct oct_pixels target_pixels(const octet_session *session, const struct oct_view *input)
{
    if (input->type == OCT_TYPE_U8)
        return (struct oct_pixels){input->data, input->row, 4};
    return (struct oct_pixels){session->pixels, (size_t)session->width * 4, 4};
}

static void convert(const octet_session *session, const struct oct_view *input)
{
    if (input->type == OCT_TYPE_U8)
        return;
    const size_t width = (size_t)session->width;
    for (size_t y = 0; y < (size_t)session->height; y++) {
        const uint8_t *codes = session->pixels + y * width * 4;
        if (input->type == OCT_TYPE_BF16)
            session->kernels.pixels_to_bf16(codes, (uint16_t *)input->data + y * input->row, width);
        else
            session->kernels.pixels_to_float(codes, (float *)input->data + y * input->row, width);
    }
}

octet_status oct_session_set_image(octet_session *session, int index, const octet_image *image)
{
    const struct oct_view input = input_view(session, index);
    const struct oct_pixels target = target_pixels(session, &input);
    const struct oct_letterbox_scratch scratch = {session->letterbox.memory,
                                                  session->letterbox.bytes};
    octet_letterbox *geometry = &session->slots[index].geometry;
    *geometry = oct_letterbox_geometry(octet_image_width(image), octet_image_height(image),
                                       session->width, session->height);
    const octet_status status = oct_letterbox_into(&session->own, &session->kernels.resize, image,
                                                   geometry, &target, &scratch);
    if (!status)
        convert(session, &input);
    return status;
}

octet_status oct_session_set_pixels(octet_session *session, int index, const uint8_t *rgb)
{
    const struct oct_view input = input_view(session, index);
    const struct oct_pixels target = target_pixels(session, &input);
    for (int y = 0; y < session->height; y++) {
        session->kernels.resize.widen_pixels(rgb, target.data + (size_t)y * target.row_bytes,
                                             session->width);
        rgb += 3 * (size_t)session->width;
    }
    memset(&session->slots[index].geometry, 0, sizeof session->slots[index].geometry);
    convert(session, &input);
    return OCTET_OK;
}

static uint8_t to_byte(float value)
{
    const float code = value * 255.0f;
    if (!(code > 0.0f))
        return 0;
    return code < 255.0f ? (uint8_t)rintf(code) : 255;
}

octet_status oct_session_set_tensor(octet_session *session, int index, const float *planes)
{
    const struct oct_view input = input_view(session, index);
    const size_t plane = (size_t)session->height * (size_t)session->width;
    for (int y = 0; y < session->height; y++) {
        for (int x = 0; x < session->width; x++, planes++) {
            const size_t at = (size_t)y * input.row + (size_t)x * input.pixel;
            for (size_t c = 0; c < 3; c++) {
                if (input.type == OCT_TYPE_U8)
                    ((uint8_t *)input.data)[at + c] = to_byte(planes[c * plane]);
                else if (input.type == OCT_TYPE_BF16)
                    ((uint16_t *)input.data)[at + c] = oct_bf16_of(planes[c * plane]);
                else
                    ((float *)input.data)[at + c] = planes[c * plane];
            }
        }
    }
    memset(&session->slots[index].geometry, 0, sizeof session->slots[index].geometry);
    return OCTET_OK;
}
