/* SPDX-License-Identifier: Apache-2.0 */
/* Opens sessions on a backend, runs them, and takes their output. */
#include "run_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bfloat16.h"
#include "base/float16.h"
#include "network/requantize.h"
#include "small_detector.h"

octet_session *test_session_open(octet_context *ctx, const struct oct_backend *backend,
                                 const octet_engine *engine, const octet_session_settings *settings)
{
    octet_session_settings defaults;
    octet_session *session;
    octet_session_defaults(&defaults);
    if (oct_session_open(ctx, backend, 0, engine, settings ? settings : &defaults, &session))
        fail_msg("%s: %s", backend->name, ctx->message);
    return session;
}

void test_session_run(octet_session *session)
{
    if (octet_session_run(session) != OCTET_OK)
        fail_msg("%s", octet_session_message(session));
}

float test_view_value(const octet_tensor_view *view, size_t at)
{
    if (view->type == OCTET_ELEMENT_U8)
        return oct_dequantize(((const uint8_t *)view->data)[at], view->scale, view->zero_point);
    if (view->type == OCTET_ELEMENT_F32)
        return ((const float *)view->data)[at];
    const uint16_t half = ((const uint16_t *)view->data)[at];
    return view->type == OCTET_ELEMENT_F16 ? oct_f16_value(half) : oct_bf16_value(half);
}

float *test_session_output(octet_session *session, const octet_engine *engine, int slot,
                           size_t *count)
{
    const size_t rows = 4 + (size_t)engine->network.head.class_count;
    *count = rows * (size_t)octet_session_anchor_count(session);
    float *output = malloc(*count * sizeof *output);
    assert_non_null(output);
    if (octet_session_output(session, slot, output) != OCTET_OK)
        fail_msg("%s", octet_session_message(session));
    return output;
}

uint8_t *test_picture_pixels(octet_context *ctx, int height, int width, uint64_t seed)
{
    octet_image *image = test_picture(ctx, width, height, seed);
    const size_t bytes = (size_t)height * (size_t)width * 3;
    uint8_t *pixels = malloc(bytes);
    assert_non_null(pixels);
    memcpy(pixels, octet_image_pixels(image), bytes);
    octet_image_free(&image);
    return pixels;
}
