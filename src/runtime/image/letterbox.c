/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/letterbox.h"

#include <math.h>
#include <string.h>

#include "runtime/image/resize.h"

/* Python's round(), half to even, of a size or a pad. */
static int round_even(double value)
{
    return (int)rint(value);
}

octet_letterbox oct_letterbox_geometry(int source_width, int source_height, int target_width,
                                       int target_height)
{
    double across = (double)target_width / source_width,
           down = (double)target_height / source_height;
    double r = down < across ? down : across;
    int width = round_even(source_width * r), height = round_even(source_height * r);
    octet_letterbox box = {
        .source_width = source_width,
        .source_height = source_height,
        .target_width = target_width,
        .target_height = target_height,
        .resized_width = width < 1 ? 1 : width,
        .resized_height = height < 1 ? 1 : height,
    };
    box.pad_left = round_even((target_width - box.resized_width) / 2.0 - 0.1);
    box.pad_top = round_even((target_height - box.resized_height) / 2.0 - 0.1);
    box.gain_x = (double)box.resized_width / source_width;
    box.gain_y = (double)box.resized_height / source_height;
    return box;
}

size_t oct_letterbox_scratch_bytes(int target_width)
{
    return oct_columns_bytes(target_width) + 2 * oct_blended_bytes(target_width);
}

/* Tables, and the last two source rows blended for the columns. */
struct resizer {
    struct oct_columns columns;
    int16_t *rows[2];
    int held[2]; /* which source rows these are; -1 for none */
};

static void resizer_init(struct resizer *resizer, const octet_letterbox *box, int pixel_bytes,
                         void *memory)
{
    oct_columns_init(&resizer->columns, memory, box->source_width, box->resized_width, pixel_bytes);
    char *rows = (char *)memory + oct_columns_bytes(box->resized_width);
    for (int i = 0; i < 2; i++) {
        resizer->rows[i] = (void *)(rows + (size_t)i * oct_blended_bytes(box->resized_width));
        resizer->held[i] = -1;
    }
}

/* What the row loops need. */
struct task {
    const octet_image *image;
    const octet_letterbox *box;
    const struct oct_pixels *target;
};

static void pad(const struct task *task, uint8_t *at, int pixels)
{
    if (task->target->pixel_bytes == 3) {
        memset(at, OCT_LETTERBOX_PAD, 3 * (size_t)pixels);
        return;
    }
    static const uint8_t pixel[4] = {OCT_LETTERBOX_PAD, OCT_LETTERBOX_PAD, OCT_LETTERBOX_PAD, 0};
    for (int x = 0; x < pixels; x++)
        memcpy(at + 4 * (size_t)x, pixel, 4);
}

static const uint8_t *source_row(const struct task *task, int y)
{
    return task->image->pixels + (size_t)y * 3 * (size_t)task->image->width;
}

static void copy_row(const struct task *task, int y, uint8_t *out)
{
    const uint8_t *in = source_row(task, y);
    const int width = task->box->resized_width;
    if (task->target->pixel_bytes == 3) {
        memcpy(out, in, 3 * (size_t)width);
        return;
    }
    for (int x = 0; x < width; x++, in += 3, out += 4) {
        memcpy(out, in, 3);
        out[3] = 0;
    }
}

/* Source row `y`, blended for the columns: kept from the row before, or made in place of a row
 * other than `needed`. */
static const int16_t *blended_row(const struct task *task, struct resizer *resizer, int y,
                                  int needed)
{
    for (int i = 0; i < 2; i++)
        if (resizer->held[i] == y)
            return resizer->rows[i];
    int i = resizer->held[0] == needed;
    oct_resize_columns(&resizer->columns, source_row(task, y), resizer->rows[i]);
    resizer->held[i] = y;
    return resizer->rows[i];
}

static void resize_row(const struct task *task, struct resizer *resizer, int row, uint8_t *out)
{
    const octet_letterbox *box = task->box;
    const struct oct_tap tap = oct_row_tap(box->source_height, box->resized_height, row);
    const int below = tap.second_weight ? tap.second : tap.first; /* a row without weight: any */
    const int above = tap.first_weight ? tap.first : tap.second;
    const int16_t *first = blended_row(task, resizer, above, below);
    const int16_t *second = blended_row(task, resizer, below, above);
    oct_resize_rows(first, second, tap,
                    (size_t)box->resized_width * (size_t)task->target->pixel_bytes, out);
}

static bool fits(const octet_image *image, const octet_letterbox *box,
                 const struct oct_pixels *target, const struct oct_letterbox_scratch *scratch)
{
    return box->source_width == image->width && box->source_height == image->height &&
           box->pad_left >= 0 && box->pad_top >= 0 && box->resized_width >= 1 &&
           box->resized_height >= 1 && box->resized_width <= box->target_width - box->pad_left &&
           box->resized_height <= box->target_height - box->pad_top &&
           (target->pixel_bytes == 3 || target->pixel_bytes == 4) &&
           target->row_bytes >= (size_t)box->target_width * (size_t)target->pixel_bytes &&
           scratch->bytes >= oct_letterbox_scratch_bytes(box->target_width);
}

octet_status oct_letterbox_into(octet_context *ctx, const octet_image *image,
                                const octet_letterbox *box, const struct oct_pixels *target,
                                const struct oct_letterbox_scratch *scratch)
{
    if (!fits(image, box, target, scratch))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "letterbox geometry does not fit the picture or the target");
    const struct task task = {image, box, target};
    struct resizer resizer;
    const bool same = box->resized_width == image->width && box->resized_height == image->height;
    if (!same)
        resizer_init(&resizer, box, target->pixel_bytes, scratch->memory);
    const size_t pixel = (size_t)target->pixel_bytes;
    const int right = box->pad_left + box->resized_width;
    for (int y = 0; y < box->target_height; y++) {
        uint8_t *out = target->data + (size_t)y * target->row_bytes;
        const int row = y - box->pad_top;
        if (row < 0 || row >= box->resized_height) {
            pad(&task, out, box->target_width);
            continue;
        }
        pad(&task, out, box->pad_left);
        if (same)
            copy_row(&task, row, out + pixel * (size_t)box->pad_left);
        else
            resize_row(&task, &resizer, row, out + pixel * (size_t)box->pad_left);
        pad(&task, out + pixel * (size_t)right, box->target_width - right);
    }
    return OCTET_OK;
}
