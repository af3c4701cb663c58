/* SPDX-License-Identifier: Apache-2.0 */
/* Ultralytics' letterbox: its geometry, and the rows of the target one after another. */
#include "runtime/image/letterbox.h"

#include <math.h>
#include <string.h>

#include "runtime/image/resize.h"

/* Python's round(), half to even, of a size or a pad. */
static int round_even(double value)
{
    return (int)rint(value);
}

static double scale_into(int source_width, int source_height, int width, int height)
{
    const double across = (double)width / source_width, down = (double)height / source_height;
    return down < across ? down : across;
}

/* All but where it lies in a target. */
static octet_letterbox resized_by(double r, int source_width, int source_height)
{
    const int width = round_even(source_width * r), height = round_even(source_height * r);
    octet_letterbox box = {
        .source_width = source_width,
        .source_height = source_height,
        .resized_width = width < 1 ? 1 : width,
        .resized_height = height < 1 ? 1 : height,
    };
    box.gain_x = (double)box.resized_width / source_width;
    box.gain_y = (double)box.resized_height / source_height;
    return box;
}

static void place_in(octet_letterbox *box, int target_width, int target_height)
{
    box->target_width = target_width;
    box->target_height = target_height;
    box->pad_left = round_even((target_width - box->resized_width) / 2.0 - 0.1);
    box->pad_top = round_even((target_height - box->resized_height) / 2.0 - 0.1);
}

octet_letterbox oct_letterbox_geometry(int source_width, int source_height, int target_width,
                                       int target_height)
{
    const double r = scale_into(source_width, source_height, target_width, target_height);
    octet_letterbox box = resized_by(r, source_width, source_height);
    place_in(&box, target_width, target_height);
    return box;
}

octet_letterbox oct_letterbox_bounded(int source_width, int source_height, int target_width,
                                      int target_height, int bound_width, int bound_height)
{
    const double r = scale_into(source_width, source_height, bound_width, bound_height);
    octet_letterbox box = resized_by(r, source_width, source_height);
    if (box.resized_width > target_width || box.resized_height > target_height)
        return oct_letterbox_geometry(source_width, source_height, target_width, target_height);
    place_in(&box, target_width, target_height);
    return box;
}

octet_letterbox oct_letterbox_rect(int source_width, int source_height, int bound_width,
                                   int bound_height, int stride)
{
    const double r = scale_into(source_width, source_height, bound_width, bound_height);
    octet_letterbox box = resized_by(r, source_width, source_height);
    place_in(&box, box.resized_width + (bound_width - box.resized_width) % stride,
             box.resized_height + (bound_height - box.resized_height) % stride);
    return box;
}

size_t oct_letterbox_scratch_bytes(int target_width)
{
    return oct_columns_bytes(target_width) + 2 * oct_blended_bytes(target_width);
}

static size_t rgb_row_bytes(int pixels)
{
    return oct_align(3 * (size_t)pixels, OCT_ALIGNMENT);
}

size_t oct_letterbox_frame_scratch_bytes(int target_width, int frame_width)
{
    return oct_letterbox_scratch_bytes(target_width) + 2 * rgb_row_bytes(frame_width);
}

/* What the row loops need, and the last two source rows blended for the columns. */
struct task {
    const struct oct_resize_kernels *kernels;
    const octet_frame *frame;
    const octet_letterbox *box;
    const struct oct_pixels *target;
    struct oct_columns columns;
    int16_t *rows[2];
    int held[2];       /* which source rows these are; -1 for none */
    uint8_t *rgb_rows; /* room for two, where the frame is not RGB */
};

/* How a picture's rows become the target's: as they are, by exactly a half both ways, or by any
 * factor. */
enum scaling { SCALING_NONE, SCALING_HALF, SCALING_ANY };

static enum scaling scaling_of(const octet_letterbox *box)
{
    if (box->resized_width == box->source_width && box->resized_height == box->source_height)
        return SCALING_NONE;
    if (2 * box->resized_width == box->source_width &&
        2 * box->resized_height == box->source_height)
        return SCALING_HALF;
    return SCALING_ANY;
}

static void prepare_columns(struct task *task, void *memory)
{
    const octet_letterbox *box = task->box;
    oct_columns_init(&task->columns, memory, box->source_width, box->resized_width);
    char *rows = (char *)memory + oct_columns_bytes(box->resized_width);
    for (int i = 0; i < 2; i++) {
        task->rows[i] = (void *)(rows + (size_t)i * oct_blended_bytes(box->resized_width));
        task->held[i] = -1;
    }
}

/* The first pixels are written, the others copied from them, twice as many each time. */
static void pad(const struct task *task, uint8_t *at, int pixels)
{
    static const uint8_t pixel[4] = {OCT_LETTERBOX_PAD, OCT_LETTERBOX_PAD, OCT_LETTERBOX_PAD, 0};
    const size_t bytes = (size_t)pixels * (size_t)task->target->pixel_bytes;
    if (task->target->pixel_bytes == 3) {
        memset(at, OCT_LETTERBOX_PAD, bytes);
        return;
    }
    for (size_t done = 0; done < bytes;) {
        const size_t count = done == 0 ? 4 : done < bytes - done ? done : bytes - done;
        memcpy(at + done, done == 0 ? pixel : at, count);
        done += count;
    }
}

/* A row of the frame as RGB: where it lies, or made in one of two places. It is asked for once. */
static const uint8_t *source_row(const struct task *task, int y, int place)
{
    const octet_frame *frame = task->frame;
    if (frame->format == OCTET_PIXEL_RGB)
        return oct_frame_row(frame, y);
    uint8_t *rgb = task->rgb_rows + (size_t)place * rgb_row_bytes(frame->width);
    if (frame->format == OCTET_PIXEL_BGR) {
        task->kernels->swap_pixels(oct_frame_row(frame, y), rgb, frame->width);
    } else {
        const struct oct_yuv_row row = oct_frame_yuv_row(frame, y);
        task->kernels->yuv_pixels(&row, oct_frame_factors(frame), rgb, frame->width);
    }
    return rgb;
}

static void copy_row(const struct task *task, int y, uint8_t *out)
{
    const int width = task->box->resized_width;
    const uint8_t *row = source_row(task, y, 0);
    if (task->target->pixel_bytes == 3)
        memcpy(out, row, 3 * (size_t)width);
    else
        task->kernels->widen_pixels(row, out, width);
}

static void halve_row(const struct task *task, int row, uint8_t *out)
{
    const struct oct_halved_rows rows = {source_row(task, 2 * row, 0),
                                         source_row(task, 2 * row + 1, 1), task->box->resized_width,
                                         task->target->pixel_bytes};
    task->kernels->halve_rows(&rows, out);
}

/* Source row `y`, blended for the columns: kept from the row before, or made in place of a row
 * other than `needed`. */
static const int16_t *blended_row(struct task *task, int y, int needed)
{
    for (int i = 0; i < 2; i++)
        if (task->held[i] == y)
            return task->rows[i];
    const int i = task->held[0] == needed;
    task->kernels->blend_columns(&task->columns, source_row(task, y, 0), task->rows[i]);
    task->held[i] = y;
    return task->rows[i];
}

static void resize_row(struct task *task, int row, uint8_t *out)
{
    const octet_letterbox *box = task->box;
    const struct oct_row_tap tap = oct_row_tap(box->source_height, box->resized_height, row);
    const int below = tap.second_weight ? tap.second : tap.first; /* a row without weight: any */
    const int above = tap.first_weight ? tap.first : tap.second;
    const int16_t *first = blended_row(task, above, below);
    const int16_t *second = blended_row(task, below, above);
    const struct oct_blended_rows rows = {first,
                                          second,
                                          tap.first_weight,
                                          tap.second_weight,
                                          box->resized_width,
                                          task->target->pixel_bytes};
    task->kernels->blend_rows(&rows, out);
}

static size_t needed_bytes(const octet_frame *frame, int target_width)
{
    return oct_letterbox_frame_scratch_bytes(target_width,
                                             frame->format == OCTET_PIXEL_RGB ? 0 : frame->width);
}

static bool fits(const octet_frame *frame, const octet_letterbox *box,
                 const struct oct_pixels *target, const struct oct_letterbox_scratch *scratch)
{
    return box->source_width == frame->width && box->source_height == frame->height &&
           box->pad_left >= 0 && box->pad_top >= 0 && box->resized_width >= 1 &&
           box->resized_height >= 1 && box->resized_width <= box->target_width - box->pad_left &&
           box->resized_height <= box->target_height - box->pad_top &&
           (target->pixel_bytes == 3 || target->pixel_bytes == 4) &&
           target->row_bytes >= (size_t)box->target_width * (size_t)target->pixel_bytes &&
           scratch->bytes >= needed_bytes(frame, box->target_width);
}

octet_status oct_letterbox_frame(octet_context *ctx, const struct oct_resize_kernels *kernels,
                                 const octet_frame *frame, const octet_letterbox *box,
                                 const struct oct_pixels *target,
                                 const struct oct_letterbox_scratch *scratch)
{
    if (!fits(frame, box, target, scratch))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "letterbox geometry does not fit the picture or the target");
    struct task task = {.kernels = kernels, .frame = frame, .box = box, .target = target};
    task.rgb_rows = (uint8_t *)scratch->memory + oct_letterbox_scratch_bytes(box->target_width);
    const enum scaling scaling = scaling_of(box);
    if (scaling == SCALING_ANY)
        prepare_columns(&task, scratch->memory);
    const size_t left = (size_t)box->pad_left * (size_t)target->pixel_bytes;
    const int right = box->pad_left + box->resized_width;
    for (int y = 0; y < box->target_height; y++) {
        uint8_t *out = target->data + (size_t)y * target->row_bytes;
        const int row = y - box->pad_top;
        if (row < 0 || row >= box->resized_height) {
            pad(&task, out, box->target_width);
            continue;
        }
        pad(&task, out, box->pad_left);
        if (scaling == SCALING_NONE)
            copy_row(&task, row, out + left);
        else if (scaling == SCALING_HALF)
            halve_row(&task, row, out + left);
        else
            resize_row(&task, row, out + left);
        pad(&task, out + (size_t)right * (size_t)target->pixel_bytes, box->target_width - right);
    }
    return OCTET_OK;
}

octet_status oct_letterbox_into(octet_context *ctx, const struct oct_resize_kernels *kernels,
                                const octet_image *image, const octet_letterbox *box,
                                const struct oct_pixels *target,
                                const struct oct_letterbox_scratch *scratch)
{
    const octet_frame frame = oct_frame_of_image(image);
    return oct_letterbox_frame(ctx, kernels, &frame, box, target, scratch);
}
