/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of frames as RGB, against the reference. */
#include <string.h>

#include "kernels/check.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"
#include "runtime/image/frame_planes.h"

/* Two outputs of a row of pixels, equal before. */
struct rows {
    struct check_memory expected, output;
};

static struct rows make_rows(struct check_random *random, int pixels)
{
    const size_t size = 3 * (size_t)pixels;
    struct rows rows = {check_allocate(random, size, 0), check_allocate(random, size, 0)};
    memcpy(rows.expected.bytes, rows.output.bytes, size);
    return rows;
}

static bool finish_rows(struct rows *rows, const char *what, int pixels)
{
    const bool whole = check_whole(&rows->output);
    const bool same = memcmp(rows->expected.bytes, rows->output.bytes, rows->output.size) == 0;
    check_release(&rows->expected);
    check_release(&rows->output);
    if (!whole)
        return check_failed("%s of %d pixels: wrote outside", what, pixels);
    return same || check_failed("%s of %d pixels: differs from the reference", what, pixels);
}

static bool check_swap(const struct oct_kernels *kernels, struct check_random *random, int pixels)
{
    struct check_memory source = check_allocate(random, 3 * (size_t)pixels, 0);
    struct rows rows = make_rows(random, pixels);
    oct_swap_pixels_ref(source.bytes, rows.expected.bytes, pixels);
    kernels->resize.swap_pixels(source.bytes, rows.output.bytes, pixels);
    check_release(&source);
    return finish_rows(&rows, "swap_pixels", pixels);
}

/* One row in planes of its own, of every matrix and range. */
static bool check_format(const struct oct_kernels *kernels, struct check_random *random,
                         octet_pixel_format format, int pixels)
{
    static const char *const names[] = {"", "", "NV12", "I420", "YUY2"};
    octet_frame frame = {.format = format, .width = pixels, .height = 1};
    struct check_memory planes[OCT_FRAME_PLANES_MAX];
    bool good = true;
    const int count = oct_frame_plane_count(format);
    for (int i = 0; i < count; i++) {
        planes[i] = check_allocate(random, oct_frame_plane(format, pixels, 1, i).row_bytes, 0);
        frame.planes[i] = planes[i].bytes;
        frame.strides[i] = planes[i].size;
    }
    const struct oct_yuv_row row = oct_frame_yuv_row(&frame, 0);
    for (int colours = 0; colours < 4 && good; colours++) {
        struct rows rows = make_rows(random, pixels);
        frame.matrix = (octet_yuv_matrix)(colours / 2);
        frame.range = (octet_yuv_range)(colours % 2);
        oct_yuv_pixels_ref(&row, oct_frame_factors(&frame), rows.expected.bytes, pixels);
        kernels->resize.yuv_pixels(&row, oct_frame_factors(&frame), rows.output.bytes, pixels);
        good = finish_rows(&rows, names[format], pixels);
    }
    for (int i = 0; i < count; i++)
        check_release(&planes[i]);
    return good;
}

bool check_yuv(const struct oct_kernels *kernels, struct check_random *random)
{
    const int pixels = check_int(random, 1, check_int(random, 0, 3) ? 150 : 20);
    bool good = check_swap(kernels, random, pixels);
    for (int format = OCTET_PIXEL_NV12; format <= OCTET_PIXEL_YUY2 && good; format++)
        good = check_format(kernels, random, (octet_pixel_format)format, pixels);
    return good;
}
