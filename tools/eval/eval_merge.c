/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of an evaluation: are they all, and of one run? Then what one run would have left. */
#include "eval/eval_merge.h"

#include <stdlib.h>

#include "eval/eval_facts.h"

#define REPORTED_MAX 10 /* shards that get a number of their own in a message */

/* That a part belongs to the first one's run. */
static int check_run(struct app *app, const struct part *first, const struct part *part)
{
    if (part->shard.count != first->shard.count)
        return app_fail(app, "%s: shard %d of %d, but %s is one of %d", part->path,
                        part->shard.index, part->shard.count, first->path, first->shard.count);
    const char *differs = eval_facts_differ(part->facts, first->facts);
    if (!differs)
        return STATUS_DONE;
    return app_fail(app, "%s: shard %d/%d is of another evaluation than %s: %s", part->path,
                    part->shard.index, part->shard.count, first->path, differs);
}

/* The numbers that no part has: "2, 5". */
static int fail_missing(struct app *app, const struct part *const *of_number, size_t count)
{
    char *list = app_strdup("");
    size_t missing = 0;
    for (size_t i = 0; i < count; i++) {
        if (of_number[i] || missing++ >= REPORTED_MAX)
            continue;
        char *longer = app_printf("%s%s%zu", list, missing > 1 ? ", " : "", i + 1);
        free(list);
        list = longer;
    }
    app_fail(app, "%zu of %zu shards %s missing: %s%s", missing, count, missing == 1 ? "is" : "are",
             list, missing > REPORTED_MAX ? ", ..." : "");
    free(list);
    return STATUS_FAILED;
}

static int compare_numbers(const void *a, const void *b)
{
    const struct part *left = a, *right = b;
    return (left->shard.index > right->shard.index) - (left->shard.index < right->shard.index);
}

/* All shards, each once. */
static int check_shards(struct app *app, struct eval_parts *parts)
{
    const int count = parts->part[0].shard.count;
    const struct part **of_number = app_alloc((size_t)count, sizeof *of_number);
    int status = STATUS_DONE;
    for (size_t i = 0; i < parts->count && status == STATUS_DONE; i++) {
        const struct part *part = &parts->part[i], **place = &of_number[part->shard.index - 1];
        if (*place)
            status = app_fail(app, "%s: shard %d/%d is there already: %s", part->path,
                              part->shard.index, count, (*place)->path);
        *place = part;
    }
    if (status == STATUS_DONE && parts->count < (size_t)count)
        status = fail_missing(app, of_number, (size_t)count);
    free(of_number);
    return status;
}

int eval_parts_read(struct app *app, char *const *paths, size_t count, struct eval_parts *parts)
{
    int status = STATUS_DONE;
    parts->part = app_alloc(count, sizeof *parts->part);
    for (size_t i = 0; i < count && status == STATUS_DONE; i++) {
        parts->count++;
        status = part_read(app, paths[i], &parts->part[i]);
        if (status == STATUS_DONE && i)
            status = check_run(app, &parts->part[0], &parts->part[i]);
    }
    if (status == STATUS_DONE)
        status = check_shards(app, parts);
    if (status == STATUS_DONE)
        qsort(parts->part, parts->count, sizeof *parts->part, compare_numbers);
    return status;
}

void eval_parts_free(struct eval_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        part_free(&parts->part[i]);
    free(parts->part);
}

static octet_status add_classes(octet_truth *truth, const json_t *categories)
{
    octet_status status = OCTET_OK;
    for (size_t i = 0; i < json_array_size(categories) && status == OCTET_OK; i++) {
        const json_t *pair = json_array_get(categories, i);
        status = octet_truth_add_class(truth, json_integer_value(json_array_get(pair, 0)),
                                       json_string_value(json_array_get(pair, 1)));
    }
    return status;
}

static octet_status add_picture(struct eval_run *run, const struct part *part, size_t index)
{
    const struct part_picture *picture = &part->pictures[index];
    const octet_truth_image image = {picture->image_id, "", 0, 0};
    octet_status status = octet_truth_add_image(run->set.truth, &image);
    size_t box = index ? picture[-1].boxes_end : 0, found = index ? picture[-1].found_end : 0;
    for (; box < picture->boxes_end && status == OCTET_OK; box++) {
        octet_truth_box added = part->boxes[box];
        if (run->set.labelled) /* each shard counted from 1 */
            added.id = (int64_t)octet_truth_box_count(run->set.truth) + 1;
        status = octet_truth_add_box(run->set.truth, &added);
    }
    for (; found < picture->found_end && status == OCTET_OK; found++)
        status = octet_detections_add(run->detections, picture->image_id,
                                      part->found[found].class_id, &part->found[found].box);
    run->done[run->done_count++] = picture->image_id;
    return status;
}

/* By place in the list, of which shard K has the K-th and every N-th after it. */
static octet_status add_pictures(struct eval_run *run, const struct eval_parts *parts)
{
    size_t *next = app_alloc(parts->count, sizeof *next);
    octet_status status = OCTET_OK;
    for (size_t place = 0; place < run->set.listed && status == OCTET_OK; place++) {
        const size_t shard = place % parts->count;
        const struct part *part = &parts->part[shard];
        if (next[shard] < part->count && part->pictures[next[shard]].place == place)
            status = add_picture(run, part, next[shard]++);
    }
    free(next);
    return status;
}

static int join(struct eval_run *run, const struct eval_parts *parts)
{
    octet_context *context = run->app->context;
    octet_status status = octet_truth_create(context, &run->set.truth);
    if (status == OCTET_OK)
        status = octet_detections_create(context, &run->detections);
    if (status == OCTET_OK)
        status = add_classes(run->set.truth, json_object_get(run->facts, "categories"));
    if (status == OCTET_OK)
        status = add_pictures(run, parts);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(run->app, status, octet_context_message(context));
}

int eval_parts_join(struct eval_run *run, const struct eval_parts *parts)
{
    const struct part *first = &parts->part[0];
    size_t left_out = (size_t)json_integer_value(json_object_get(first->facts, "missing"));
    size_t done = 0;
    run->facts = json_incref(first->facts);
    run->model = json_string_value(json_object_get(first->header, "model"));
    run->ground_truth = json_string_value(json_object_get(first->header, "ground_truth"));
    run->set.listed = (size_t)json_integer_value(json_object_get(first->facts, "listed"));
    run->set.total = run->set.listed + left_out;
    run->set.labelled = eval_facts_labelled(first->facts);
    run->set.max_bad = json_number_value(json_object_get(first->facts, "max_bad"));
    for (size_t i = 0; i < parts->count; i++) {
        left_out += parts->part[i].left_out;
        done += parts->part[i].count;
        run->seconds += parts->part[i].seconds;
        for (size_t s = 0; s < parts->part[i].tally.count; s++) {
            const struct size_count *size = &parts->part[i].tally.sizes[s];
            size_tally_add(&run->tally, size->height, size->width, size->pictures);
        }
    }
    if (!done)
        return app_fail(run->app, "none of the %zu pictures could take part", run->set.total);
    run->done = app_alloc(done, sizeof *run->done);
    int status = eval_set_count_bad(run->app, &run->set, left_out);
    if (status == STATUS_DONE)
        status = join(run, parts);
    const char *classes = json_string_value(json_object_get(run->facts, "only_classes"));
    if (status == STATUS_DONE && classes[0])
        status = class_match_choose(run->app, run->set.truth, classes, &run->classes);
    return status;
}
