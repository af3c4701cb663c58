/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluation as a whole: groups boxes and detections by class and picture, has each
 * matched, and gathers the curves. */
#include "evaluate/evaluation.h"

#include <inttypes.h>
#include <stdlib.h>

/* A box or a detection by what it is grouped: class, then picture, then the order of adding. */
struct member {
    size_t class_rank, image_rank, position;
};

struct members {
    struct member *list;
    size_t count, at; /* those before `at` are done */
};

/* All that one evaluation holds. Ranks are those of the indices. */
struct evaluation {
    octet_context *ctx;
    const octet_truth *truth;
    const octet_detections *detections;
    struct oct_id_index images, classes;
    bool *image_wanted, *class_wanted; /* by rank */
    size_t *class_place;               /* by rank, among the wanted ones */
    size_t classes_wanted, images_wanted;
    struct members boxes, found;
    size_t widest; /* most boxes of one class in one picture */
    struct oct_match match;
    const octet_truth_box **truth_boxes;
    const struct oct_found_box **found_boxes;
    struct oct_class_matches matches;
    struct oct_curves curves;
};

/* Which ids of an index take part: all, or those listed. */
static octet_status choose_wanted(struct evaluation *e, const struct oct_id_index *index,
                                  const int64_t *ids, size_t id_count, const char *what,
                                  bool **wanted, size_t *wanted_count)
{
    *wanted = oct_calloc(e->ctx, index->count, sizeof **wanted);
    if (!*wanted)
        return oct_fail_memory(e->ctx, "an evaluation");
    for (size_t i = 0; !ids && i < index->count; i++)
        (*wanted)[i] = true;
    for (size_t i = 0; ids && i < id_count; i++) {
        const size_t rank = oct_id_index_find(index, ids[i]);
        if (rank == OCT_NO_RANK)
            return oct_fail(e->ctx, OCTET_INVALID_ARGUMENT,
                            "%s: there is no %s of id %" PRId64 " to evaluate", e->truth->name,
                            what, ids[i]);
        (*wanted)[rank] = true;
    }
    for (size_t i = 0; i < index->count; i++)
        *wanted_count += (*wanted)[i];
    return OCTET_OK;
}

static octet_status place_classes(struct evaluation *e)
{
    e->class_place = oct_calloc(e->ctx, e->classes.count, sizeof *e->class_place);
    if (!e->class_place)
        return oct_fail_memory(e->ctx, "an evaluation");
    for (size_t i = 0, place = 0; i < e->classes.count; i++)
        if (e->class_wanted[i])
            e->class_place[i] = place++;
    return OCTET_OK;
}

static int compare_members(const void *a, const void *b)
{
    const struct member *left = a, *right = b;
    if (left->class_rank != right->class_rank)
        return left->class_rank < right->class_rank ? -1 : 1;
    if (left->image_rank != right->image_rank)
        return left->image_rank < right->image_rank ? -1 : 1;
    return (left->position > right->position) - (left->position < right->position);
}

static void add_member(struct evaluation *e, struct members *members, const struct member *member)
{
    if (e->class_wanted[member->class_rank] && e->image_wanted[member->image_rank])
        members->list[members->count++] = *member;
}

static void sort_members(struct members *members)
{
    if (members->count > 1)
        qsort(members->list, members->count, sizeof *members->list, compare_members);
}

/* Most members of one class in one picture. */
static size_t longest_run(const struct members *members)
{
    size_t most = 0, run = 0;
    for (size_t i = 0; i < members->count; i++) {
        const struct member *a = &members->list[i];
        const bool same =
            i > 0 && a[-1].class_rank == a->class_rank && a[-1].image_rank == a->image_rank;
        run = same ? run + 1 : 1;
        most = run > most ? run : most;
    }
    return most;
}

static octet_status group_boxes(struct evaluation *e)
{
    e->boxes.list = oct_malloc(e->ctx, e->truth->box_count, sizeof *e->boxes.list);
    if (!e->boxes.list)
        return oct_fail_memory(e->ctx, "an evaluation");
    bool pitfall = false;
    for (size_t i = 0; i < e->truth->box_count; i++) {
        const octet_truth_box *box = &e->truth->boxes[i];
        const struct member member = {oct_id_index_find(&e->classes, box->class_id),
                                      oct_id_index_find(&e->images, box->image_id), i};
        add_member(e, &e->boxes, &member);
        pitfall = pitfall || box->id == 0;
    }
    sort_members(&e->boxes);
    if (pitfall)
        oct_log(e->ctx, OCTET_LOG_WARNING,
                "%s: a box has the id 0; as in pycocotools, a detection of it counts as wrong",
                e->truth->name);
    e->widest = longest_run(&e->boxes);
    return OCTET_OK;
}

static octet_status group_detections(struct evaluation *e)
{
    const octet_detections *detections = e->detections;
    size_t strangers = 0;
    int64_t stranger = 0;
    e->found.list = oct_malloc(e->ctx, detections->count, sizeof *e->found.list);
    if (!e->found.list)
        return oct_fail_memory(e->ctx, "an evaluation");
    for (size_t i = 0; i < detections->count; i++) {
        const struct oct_found_box *box = &detections->boxes[i];
        const struct member member = {oct_id_index_find(&e->classes, box->class_id),
                                      oct_id_index_find(&e->images, box->image_id), i};
        if (member.image_rank == OCT_NO_RANK)
            return oct_fail(e->ctx, OCTET_MISMATCH,
                            "%s: detection %zu: picture %" PRId64 " is not in %s", detections->name,
                            i + 1, box->image_id, e->truth->name);
        if (member.class_rank == OCT_NO_RANK) {
            strangers++;
            stranger = box->class_id;
        } else {
            add_member(e, &e->found, &member);
        }
    }
    sort_members(&e->found);
    if (strangers)
        oct_log(e->ctx, OCTET_LOG_WARNING,
                "%s: %zu of %zu detections left out: their class (for instance %" PRId64
                ") is not in %s, which may count its classes otherwise",
                detections->name, strangers, detections->count, stranger, e->truth->name);
    return OCTET_OK;
}

/* Most detections of one class, the best hundred of each picture. */
static size_t most_matches(const struct evaluation *e)
{
    size_t most = 0, of_class = 0, of_picture = 0;
    for (size_t i = 0; i < e->found.count; i++) {
        const struct member *a = &e->found.list[i];
        if (i == 0 || a[-1].class_rank != a->class_rank)
            of_class = of_picture = 0;
        else if (a[-1].image_rank != a->image_rank)
            of_picture = 0;
        of_class += of_picture++ < OCT_DETECTIONS_MAX;
        most = of_class > most ? of_class : most;
    }
    return most;
}

static octet_status make_scratch(struct evaluation *e)
{
    octet_context *ctx = e->ctx;
    const size_t matches = most_matches(e), found = longest_run(&e->found);
    e->match.overlap = oct_malloc(ctx, e->widest, OCT_DETECTIONS_MAX * sizeof *e->match.overlap);
    e->match.order = oct_malloc(ctx, e->widest, sizeof *e->match.order);
    e->match.ignore = oct_malloc(ctx, e->widest, sizeof *e->match.ignore);
    e->match.taken = oct_malloc(ctx, e->widest, sizeof *e->match.taken);
    e->truth_boxes = oct_malloc(ctx, e->widest, sizeof *e->truth_boxes);
    e->found_boxes = oct_malloc(ctx, found, sizeof *e->found_boxes);
    e->matches.entries = oct_malloc(ctx, matches, sizeof *e->matches.entries);
    e->matches.points = oct_malloc(ctx, matches, 2 * sizeof *e->matches.points);
    if (!e->match.overlap || !e->match.order || !e->match.ignore || !e->match.taken ||
        !e->truth_boxes || !e->found_boxes || !e->matches.entries || !e->matches.points)
        return oct_fail_memory(ctx, "an evaluation");
    e->match.truth = e->truth_boxes;
    e->match.found = e->found_boxes;
    return OCTET_OK;
}

/* Falling score; the detections of one list keep their order where scores are equal. */
static int compare_found(const void *a, const void *b)
{
    const struct oct_found_box *left = *(const struct oct_found_box *const *)a;
    const struct oct_found_box *right = *(const struct oct_found_box *const *)b;
    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    return (left > right) - (left < right);
}

static bool belongs(const struct members *members, size_t class_rank, size_t image_rank)
{
    return members->at < members->count && members->list[members->at].class_rank == class_rank &&
           members->list[members->at].image_rank == image_rank;
}

/* Matches a picture's boxes of a class and passes over them. */
static void match_picture(struct evaluation *e, size_t class_rank, size_t image_rank)
{
    size_t boxes = 0, found = 0;
    while (belongs(&e->boxes, class_rank, image_rank))
        e->truth_boxes[boxes++] = &e->truth->boxes[e->boxes.list[e->boxes.at++].position];
    while (belongs(&e->found, class_rank, image_rank))
        e->found_boxes[found++] = &e->detections->boxes[e->found.list[e->found.at++].position];
    if (found > 1)
        qsort(e->found_boxes, found, sizeof(const struct oct_found_box *), compare_found);
    e->match.truth_count = boxes;
    e->match.found_count = found < OCT_DETECTIONS_MAX ? found : OCT_DETECTIONS_MAX;
    oct_match(&e->match, e->matches.entries + e->matches.count, e->matches.positives);
    e->matches.count += e->match.found_count;
}

/* The next picture that has something of the class, or OCT_NO_RANK. */
static size_t next_picture(const struct evaluation *e, size_t class_rank)
{
    const struct members *const both[] = {&e->boxes, &e->found};
    size_t next = OCT_NO_RANK;
    for (size_t i = 0; i < 2; i++) {
        const struct member *member = &both[i]->list[both[i]->at];
        if (both[i]->at < both[i]->count && member->class_rank == class_rank &&
            member->image_rank < next)
            next = member->image_rank;
    }
    return next;
}

static void evaluate_class(struct evaluation *e, size_t class_rank, octet_class_evaluation *classes)
{
    const size_t place = e->class_place[class_rank], first = e->boxes.at;
    size_t image_rank;
    e->matches.count = 0;
    for (int range = 0; range < OCT_AREAS; range++)
        e->matches.positives[range] = 0;
    while ((image_rank = next_picture(e, class_rank)) != OCT_NO_RANK)
        match_picture(e, class_rank, image_rank);
    oct_curves_add(&e->curves, place, &e->matches);
    if (!classes)
        return;
    octet_class_evaluation *result = &classes[e->classes.entries[class_rank].position];
    oct_curves_class(&e->curves, place, result);
    for (size_t i = first; i < e->boxes.at; i++)
        result->boxes += !e->truth->boxes[e->boxes.list[i].position].is_crowd;
}

static octet_status prepare(struct evaluation *e, const octet_evaluate_settings *settings)
{
    octet_status status = oct_truth_index(e->truth, &e->images, &e->classes);
    if (!status)
        status = choose_wanted(e, &e->images, settings->image_ids, settings->image_count, "picture",
                               &e->image_wanted, &e->images_wanted);
    if (!status)
        status = choose_wanted(e, &e->classes, settings->class_ids, settings->class_count, "class",
                               &e->class_wanted, &e->classes_wanted);
    if (!status)
        status = place_classes(e);
    if (!status)
        status = group_boxes(e);
    if (!status)
        status = group_detections(e);
    if (!status)
        status = make_scratch(e);
    return status ? status : oct_curves_create(e->ctx, e->classes_wanted, &e->curves);
}

static void finish(struct evaluation *e)
{
    octet_context *ctx = e->ctx;
    oct_id_index_free(&e->images);
    oct_id_index_free(&e->classes);
    oct_free(ctx, e->image_wanted);
    oct_free(ctx, e->class_wanted);
    oct_free(ctx, e->class_place);
    oct_free(ctx, e->boxes.list);
    oct_free(ctx, e->found.list);
    oct_free(ctx, e->match.overlap);
    oct_free(ctx, e->match.order);
    oct_free(ctx, e->match.ignore);
    oct_free(ctx, e->match.taken);
    oct_free(ctx, e->truth_boxes);
    oct_free(ctx, e->found_boxes);
    oct_free(ctx, e->matches.entries);
    oct_free(ctx, e->matches.points);
    e->curves.ctx = ctx;
    oct_curves_free(&e->curves);
}

octet_status oct_evaluate(const octet_truth *truth, const octet_detections *detections,
                          const octet_evaluate_settings *settings, octet_evaluation *evaluation,
                          octet_class_evaluation *classes)
{
    struct evaluation e = {.ctx = truth->ctx, .truth = truth, .detections = detections};
    const octet_status status = prepare(&e, settings);
    for (size_t i = 0; !status && classes && i < truth->class_count; i++)
        classes[i] = (octet_class_evaluation){-1.0, -1.0, -1.0, 0};
    for (size_t rank = 0; !status && rank < e.classes.count; rank++)
        if (e.class_wanted[rank])
            evaluate_class(&e, rank, classes);
    if (!status) {
        oct_curves_figures(&e.curves, evaluation);
        evaluation->images = e.images_wanted;
        evaluation->boxes = e.boxes.count;
        evaluation->detections = e.found.count;
    }
    finish(&e);
    return status;
}
