/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the tensors that Frigate sends into the one form that a session takes. */
#include "serve/frame_pixels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS 3
#define WHITE 255.0f

/* A message's bytes need not lie where floats do. */
static float float_at(const uint8_t *bytes, size_t index)
{
    float value;
    memcpy(&value, bytes + index * sizeof value, sizeof value);
    return value;
}

/* What makes 0 to 255 of the values; 0: one of them is no number. */
static float scale_of(const uint8_t *bytes, size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++) {
        const float value = float_at(bytes, i);
        if (!isfinite(value))
            return 0;
        most = value > most ? value : most;
    }
    return most > 1 ? 1 : WHITE;
}

static uint8_t byte_of(float value)
{
    return (uint8_t)(value <= 0 ? 0 : value >= WHITE ? WHITE : rintf(value));
}

static void reserve(struct frame_pixels *pixels, size_t bytes)
{
    if (bytes <= pixels->capacity)
        return;
    free(pixels->memory);
    pixels->memory = app_alloc(bytes, 1);
    pixels->capacity = bytes;
}

/* Value `index` of the pixels, in their order, is value `of` of the tensor. */
static void convert(uint8_t *to, const struct frigate_header *header, const uint8_t *bytes,
                    float scale)
{
    const size_t count = (size_t)header->height * (size_t)header->width;
    const size_t step = header->planar ? 1 : CHANNELS, channel_step = header->planar ? count : 1;
    for (size_t c = 0; c < CHANNELS; c++)
        for (size_t i = 0; i < count; i++) {
            const size_t from = i * step + c * channel_step;
            to[i * CHANNELS + c] =
                header->is_float ? byte_of(scale * float_at(bytes, from)) : bytes[from];
        }
}

char *frame_pixels_take(struct frame_pixels *pixels, const struct frigate_header *header,
                        const void *bytes, size_t size)
{
    const size_t needed = frigate_frame_bytes(header);
    float scale = 1;
    if (size != needed)
        return app_printf("the frame has %zu bytes, %zu by its header", size, needed);
    if (!header->is_float && !header->planar) {
        pixels->rgb = bytes;
        return NULL;
    }
    const size_t count = (size_t)header->height * (size_t)header->width * CHANNELS;
    if (header->is_float)
        scale = scale_of(bytes, count);
    if (scale == 0)
        return app_strdup("the frame has values that are not finite");
    reserve(pixels, count);
    convert(pixels->memory, header, bytes, scale);
    pixels->rgb = pixels->memory;
    return NULL;
}

void frame_pixels_free(struct frame_pixels *pixels)
{
    free(pixels->memory);
    *pixels = (struct frame_pixels){0};
}
