/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a message of Frigate's: a header up to the first line's end, then a body. What is
 * wrong is said, or there is a model's name, or pixels of the header's size; never a crash, a leak
 * or a hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "serve/frame_pixels.h"

#define FRAME_BYTES_MAX ((size_t)1024 * 1024)

/* Reads every pixel: there are as many as the header says. */
static void check_pixels(const struct frame_pixels *pixels, const struct frigate_header *header)
{
    const size_t count = (size_t)header->height * (size_t)header->width * 3;
    if (fuzz_sum(pixels->rgb, count) > count * UINT8_MAX)
        abort();
}

/* The body as it came, and repeated until it is as long as the header says. */
static void take_frame(const struct frigate_header *header, const uint8_t *body, size_t size)
{
    struct frame_pixels pixels = {0};
    const size_t bytes = frigate_frame_bytes(header);
    if (header->height < 1 || header->height > OCTET_IMAGE_SIDE_MAX || header->width < 1 ||
        header->width > OCTET_IMAGE_SIDE_MAX)
        abort();
    char *problem = frame_pixels_take(&pixels, header, body, size);
    if (!problem)
        check_pixels(&pixels, header);
    free(problem);
    if (size && bytes <= FRAME_BYTES_MAX) {
        uint8_t *whole = malloc(bytes);
        for (size_t i = 0; whole && i < bytes; i++)
            whole[i] = body[i % size];
        problem = whole ? frame_pixels_take(&pixels, header, whole, bytes) : NULL;
        if (whole && !problem)
            check_pixels(&pixels, header);
        free(problem);
        free(whole);
    }
    frame_pixels_free(&pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frigate_header header;
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    const size_t length = end ? (size_t)(end - data) : size;
    char *problem = frigate_header_read(data, length, &header);
    if (!problem && header.kind == FRIGATE_FRAME)
        take_frame(&header, data + length + (end != NULL), size - length - (end != NULL));
    else if (!problem && (!header.name[0] || strchr(header.name, '/')))
        abort();
    free(problem);
    return 0;
}
