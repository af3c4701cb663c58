/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of classes, pictures, boxes and detections, and indices of their ids. */
#include "evaluate/truth.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

octet_status oct_truth_create(octet_context *ctx, const char *name, octet_truth **truth)
{
    octet_truth *made = oct_calloc(ctx, 1, sizeof *made);
    if (!made)
        return oct_fail_memory(ctx, name);
    made->ctx = ctx;
    made->next_id = 1;
    oct_arena_init(&made->text, ctx);
    made->name = oct_arena_strdup(&made->text, name);
    if (!made->name) {
        oct_truth_free(made);
        return oct_fail_memory(ctx, name);
    }
    *truth = made;
    return OCTET_OK;
}

void oct_truth_free(octet_truth *truth)
{
    if (!truth)
        return;
    octet_context *ctx = truth->ctx;
    oct_free(ctx, truth->classes);
    oct_free(ctx, truth->images);
    oct_free(ctx, truth->boxes);
    oct_arena_clear(&truth->text);
    oct_free(ctx, truth);
}

octet_status oct_truth_add_class(octet_truth *truth, int64_t id, const char *name)
{
    const char *copy = oct_arena_strdup(&truth->text, name);
    if (!copy || !oct_grow(truth->ctx, &truth->classes, &truth->class_capacity,
                           truth->class_count + 1, sizeof *truth->classes))
        return oct_fail_memory(truth->ctx, truth->name);
    truth->classes[truth->class_count++] = (struct oct_truth_class){id, copy};
    return OCTET_OK;
}

octet_status oct_truth_add_image(octet_truth *truth, const octet_truth_image *image)
{
    const char *copy = oct_arena_strdup(&truth->text, image->file_name ? image->file_name : "");
    if (!copy || !oct_grow(truth->ctx, &truth->images, &truth->image_capacity,
                           truth->image_count + 1, sizeof *truth->images))
        return oct_fail_memory(truth->ctx, truth->name);
    octet_truth_image *added = &truth->images[truth->image_count++];
    *added = *image;
    added->file_name = copy;
    return OCTET_OK;
}

octet_status oct_truth_add_box(octet_truth *truth, const octet_truth_box *box)
{
    if (!isfinite(box->x) || !isfinite(box->y) || !isfinite(box->width) || !isfinite(box->height) ||
        !isfinite(box->area))
        return oct_fail(truth->ctx, OCTET_BAD_FORMAT,
                        "%s: box %" PRId64 ": not a finite number in it", truth->name, box->id);
    if (box->width < 0.0 || box->height < 0.0)
        return oct_fail(truth->ctx, OCTET_BAD_FORMAT,
                        "%s: box %" PRId64 ": negative size, %g x %g pixels", truth->name, box->id,
                        box->width, box->height);
    if (!oct_grow(truth->ctx, &truth->boxes, &truth->box_capacity, truth->box_count + 1,
                  sizeof *truth->boxes))
        return oct_fail_memory(truth->ctx, truth->name);
    octet_truth_box *added = &truth->boxes[truth->box_count++];
    *added = *box;
    if (added->area < 0.0)
        added->area = box->width * box->height;
    if (box->id >= truth->next_id && box->id < INT64_MAX)
        truth->next_id = box->id + 1;
    return OCTET_OK;
}

octet_status oct_detections_create(octet_context *ctx, const char *name,
                                   octet_detections **detections)
{
    octet_detections *made = oct_calloc(ctx, 1, sizeof *made);
    if (!made)
        return oct_fail_memory(ctx, name);
    made->ctx = ctx;
    made->name = oct_strdup(ctx, name);
    if (!made->name) {
        oct_detections_free(made);
        return oct_fail_memory(ctx, name);
    }
    *detections = made;
    return OCTET_OK;
}

octet_status oct_detections_add(octet_detections *detections, const struct oct_found_box *box)
{
    octet_context *ctx = detections->ctx;
    if (!isfinite(box->x) || !isfinite(box->y) || !isfinite(box->width) || !isfinite(box->height) ||
        !isfinite(box->score))
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: detection %zu: not a finite number in it",
                        detections->name, detections->count + 1);
    if (box->width < 0.0 || box->height < 0.0)
        return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: detection %zu: negative size, %g x %g pixels",
                        detections->name, detections->count + 1, box->width, box->height);
    if (!oct_grow(ctx, &detections->boxes, &detections->capacity, detections->count + 1,
                  sizeof *detections->boxes))
        return oct_fail_memory(ctx, detections->name);
    detections->boxes[detections->count++] = *box;
    return OCTET_OK;
}

void oct_detections_free(octet_detections *detections)
{
    if (!detections)
        return;
    octet_context *ctx = detections->ctx;
    oct_free(ctx, detections->name);
    oct_free(ctx, detections->boxes);
    oct_free(ctx, detections);
}

static int compare_entries(const void *a, const void *b)
{
    const struct oct_id_entry *left = a, *right = b;
    if (left->id != right->id)
        return left->id < right->id ? -1 : 1;
    return (left->position > right->position) - (left->position < right->position);
}

octet_status oct_id_index_build(octet_context *ctx, const struct oct_id_list *list,
                                struct oct_id_index *index)
{
    *index = (struct oct_id_index){ctx, NULL, 0};
    struct oct_id_entry *entries = oct_malloc(ctx, list->count, sizeof *entries);
    if (!entries)
        return oct_fail_memory(ctx, list->name);
    for (size_t i = 0; i < list->count; i++)
        entries[i] = (struct oct_id_entry){
            *(const int64_t *)((const char *)list->first + i * list->stride), i};
    qsort(entries, list->count, sizeof *entries, compare_entries);
    for (size_t i = 1; i < list->count; i++)
        if (entries[i].id == entries[i - 1].id) {
            const int64_t id = entries[i].id;
            oct_free(ctx, entries);
            return oct_fail(ctx, OCTET_BAD_FORMAT, "%s: %s id %" PRId64 " is there twice",
                            list->name, list->what, id);
        }
    index->entries = entries;
    index->count = list->count;
    return OCTET_OK;
}

size_t oct_id_index_find(const struct oct_id_index *index, int64_t id)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (index->entries[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < index->count && index->entries[low].id == id ? low : OCT_NO_RANK;
}

void oct_id_index_free(struct oct_id_index *index)
{
    if (index->ctx)
        oct_free(index->ctx, index->entries);
    *index = (struct oct_id_index){0};
}

static octet_status check_boxes(const octet_truth *truth, const struct oct_id_index *images,
                                const struct oct_id_index *classes)
{
    for (size_t i = 0; i < truth->box_count; i++) {
        const octet_truth_box *box = &truth->boxes[i];
        if (oct_id_index_find(images, box->image_id) == OCT_NO_RANK)
            return oct_fail(truth->ctx, OCTET_BAD_FORMAT,
                            "%s: box %" PRId64 ": there is no picture of id %" PRId64, truth->name,
                            box->id, box->image_id);
        if (oct_id_index_find(classes, box->class_id) == OCT_NO_RANK)
            return oct_fail(truth->ctx, OCTET_BAD_FORMAT,
                            "%s: box %" PRId64 ": there is no class of id %" PRId64, truth->name,
                            box->id, box->class_id);
    }
    return OCTET_OK;
}

octet_status oct_truth_index(const octet_truth *truth, struct oct_id_index *images,
                             struct oct_id_index *classes)
{
    const struct oct_id_list image_list = {truth->images, truth->image_count, sizeof *truth->images,
                                           truth->name, "picture"};
    const struct oct_id_list class_list = {truth->classes, truth->class_count,
                                           sizeof *truth->classes, truth->name, "class"};
    const struct oct_id_list box_list = {truth->boxes, truth->box_count, sizeof *truth->boxes,
                                         truth->name, "box"};
    struct oct_id_index boxes = {0};
    *images = *classes = boxes;
    octet_status status = oct_id_index_build(truth->ctx, &image_list, images);
    if (!status)
        status = oct_id_index_build(truth->ctx, &class_list, classes);
    if (!status)
        status = oct_id_index_build(truth->ctx, &box_list, &boxes);
    if (!status)
        status = check_boxes(truth, images, classes);
    oct_id_index_free(&boxes);
    if (status) {
        oct_id_index_free(images);
        oct_id_index_free(classes);
    }
    return status;
}
