/* SPDX-License-Identifier: Apache-2.0 */
/* Average precision of both against labels. */
#include <math.h>
#include <stdlib.h>

#include "models/eval_coco.h"
#include "models/eval_yaml.h"
#include "report/measure_parts.h"

static int fail_context(struct app *app, octet_status status)
{
    return app_fail_library(app, status, octet_context_message(app->context));
}

/* The set's pictures, or a random sample of them, become the run's. */
static void take_pictures(struct app *app, const struct calibration_request *request,
                          struct report_label_run *labels, struct sources *sources)
{
    const size_t all = labels->set.pictures.count, wanted = (size_t)request->count;
    const size_t count = wanted && wanted < all ? wanted : all;
    size_t *order = sources_draw(all, count, (uint64_t)request->seed);
    bool *taken = app_alloc(all + 1, sizeof *taken);
    labels->entries = app_alloc(all + 1, sizeof *labels->entries);
    if (wanted > all)
        app_say(app, "%zu pictures asked for, %zu there: all are used", wanted, all);
    for (size_t i = 0; i < count; i++)
        taken[order[i]] = true;
    for (size_t i = 0; i < all; i++) {
        if (!taken[i])
            continue;
        labels->entries[sources->count] = i;
        sources_append(sources, labels->set.pictures.path[i]);
    }
    labels->done = app_alloc(sources->count + 1, sizeof *labels->done);
    free(taken);
    free(order);
}

static octet_status keep(struct report_label_run *labels, int side, int64_t id,
                         const struct compare_run *run)
{
    octet_status status = OCTET_OK;
    for (int i = 0; i < run->counts[side] && status == OCTET_OK; i++) {
        const octet_detection *box = &run->detections[side][i];
        if (labels->classes.known[box->class_id])
            status = octet_detections_add(labels->found[side], id,
                                          labels->classes.ids[box->class_id], box);
    }
    return status;
}

static int add_picture(void *user, const struct compare_run *run, const struct frame *frame)
{
    struct report_label_run *labels = user;
    const size_t entry = labels->entries[frame->source];
    const int64_t id = labels->set.entries[entry].id;
    int status = eval_set_add_picture(run->app, &labels->set, entry, frame->image);
    for (int side = 0; side < 2 && status == STATUS_DONE; side++) {
        const octet_status kept = keep(labels, side, id, run);
        if (kept != OCTET_OK)
            status = fail_context(run->app, kept);
    }
    labels->done[labels->done_count++] = id;
    return status;
}

int report_labels_open(struct app *app, const struct report_request *request,
                       struct report_measured *measured)
{
    struct report_label_run *labels = &measured->labels;
    struct compare_run *run = &measured->run;
    const struct calibration_request *pictures = &request->compare.pictures;
    labels->set.max_bad = pictures->max_bad;
    int status =
        request->data
            ? eval_set_open_yaml(app, request->data, request->split ? request->split : "val",
                                 &labels->set)
            : eval_set_open_coco(app, request->annotations, pictures->images.text[0], &labels->set);
    if (status != STATUS_DONE)
        return status;
    take_pictures(app, pictures, labels, &run->sources);
    for (int side = 0; side < 2 && status == STATUS_DONE; side++) {
        const octet_status made = octet_detections_create(app->context, &labels->found[side]);
        if (made != OCTET_OK)
            status = fail_context(app, made);
    }
    run->also = add_picture;
    run->user = labels;
    return status;
}

/* Classes that have a label, in the labels' order. */
static void fill_classes(struct report_measured *measured, octet_class_evaluation *const sides[2])
{
    struct report_labels *data = &measured->data.labels;
    const octet_truth *truth = measured->labels.set.truth;
    const size_t classes = octet_truth_class_count(truth);
    measured->label_classes = app_alloc(classes + 1, sizeof *measured->label_classes);
    for (size_t i = 0; i < classes; i++)
        if (sides[0][i].boxes)
            measured->label_classes[data->class_count++] =
                (struct report_label_class){.name = octet_truth_class_get(truth, i, NULL),
                                            .boxes = sides[0][i].boxes,
                                            .ap_float = sides[0][i].ap,
                                            .ap_engine = sides[1][i].ap,
                                            .ap50_float = sides[0][i].ap50,
                                            .ap50_engine = sides[1][i].ap50};
    data->classes = measured->label_classes;
}

int report_labels_score(struct app *app, const struct report_request *request,
                        struct report_measured *measured)
{
    struct report_label_run *labels = &measured->labels;
    struct report_labels *data = &measured->data.labels;
    const octet_evaluate_settings settings = {.image_ids = labels->done,
                                              .image_count = labels->done_count};
    octet_class_evaluation *sides[2];
    octet_status status = OCTET_OK;
    for (int side = 0; side < 2; side++) {
        sides[side] = app_alloc(octet_truth_class_count(labels->set.truth) + 1, sizeof **sides);
        if (status == OCTET_OK)
            status = octet_evaluate(labels->set.truth, labels->found[side], &settings,
                                    &data->all[side], sides[side]);
    }
    int result = status == OCTET_OK ? STATUS_DONE : fail_context(app, status);
    const char *source = request->data ? request->data : request->annotations;
    if (result == STATUS_DONE && data->all[0].boxes == 0)
        result = app_fail(app,
                          "%s: there is no label for the pictures: without it and %s the report "
                          "tells of agreement",
                          source, request->data ? "with --images SOURCE" : "with --images alone");
    if (result == STATUS_DONE) {
        data->source = source;
        data->match = labels->classes.how;
        fill_classes(measured, sides);
    }
    free(sides[0]);
    free(sides[1]);
    return result;
}

void report_labels_free(struct report_measured *measured)
{
    struct report_label_run *labels = &measured->labels;
    for (int side = 0; side < 2; side++)
        octet_detections_free(&labels->found[side]);
    class_match_free(&labels->classes);
    eval_set_free(&labels->set);
    free(labels->entries);
    free(labels->done);
    free(measured->label_classes);
}
