/* SPDX-License-Identifier: Apache-2.0 */
/* <octet/image.h>: arguments are checked here; what is done is in runtime/image/. */
#include <octet/image.h>

#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/image/letterbox.h"
#include "runtime/image/raster.h"

octet_status octet_image_load(octet_context *context, const char *path, octet_image **image)
{
    if (image)
        *image = NULL;
    if (!context || !path || !image)
        return oct_fail_null(context, __func__, "path and image");
    return oct_image_load(context, path, image);
}

octet_status octet_image_decode(octet_context *context, const void *bytes, size_t size,
                                const char *name, octet_image **image)
{
    if (image)
        *image = NULL;
    if (!context || (!bytes && size > 0) || !image)
        return oct_fail_null(context, __func__, "bytes and image");
    return oct_image_decode(context, &(struct oct_encoded){bytes, size, name ? name : "picture"},
                            image);
}

octet_status octet_image_copy_rgb(octet_context *context, const uint8_t *pixels, int width,
                                  int height, size_t stride_bytes, octet_image **image)
{
    if (image)
        *image = NULL;
    if (!context || !pixels || !image)
        return oct_fail_null(context, __func__, "pixels and image");
    if (width < 1 || height < 1)
        return oct_fail(context, OCTET_INVALID_ARGUMENT,
                        "octet_image_copy_rgb: %d x %d pixels: both must be 1 or more", width,
                        height);
    const size_t row_bytes = 3 * (size_t)width;
    if (stride_bytes < row_bytes)
        return oct_fail(
            context, OCTET_INVALID_ARGUMENT,
            "octet_image_copy_rgb: rows %zu bytes apart: must be at least 3 * width = %zu",
            stride_bytes, row_bytes);
    if (stride_bytes > (size_t)PTRDIFF_MAX / (size_t)height)
        return oct_fail(context, OCTET_INVALID_ARGUMENT,
                        "octet_image_copy_rgb: %d rows %zu bytes apart: more than memory holds",
                        height, stride_bytes);
    return oct_image_copy_rgb(context, pixels, width, height, stride_bytes, image);
}

/* The letterbox of a frame's own size is its pixels. */
static octet_status copy_frame(octet_context *context, const octet_frame *frame, octet_image *image)
{
    const octet_letterbox box =
        oct_letterbox_geometry(frame->width, frame->height, frame->width, frame->height);
    struct oct_letterbox_scratch scratch = {
        NULL, oct_letterbox_frame_scratch_bytes(frame->width, frame->width)};
    scratch.memory = oct_malloc(context, scratch.bytes, 1);
    if (!scratch.memory)
        return oct_fail_memory(context, "a frame as a picture");
    struct oct_kernels kernels;
    oct_kernels_fill(&kernels, context->cpu_sets ? context->cpu_sets : oct_cpu_sets());
    const struct oct_pixels target = {image->pixels, 3 * (size_t)image->width, 3};
    const octet_status status =
        oct_letterbox_frame(context, &kernels.resize, frame, &box, &target, &scratch);
    oct_free(context, scratch.memory);
    return status;
}

octet_status octet_image_copy_frame(octet_context *context, const octet_frame *frame,
                                    octet_image **image)
{
    if (image)
        *image = NULL;
    if (!context || !frame || !image)
        return oct_fail_null(context, __func__, "frame and image");
    octet_image *made = NULL;
    octet_status status = oct_frame_check(context, frame);
    if (!status)
        status = oct_image_create(context, "frame", (uint64_t)frame->width, (uint64_t)frame->height,
                                  &made);
    if (!status)
        status = copy_frame(context, frame, made);
    if (status)
        oct_image_free(made);
    else
        *image = made;
    return status;
}

int octet_image_width(const octet_image *image)
{
    return image ? image->width : 0;
}

int octet_image_height(const octet_image *image)
{
    return image ? image->height : 0;
}

const uint8_t *octet_image_pixels(const octet_image *image)
{
    return image ? image->pixels : NULL;
}

void octet_image_free(octet_image **image)
{
    if (!image)
        return;
    oct_image_free(*image);
    *image = NULL;
}

static int is_side(int size)
{
    return size >= 1 && size <= OCTET_IMAGE_SIDE_MAX;
}

octet_status octet_letterbox_geometry(int source_width, int source_height, int target_width,
                                      int target_height, octet_letterbox *geometry)
{
    if (!geometry || !is_side(source_width) || !is_side(source_height) || !is_side(target_width) ||
        !is_side(target_height))
        return OCTET_INVALID_ARGUMENT;
    *geometry = oct_letterbox_geometry(source_width, source_height, target_width, target_height);
    return OCTET_OK;
}

octet_status octet_letterbox_rect(int source_width, int source_height, int bound_width,
                                  int bound_height, int stride, octet_letterbox *geometry)
{
    if (!geometry || !is_side(source_width) || !is_side(source_height) || !is_side(bound_width) ||
        !is_side(bound_height) || stride < 1 || bound_width % stride || bound_height % stride)
        return OCTET_INVALID_ARGUMENT;
    *geometry = oct_letterbox_rect(source_width, source_height, bound_width, bound_height, stride);
    return OCTET_OK;
}

octet_status octet_letterbox_image(octet_context *context, const octet_image *image,
                                   int target_width, int target_height, uint8_t *pixels,
                                   octet_letterbox *geometry)
{
    if (!context || !image || !pixels)
        return oct_fail_null(context, __func__, "image and pixels");
    if (!is_side(target_width) || !is_side(target_height))
        return oct_fail(context, OCTET_INVALID_ARGUMENT,
                        "letterbox to %d x %d pixels: must be 1 to %d", target_width, target_height,
                        OCTET_IMAGE_SIDE_MAX);
    octet_letterbox box =
        oct_letterbox_geometry(image->width, image->height, target_width, target_height);
    struct oct_letterbox_scratch scratch = {NULL, oct_letterbox_scratch_bytes(target_width)};
    scratch.memory = oct_malloc(context, scratch.bytes, 1);
    if (!scratch.memory)
        return oct_fail_memory(context, "the letterbox");
    struct oct_kernels kernels;
    oct_kernels_fill(&kernels, context->cpu_sets ? context->cpu_sets : oct_cpu_sets());
    const struct oct_pixels target = {pixels, 3 * (size_t)target_width, 3};
    const octet_status status =
        oct_letterbox_into(context, &kernels.resize, image, &box, &target, &scratch);
    oct_free(context, scratch.memory);
    if (!status && geometry)
        *geometry = box;
    return status;
}
