/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps and draws the pictures that two detectors agree on least. */
#include "insight/worst_pictures.h"

#include <stdlib.h>
#include <string.h>

#include "app/paths.h"

#define STEM_BYTES_MAX 200 /* a file's name has at most 255 bytes */

void worst_picture_free(struct worst_picture *picture)
{
    free(picture->label);
    free(picture->file);
    octet_image_free(&picture->image);
    for (int i = 0; i < 2; i++)
        free(picture->boxes[i]);
}

static int count_sure(const struct found_boxes *found, double sure_score)
{
    int count = 0;
    while (count < found->count && (double)found->boxes[count].score >= sure_score)
        count++;
    return count;
}

static void keep_boxes(struct worst_picture *picture, int side, const struct found_boxes *found,
                       double sure_score)
{
    const int count = count_sure(found, sure_score);
    picture->counts[side] = count;
    picture->boxes[side] = app_alloc((size_t)count + 1, sizeof *picture->boxes[side]);
    memcpy(picture->boxes[side], found->boxes, (size_t)count * sizeof *picture->boxes[side]);
}

/* Of the program's context: the frame's own ends with the threads that decoded it. */
static int keep_image(struct app *app, struct worst_picture *picture, const struct frame *frame)
{
    const int width = octet_image_width(frame->image), height = octet_image_height(frame->image);
    const octet_status status =
        octet_image_copy_rgb(app->context, octet_image_pixels(frame->image), width, height,
                             3 * (size_t)width, &picture->image);
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(app, status, octet_context_message(app->context));
}

/* Whether the new picture goes before one that is kept. */
static bool goes_before(const struct worst_pictures *worst, const struct worst_picture *kept,
                        double difference, int sure)
{
    if (!worst->is_best)
        return kept->difference < difference;
    return kept->difference > difference ||
           (kept->difference == difference && kept->counts[0] < sure);
}

int worst_pictures_offer(struct app *app, struct worst_pictures *worst, const struct frame *frame,
                         const struct found_boxes boxes[2], double sure_score, double difference)
{
    const int sure = count_sure(&boxes[0], sure_score);
    size_t place = worst->count;
    while (place > 0 && goes_before(worst, &worst->pictures[place - 1], difference, sure))
        place--;
    if (place >= worst->most || !(worst->is_best ? sure > 0 : difference > 0))
        return STATUS_DONE;
    if (worst->count == worst->most)
        worst_picture_free(&worst->pictures[--worst->count]);
    struct worst_picture *at = &worst->pictures[place];
    memmove(at + 1, at, (worst->count++ - place) * sizeof *at);
    *at = (struct worst_picture){.label = app_strdup(frame->label), .difference = difference};
    for (int side = 0; side < 2; side++)
        keep_boxes(at, side, &boxes[side], sure_score);
    return worst->keep_images && frame->image ? keep_image(app, at, frame) : STATUS_DONE;
}

int worst_pictures_read(struct app *app, struct worst_pictures *worst)
{
    for (size_t i = 0; i < worst->count; i++) {
        struct worst_picture *picture = &worst->pictures[i];
        if (picture->image)
            continue;
        const octet_status status = octet_image_load(app->context, picture->label, &picture->image);
        if (status != OCTET_OK)
            return app_fail_library(app, status, octet_context_message(app->context));
    }
    return STATUS_DONE;
}

/* "03-NAME.jpg": the number keeps names apart. */
static char *file_name(const char *folder, const char *label, size_t number)
{
    const char *name = path_name(label), *dot = strrchr(name, '.');
    size_t length = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    if (length > STEM_BYTES_MAX)
        length = STEM_BYTES_MAX;
    char *file = app_printf("%02zu-%.*s.jpg", number, (int)length, name);
    char *path = path_join(folder, file);
    free(file);
    return path;
}

static int draw_picture(struct drawer *drawer, const struct worst_picture *picture,
                        const char *const titles[2])
{
    struct drawing sides[2];
    for (int i = 0; i < 2; i++)
        sides[i] = (struct drawing){picture->image, picture->boxes[i], picture->counts[i]};
    return draw_beside_to_file(drawer, sides, titles, picture->file);
}

int worst_pictures_draw(struct app *app, struct worst_pictures *worst, struct drawer *drawer,
                        const char *const titles[2], const char *folder, struct inputs *inputs)
{
    int status = STATUS_DONE;
    for (size_t i = 0; i < worst->count && status == STATUS_DONE; i++) {
        struct worst_picture *picture = &worst->pictures[i];
        picture->file = file_name(folder, picture->label, i + 1);
        status = inputs_protect(app, inputs, NULL, picture->file);
        if (status == STATUS_DONE)
            status = draw_picture(drawer, picture, titles);
        if (status == STATUS_DONE)
            continue;
        free(picture->file);
        picture->file = NULL;
    }
    return status;
}

void worst_pictures_free(struct worst_pictures *worst)
{
    for (size_t i = 0; i < worst->count; i++)
        worst_picture_free(&worst->pictures[i]);
    worst->count = 0;
}
