/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the head by topology. From the outputs back over everything but convolutions with
 * trained weights lies the tail; the convolutions where that walk ends are the frontier. Which of
 * them give boxes and which give classes is told by the tail itself: every channel of the frontier
 * is filled with a number of its own, the tail's data movement is run, and the numbers are read at
 * the inputs of Sigmoid (classes) and of the operator by which a kind's row knows its boxes. So it
 * does not matter how an exporter concatenates, reshapes, splits and transposes on the way.
 */
#include <math.h>
#include <string.h>

#include "compiler/heads/head_readers.h"
#include "runtime/head/levels.h"

#define FRONTIER_MAX 64
#define WATCHED_MAX 32
#define IDS_MAX 16000000 /* numbers that float holds exactly */

struct frontier {
    int nodes[FRONTIER_MAX];
    int first_ids[FRONTIER_MAX]; /* number of channel 0 */
    bool box[FRONTIER_MAX], classes[FRONTIER_MAX];
    int count, id_count;
    int64_t box_channels; /* of a level, once one was looked at */
    size_t elements;
};

/* A convolution without a shape lies behind an operator without one:
 * that is what has to be named. */
static octet_status refuse_unknown_shape(const struct oct_graph *graph, const struct oct_node *conv)
{
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct oct_node *node = &graph->nodes[n];
        bool known = true;
        for (int i = 0; i < node->input_count; i++)
            known = known && (node->inputs[i] < 0 ||
                              graph->values[node->inputs[i]].array.type != OCT_DATA_UNKNOWN);
        if (known && node->outputs[0] >= 0 &&
            graph->values[node->outputs[0]].array.type == OCT_DATA_UNKNOWN)
            return oct_refuse_operator(graph, node);
    }
    return oct_node_fail(graph, conv, OCTET_UNSUPPORTED_OPERATOR,
                         "the shape of its output is not known");
}

static octet_status add_to_frontier(const struct oct_import *import, struct frontier *frontier,
                                    size_t n)
{
    const struct oct_graph *graph = import->graph;
    const struct oct_node *node = &graph->nodes[n];
    const struct oct_array *array = &graph->values[node->outputs[0]].array;
    if (frontier->count == FRONTIER_MAX)
        return oct_refuse_model(
            import, "no YOLO detection head: more than %d convolutions feed the outputs",
            FRONTIER_MAX);
    if (array->type != OCT_DATA_FLOAT || array->rank != 4 || array->count == 0)
        return refuse_unknown_shape(graph, node);
    if (node->activation || node->input_count > 3)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_MODEL,
                             "no YOLO detection head: its activation or sum feeds the outputs");
    if (array->dims[1] > IDS_MAX - frontier->id_count)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_MODEL,
                             "it has too many channels for a head");
    frontier->elements += array->count;
    if (frontier->elements > OCT_HEAD_ELEMENTS_MAX)
        return oct_refuse_model(
            import, "its head is too large to be probed at import: export it for a smaller size");
    frontier->nodes[frontier->count] = (int)n;
    frontier->first_ids[frontier->count++] = frontier->id_count;
    frontier->id_count += (int)array->dims[1];
    return OCTET_OK;
}

/* Marks the tail and collects the frontier, one walk from the last node to the first. */
static octet_status walk_back(struct oct_import *import, struct frontier *frontier)
{
    struct oct_graph *graph = import->graph;
    bool *wanted = oct_calloc(import->ctx, graph->value_count, sizeof *wanted);
    import->head.in_tail =
        oct_arena_calloc(&graph->arena, graph->node_count, sizeof *import->head.in_tail);
    octet_status status = OCTET_OK;
    if (!wanted || !import->head.in_tail)
        status = oct_fail_memory(import->ctx, "the head");
    for (int i = 0; !status && i < graph->output_count; i++)
        wanted[graph->outputs[i]] = true;
    for (size_t n = graph->node_count; !status && n-- > 0;) {
        const struct oct_node *node = &graph->nodes[n];
        bool reached = false;
        for (int i = 0; i < node->output_count; i++)
            reached = reached || (node->outputs[i] >= 0 && wanted[node->outputs[i]]);
        if (reached && oct_is_trained(graph, node)) {
            status = add_to_frontier(import, frontier, n);
        } else if (reached) {
            import->head.in_tail[n] = true;
            for (int i = 0; i < node->input_count; i++)
                if (node->inputs[i] >= 0)
                    wanted[node->inputs[i]] = true;
        }
    }
    for (int i = 0; !status && i < graph->input_count; i++)
        if (wanted[graph->inputs[i]])
            status = oct_refuse_model(
                import, "no YOLO detection head: the outputs read the input without convolutions");
    oct_free(import->ctx, wanted);
    return status;
}

/* ---- who feeds which operator ---- */

static size_t find_watched(const struct oct_import *import, enum oct_operator op,
                           const bool *computable, int *watched)
{
    size_t count = 0;
    for (size_t n = 0; n < import->graph->node_count && count < WATCHED_MAX; n++) {
        const struct oct_node *node = &import->graph->nodes[n];
        if (import->head.in_tail[n] && node->op == op && computable[node->inputs[0]] &&
            import->graph->values[node->inputs[0]].array.type == OCT_DATA_FLOAT)
            watched[count++] = node->inputs[0];
    }
    return count;
}

/* The frontier convolution that a number stands for, or -1. */
static int owner_of(const struct frontier *frontier, float id)
{
    if (!(id >= 0 && id < (float)frontier->id_count) || id != (float)(int)id)
        return -1;
    int owner = 0;
    while (owner + 1 < frontier->count && frontier->first_ids[owner + 1] <= (int)id)
        owner++;
    return owner;
}

/* Marks whose numbers are in `array`; ignores an array that holds anything else. */
static void mark_owners(const struct frontier *frontier, const struct oct_array *array, bool *marks)
{
    bool seen[FRONTIER_MAX] = {false};
    float last = -1;
    for (size_t i = 0; i < array->count; i++) {
        float id = oct_floats(array)[i];
        if (id == last)
            continue;
        int owner = owner_of(frontier, id);
        if (owner < 0)
            return;
        seen[owner] = true;
        last = id;
    }
    for (int f = 0; f < frontier->count; f++)
        marks[f] = marks[f] || seen[f];
}

static octet_status feed_ids(const struct oct_import *import, const struct frontier *frontier,
                             struct oct_feed *feeds)
{
    for (int f = 0; f < frontier->count; f++) {
        int value = import->graph->nodes[frontier->nodes[f]].outputs[0];
        feeds[f] = (struct oct_feed){value, import->graph->values[value].array};
        struct oct_array *array = &feeds[f].array;
        if (!oct_array_allocate(import->ctx, array))
            return oct_fail_memory(import->ctx, "the head");
        size_t plane = oct_array_extent(array, 2, 4);
        for (size_t i = 0; i < array->count; i++)
            oct_floats(array)[i] =
                (float)(frontier->first_ids[f] + (int)(i / plane % (size_t)array->dims[1]));
    }
    return OCTET_OK;
}

/* Marks the convolutions whose channels, as they are, operators `op` read; says whether there are
 * any. */
static octet_status trace_ids(const struct oct_import *import, const struct frontier *frontier,
                              const struct oct_feed *feeds, const bool *computable,
                              enum oct_operator op, bool *marks)
{
    int watched[WATCHED_MAX];
    struct oct_array results[WATCHED_MAX];
    const size_t count = find_watched(import, op, computable, watched);
    struct oct_interpretation job = {feeds, (size_t)frontier->count, watched, count,
                                     OCT_PROBE_LIMITS};
    const octet_status status = count ? oct_interpret(import->graph, &job, results) : OCTET_OK;
    for (size_t i = 0; !status && i < count; i++) {
        mark_owners(frontier, &results[i], marks);
        oct_free(import->ctx, results[i].data);
    }
    return status;
}

static bool any(const bool *marks, int count)
{
    for (int f = 0; f < count; f++)
        if (marks[f])
            return true;
    return false;
}

/* Which give boxes, and so the row of the kind. */
static octet_status find_reader(struct oct_import *import, struct frontier *frontier,
                                const struct oct_feed *feeds, const bool *computable)
{
    struct oct_found_head *head = &import->head;
    for (size_t i = 0; i < oct_head_reader_count; i++) {
        const enum oct_operator op = oct_head_readers[i].boxes_go_to;
        head->reader = &oct_head_readers[i];
        head->head.kind = head->reader->kind;
        const octet_status status =
            op == OCT_OP_OTHER ? OCTET_OK
                               : trace_ids(import, frontier, feeds, computable, op, frontier->box);
        if (status || any(frontier->box, frontier->count))
            return status;
    }
    for (int f = 0; f < frontier->count; f++)
        frontier->box[f] = !frontier->classes[f];
    return OCTET_OK;
}

static octet_status classify(struct oct_import *import, struct frontier *frontier)
{
    struct oct_feed feeds[FRONTIER_MAX] = {0};
    bool *computable = oct_calloc(import->ctx, import->graph->value_count, sizeof *computable);
    octet_status status =
        computable ? feed_ids(import, frontier, feeds) : oct_fail_memory(import->ctx, "the head");
    if (!status) {
        for (int f = 0; f < frontier->count; f++)
            computable[feeds[f].value] = true;
        oct_graph_computable(import->graph, computable);
        status = trace_ids(import, frontier, feeds, computable, OCT_OP_SIGMOID, frontier->classes);
        if (!status)
            status = find_reader(import, frontier, feeds, computable);
    }
    for (int f = 0; f < frontier->count; f++)
        oct_free(import->ctx, feeds[f].array.data);
    oct_free(import->ctx, computable);
    return status;
}

/* ---- levels ---- */

static const struct oct_array *output_array(const struct oct_import *import,
                                            const struct frontier *frontier, int f)
{
    return &import->graph->values[import->graph->nodes[frontier->nodes[f]].outputs[0]].array;
}

static octet_status check_roles(const struct oct_import *import, const struct frontier *frontier)
{
    int boxes = 0, classes = 0, others = -1;
    for (int f = 0; f < frontier->count; f++) {
        boxes += frontier->box[f];
        classes += frontier->classes[f];
        if (frontier->box[f] == frontier->classes[f])
            others = f;
    }
    if (!boxes)
        return oct_refuse_model(
            import,
            "no YOLO detection head: no Softmax over box distributions (DFL) between the last %d "
            "convolutions and the outputs, and none of them that could give distances",
            frontier->count);
    if (!classes)
        return oct_refuse_model(
            import,
            "no YOLO detection head: no Sigmoid of class scores after the last %d "
            "convolutions",
            frontier->count);
    if (others >= 0) {
        const struct oct_node *node = &import->graph->nodes[frontier->nodes[others]];
        return oct_node_fail(
            import->graph, node, OCTET_UNSUPPORTED_MODEL,
            "not a plain detection head: %s (segmentation, pose and oriented boxes are not read)",
            frontier->box[others] ? "one convolution gives boxes and classes"
                                  : "the outputs have more than boxes and classes");
    }
    if (boxes != classes || boxes > OCT_LEVELS_MAX)
        return oct_refuse_model(
            import,
            "no YOLO detection head: %d convolutions give boxes and %d scores, octet reads pairs "
            "of "
            "them for up to %d levels (segmentation, pose and oriented boxes are not read)",
            boxes, classes, OCT_LEVELS_MAX);
    return OCTET_OK;
}

/* The class convolution of the box convolution's size, which no other level took. */
static int find_partner(const struct oct_import *import, struct frontier *frontier,
                        const struct oct_array *box)
{
    for (int f = 0; f < frontier->count; f++) {
        const struct oct_array *array = output_array(import, frontier, f);
        if (frontier->classes[f] && array->dims[2] == box->dims[2] &&
            array->dims[3] == box->dims[3]) {
            frontier->classes[f] = false;
            return f;
        }
    }
    return -1;
}

static octet_status check_level(struct oct_import *import, struct frontier *frontier,
                                const struct oct_node *node, const struct oct_array *box,
                                const struct oct_array *classes)
{
    const struct oct_head *head = &import->head.head;
    if (head->output_count &&
        (box->dims[1] != frontier->box_channels || classes->dims[1] != head->class_count))
        return oct_node_fail(import->graph, node, OCTET_UNSUPPORTED_MODEL,
                             "its channels differ from other levels'");
    frontier->box_channels = box->dims[1];
    return import->head.reader->take_boxes(import, node, box->dims[1]);
}

/* Levels stand by ascending stride, each as boxes and classes. */
static void insert_level(struct oct_found_head *found, int stride,
                         const struct oct_found_output outputs[2])
{
    int at = found->head.output_count;
    oct_levels_add(&found->head, -1, -1, stride);
    for (; at > 0 && found->head.outputs[at - 1].stride > stride; at -= 2)
        for (int i = 0; i < 2; i++) {
            found->outputs[at + i] = found->outputs[at + i - 2];
            found->head.outputs[at + i].stride = found->head.outputs[at + i - 2].stride;
        }
    for (int i = 0; i < 2; i++) {
        found->outputs[at + i] = outputs[i];
        found->head.outputs[at + i].stride = stride;
    }
}

static octet_status add_level(struct oct_import *import, struct frontier *frontier, int f)
{
    struct oct_found_head *head = &import->head;
    const struct oct_node *node = &import->graph->nodes[frontier->nodes[f]];
    const struct oct_array *box = output_array(import, frontier, f);
    int partner = find_partner(import, frontier, box);
    if (partner < 0)
        return oct_node_fail(import->graph, node, OCTET_UNSUPPORTED_MODEL,
                             "no class convolution of its size");
    const struct oct_array *classes = output_array(import, frontier, partner);
    int64_t height = box->dims[2], width = box->dims[3], stride = import->height / height;
    if (stride * height != import->height || stride * width != import->width)
        return oct_node_fail(import->graph, node, OCTET_BAD_SHAPE,
                             "the input of %dx%d pixels is not a multiple of its %lldx%lld cells",
                             import->height, import->width, (long long)height, (long long)width);
    const octet_status status = check_level(import, frontier, node, box, classes);
    if (status)
        return status;
    head->head.class_count = (int)classes->dims[1];
    const int size[2] = {(int)height, (int)width};
    const struct oct_found_output outputs[2] = {
        {.value = node->outputs[0], .height = size[0], .width = size[1]},
        {.value = import->graph->nodes[frontier->nodes[partner]].outputs[0],
         .height = size[0],
         .width = size[1]}};
    insert_level(head, (int)stride, outputs);
    return OCTET_OK;
}

octet_status oct_recognize_head(struct oct_import *import)
{
    struct frontier frontier = {.count = 0};
    import->head = (struct oct_found_head){.reader = NULL};
    octet_status status = walk_back(import, &frontier);
    if (!status && frontier.count == 0)
        status =
            oct_refuse_model(import, "no YOLO detection head: no convolutions feed the outputs");
    if (!status)
        status = classify(import, &frontier);
    if (!status)
        status = check_roles(import, &frontier);
    for (int f = 0; !status && f < frontier.count; f++)
        if (frontier.box[f])
            status = add_level(import, &frontier, f);
    import->head.coded = import->head.probed = import->head.head.of;
    return status;
}
