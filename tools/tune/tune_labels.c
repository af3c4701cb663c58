/* SPDX-License-Identifier: Apache-2.0 */
/* Reads label files once, and hands their boxes out by the model's classes. */
#include "tune/tune_labels.h"

#include <stdlib.h>

#include "models/eval_yaml.h"

static int match_classes(struct tune_labels *labels, const octet_engine *engine)
{
    const octet_truth *truth = labels->set.truth;
    const size_t count = octet_truth_class_count(truth);
    bool any = false;
    class_match_find(labels->app, engine, truth, &labels->classes);
    labels->index_of = app_alloc(count, sizeof *labels->index_of);
    for (size_t i = 0; i < count; i++) {
        int64_t id;
        octet_truth_class_get(truth, i, &id);
        labels->index_of[i] = -1;
        for (int c = 0; c < labels->classes.count; c++)
            if (labels->classes.known[c] && labels->classes.ids[c] == id)
                labels->index_of[i] = c;
        any = any || labels->index_of[i] >= 0;
    }
    return any ? STATUS_DONE
               : app_fail(labels->app, "none of the classes of the labels is one of the model's");
}

int tune_labels_open(struct app *app, const char *data, const char *split, double max_bad,
                     const octet_engine *engine, struct tune_labels *labels)
{
    *labels = (struct tune_labels){.app = app, .set.max_bad = max_bad};
    int status = eval_set_open_yaml(app, data, split, &labels->set);
    if (status == STATUS_DONE)
        status = match_classes(labels, engine);
    if (status == STATUS_DONE)
        labels->ranges = app_alloc(labels->set.pictures.count + 1, sizeof *labels->ranges);
    return status;
}

/* The model's class of one of the truth's. */
static int index_of(const struct tune_labels *labels, int64_t id)
{
    int64_t other;
    for (size_t i = 0; octet_truth_class_get(labels->set.truth, i, &other); i++)
        if (other == id)
            return labels->index_of[i];
    return -1;
}

int tune_labels_of(struct tune_labels *labels, size_t index, const octet_image *image,
                   const octet_tune_box **boxes, int *count)
{
    struct label_range *range = &labels->ranges[index];
    octet_truth *truth = labels->set.truth;
    if (!range->is_read) {
        range->first = octet_truth_box_count(truth);
        const int status = eval_set_add_picture(labels->app, &labels->set, index, image);
        if (status != STATUS_DONE)
            return status;
        range->end = octet_truth_box_count(truth);
        range->is_read = true;
    }
    if (labels->capacity < range->end - range->first) {
        labels->capacity = range->end - range->first;
        labels->boxes = app_resize(labels->boxes, labels->capacity, sizeof *labels->boxes);
    }
    *count = 0;
    for (size_t i = range->first; i < range->end; i++) {
        octet_truth_box box;
        octet_truth_box_get(truth, i, &box);
        const int class_index = index_of(labels, box.class_id);
        const octet_tune_box found = {class_index, (float)box.x, (float)box.y,
                                      (float)(box.x + box.width), (float)(box.y + box.height)};
        if (class_index >= 0 && !box.is_crowd && found.x2 > found.x1 && found.y2 > found.y1)
            labels->boxes[(*count)++] = found;
    }
    *boxes = labels->boxes;
    return STATUS_DONE;
}

void tune_labels_close(struct tune_labels *labels)
{
    class_match_free(&labels->classes);
    eval_set_free(&labels->set);
    free(labels->index_of);
    free(labels->ranges);
    free(labels->boxes);
}
