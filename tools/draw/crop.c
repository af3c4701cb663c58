/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts a box, somewhat larger, out of a picture. */
#include "draw/crop.h"

#include <math.h>
#include <stdlib.h>

#include "draw/jpeg_file.h"

#define GAIN 1.02
#define MARGIN 10 /* pixels, of both sides together */

/* A side of the part, from a box' side: whole pixels within 0 .. limit, at least one. */
static void choose_range(double from, double to, int limit, int *start, int *end)
{
    double middle = (from + to) / 2, half = ((to - from) * GAIN + MARGIN) / 2;
    *start = (int)fmin(fmax(middle - half, 0), limit - 1);
    *end = (int)fmax(fmin(middle + half, limit), *start + 1);
}

int crop_to_file(struct app *app, const octet_image *image, const octet_detection *found,
                 const char *path)
{
    int x1, x2, y1, y2;
    choose_range(found->x1, found->x2, octet_image_width(image), &x1, &x2);
    choose_range(found->y1, found->y2, octet_image_height(image), &y1, &y2);
    int width = x2 - x1, height = y2 - y1, stride = width * 4;
    unsigned char *pixels = app_alloc((size_t)stride, (size_t)height);
    copy_pixels(image, x1, y1, width, height, pixels, stride);
    struct output_file file;
    const struct jpeg_pixels part = {pixels, width, height, stride};
    int status = output_open(&file, app, path);
    if (status == STATUS_DONE) {
        const char *problem = jpeg_write(&file, &part);
        status = problem ? app_fail(app, "%s: the picture could not be made: %s", path, problem)
                         : output_commit(&file);
        output_abandon(&file);
    }
    free(pixels);
    return status;
}
