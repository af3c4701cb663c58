/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures that are shown, small enough that the page can be sent. */
#include <stdlib.h>
#include <string.h>

#include "app/paths.h"

#include "report/measure_parts.h"

#define WIDTH_MOST 560 /* pixels of a side */
#define QUALITY 74
#define ALL_BYTES_MOST 1000000 /* of all sides together: in base64 a third more */
#define SIDE_BYTES_MOST 60000

static int draw_picture(struct drawer *drawer, const struct worst_picture *kept, size_t bytes_most,
                        struct report_picture *picture)
{
    const struct small_jpeg wanted = {WIDTH_MOST, QUALITY, bytes_most};
    for (int k = 0; k < 2; k++) {
        const struct drawing drawing = {kept->image, kept->boxes[k], kept->counts[k]};
        struct made_jpeg made;
        const int status = draw_to_jpeg(drawer, &drawing, kept->label, &wanted, &made);
        if (status != STATUS_DONE)
            return status;
        picture->sides[k] =
            (struct report_side){made.bytes, made.size, made.width, made.height, kept->counts[k]};
    }
    return STATUS_DONE;
}

static int draw_list(struct drawer *drawer, const struct worst_pictures *list, bool is_best,
                     size_t bytes_most, struct report_measured *measured)
{
    int status = STATUS_DONE;
    for (size_t i = 0; i < list->count && status == STATUS_DONE; i++) {
        const struct worst_picture *kept = &list->pictures[i];
        struct report_picture *picture = &measured->pictures[measured->data.shown_count++];
        *picture = (struct report_picture){.label = app_strdup(path_name(kept->label)),
                                           .difference = kept->difference,
                                           .is_best = is_best};
        status = draw_picture(drawer, kept, bytes_most, picture);
    }
    return status;
}

/* A picture that is among the worst, for there are few, is not shown again among the best. */
static void leave_out_twice(struct worst_pictures *best, const struct worst_pictures *worst)
{
    size_t kept = 0;
    for (size_t i = 0; i < best->count; i++) {
        bool is_worst = false;
        for (size_t k = 0; k < worst->count; k++)
            is_worst = is_worst || strcmp(best->pictures[i].label, worst->pictures[k].label) == 0;
        if (!is_worst && kept != i) {
            const struct worst_picture moved = best->pictures[i];
            best->pictures[i] = best->pictures[kept];
            best->pictures[kept] = moved;
        }
        kept += !is_worst;
    }
    while (best->count > kept)
        worst_picture_free(&best->pictures[--best->count]);
}

int report_draw_pictures(struct drawer *drawer, struct report_measured *measured)
{
    struct compare_run *run = &measured->run;
    leave_out_twice(&run->best, &run->worst);
    const size_t count = run->worst.count + run->best.count;
    const size_t share = count ? ALL_BYTES_MOST / (2 * count) : 0;
    const size_t bytes_most = share < SIDE_BYTES_MOST ? share : SIDE_BYTES_MOST;
    measured->pictures = app_alloc(count + 1, sizeof *measured->pictures);
    measured->data.shown = measured->pictures;
    drawer_begin(drawer, run->sides[0].engine);
    const int status = draw_list(drawer, &run->worst, false, bytes_most, measured);
    return status == STATUS_DONE ? draw_list(drawer, &run->best, true, bytes_most, measured)
                                 : status;
}
