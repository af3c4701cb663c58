/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-to-one heads select by taking the best scores alone (TopK), in operators that the interpreter
 * runs. So what was read of them is tried: head tensors whose scores are known, some of them equal,
 * go through the file's whole tail and through octet's selection, and the rows that come out must
 * be the same, in the same order. A file that numbers cells or classes in another way, takes the
 * least, or writes other columns is refused here.
 */
#include <math.h>
#include <string.h>

#include "compiler/heads/head_readers.h"
#include "runtime/head/nms.h"

#define COLUMNS 6 /* x1, y1, x2, y2, score, class */
#define BOX_LIMIT_PX 0.05
#define SCORE_LIMIT 1e-3
#define UNSEEN (-12.0f) /* a logit below all that are looked at */

struct trial {
    struct oct_import *import;
    const struct oct_node *selector;
    struct oct_feed feeds[OCT_HEAD_OUTPUTS_MAX]; /* batch x channels x height x width */
    struct oct_head_map maps[OCT_HEAD_OUTPUTS_MAX];
    float *numbers; /* of the maps */
    octet_detection *selected;
    struct oct_select_scratch scratch;
    int anchors;
    struct oct_array rows; /* the file's: batch x count x COLUMNS */
};

/* ---- head tensors ---- */

static uint32_t scrambled(uint32_t i)
{
    i *= 2654435761u;
    i ^= i >> 15;
    i *= 2246822519u;
    return i ^ i >> 13;
}

/* Element (channel, cell of all levels) of one role's outputs, in every picture. */
static void set_logit(struct trial *trial, int role, int channel, int anchor, float value)
{
    int output = role;
    while (anchor >= trial->maps[output].height * trial->maps[output].width) {
        anchor -= trial->maps[output].height * trial->maps[output].width;
        output += 2;
    }
    const struct oct_head_map *map = &trial->maps[output];
    const struct oct_array *planes = &trial->feeds[output].array;
    const size_t cells = oct_array_extent(planes, 2, 4), at = (size_t)anchor;
    ((float *)(uintptr_t)map->data)[at * map->pixel + (size_t)channel] = value;
    for (size_t i = 0; i < (size_t)planes->dims[0]; i++)
        oct_floats(planes)[(i * (size_t)planes->dims[1] + (size_t)channel) * cells + at] = value;
}

/* Distances that differ from cell to cell, small enough to be exact in any order of operations. */
static void fill_boxes(struct trial *trial)
{
    const int channels = (int)trial->feeds[0].array.dims[1];
    for (int a = 0; a < trial->anchors; a++)
        for (int c = 0; c < channels; c++)
            set_logit(trial, OCT_HEAD_BOX, c, a,
                      (float)(scrambled((uint32_t)(a * channels + c)) % 64u) * 0.0625f);
}

/*
 * More pairs of cell and class than are taken get logits from 4 down to -4, far enough apart for
 * their scores to have one order, but for each fourth, which has that of the pair before; all the
 * others have the same low one. They are of few cells, so that a cell has several; or each is of a
 * cell of its own, as far as there are any.
 */
static void fill_classes(struct trial *trial, int count, bool few)
{
    const int64_t classes = trial->import->head.head.class_count, anchors = trial->anchors;
    const int64_t wish = 2 * (int64_t)count + 16, some = 3 * (int64_t)count / 4 + 8;
    const int64_t seen = wish < anchors * classes ? wish : anchors * classes;
    const int64_t cells = few && some < anchors ? some : anchors;
    for (int a = 0; a < anchors; a++)
        for (int c = 0; c < classes; c++)
            set_logit(trial, OCT_HEAD_CLASS, c, a, UNSEEN);
    for (int64_t i = 0; i < seen; i++) {
        const uint32_t number = scrambled((uint32_t)i);
        const int64_t cell = (few ? number % 65536u : i * (anchors > seen ? anchors / seen : 1)) %
                             cells * (few ? anchors / cells : 1);
        set_logit(trial, OCT_HEAD_CLASS, (int)(number / 65536u % (uint32_t)classes), (int)cell,
                  4.0f - 8.0f * (float)(i - (i % 4 == 3)) / (float)seen);
    }
}

static octet_status make_tensors(struct trial *trial)
{
    struct oct_import *import = trial->import;
    const struct oct_found_head *found = &import->head;
    size_t elements = 0;
    for (int i = 0; i < found->head.output_count; i++) {
        const struct oct_found_output *output = &found->outputs[i];
        struct oct_feed *feed = &trial->feeds[i];
        *feed = (struct oct_feed){output->value, import->graph->values[output->value].array};
        if (!oct_array_allocate(import->ctx, &feed->array))
            return oct_fail_memory(import->ctx, "the probe of the head");
        elements += oct_array_extent(&feed->array, 1, 4);
        trial->anchors += i % 2 ? 0 : output->height * output->width;
    }
    trial->numbers = oct_calloc(import->ctx, elements, sizeof *trial->numbers);
    if (!trial->numbers)
        return oct_fail_memory(import->ctx, "the probe of the head");
    float *numbers = trial->numbers;
    for (int i = 0; i < found->head.output_count; i++) {
        const size_t channels = (size_t)trial->feeds[i].array.dims[1];
        const int height = found->outputs[i].height, width = found->outputs[i].width;
        trial->maps[i] =
            (struct oct_head_map){numbers, (size_t)width * channels, channels, height, width};
        numbers += oct_array_extent(&trial->feeds[i].array, 1, 4);
    }
    return OCTET_OK;
}

/* ---- the file's rows and octet's ---- */

/* The one output, where it is batch x count x COLUMNS and can be computed; or -1. */
static octet_status find_rows(const struct trial *trial, int *value)
{
    const struct oct_graph *graph = trial->import->graph;
    const struct oct_array *array = &graph->values[graph->outputs[0]].array;
    bool *computable = oct_calloc(graph->ctx, graph->value_count, sizeof *computable);
    if (!computable)
        return oct_fail_memory(graph->ctx, "the probe of the head");
    for (int i = 0; i < trial->import->head.head.output_count; i++)
        computable[trial->feeds[i].value] = true;
    oct_graph_computable(graph, computable);
    *value = graph->output_count == 1 && computable[graph->outputs[0]] &&
                     array->type == OCT_DATA_FLOAT && array->rank == 3 &&
                     array->dims[2] == COLUMNS && array->dims[1] > 0 && !array->data
                 ? graph->outputs[0]
                 : -1;
    oct_free(graph->ctx, computable);
    return OCTET_OK;
}

/* How the rows differ; NULL: not at all. */
static const char *differs(const struct trial *trial, int count)
{
    if (count != trial->rows.dims[1])
        return "another number of boxes";
    for (int i = 0; i < count; i++) {
        const float *row = oct_floats(&trial->rows) + (size_t)i * COLUMNS;
        const octet_detection *own = &trial->selected[i];
        const float box[4] = {own->x1, own->y1, own->x2, own->y2};
        for (int c = 0; c < 4; c++)
            if (!(fabs((double)row[c] - (double)box[c]) <= BOX_LIMIT_PX))
                return "other boxes, or another order of them,";
        if (!(fabs((double)row[4] - (double)own->score) <= SCORE_LIMIT))
            return "other scores";
        if (row[5] != (float)own->class_id)
            return "other classes";
    }
    return NULL;
}

/* Of two turns the second takes one class a cell where the first takes all of them, or the other
 * way round: which it is is not always to be seen in the file. */
static const char *compare(struct trial *trial, int turns)
{
    struct oct_import *import = trial->import;
    struct oct_head head = import->head.head;
    struct oct_head_view view = {.head = &head};
    octet_detect_settings settings;
    const char *reason = NULL;
    head.of = import->head.probed;
    memcpy(view.maps, trial->maps, sizeof view.maps);
    for (int turn = 0; turn < turns; turn++) {
        oct_selection_settings(&import->head.head.selection, &settings);
        settings.multi_label = turn == 0 ? settings.multi_label : !settings.multi_label;
        settings.confidence = 0.0;
        const int count = head.kind->select(&view, &settings, &trial->scratch, trial->selected,
                                            settings.max_detections);
        const char *own = differs(trial, count);
        if (!own) {
            import->head.head.selection.multi_label = settings.multi_label;
            return NULL;
        }
        reason = turn == 0 ? own : reason;
    }
    return reason;
}

static octet_status allocate_selected(struct trial *trial, int count)
{
    octet_context *ctx = trial->import->ctx;
    trial->scratch.capacity =
        oct_select_capacity(trial->anchors, trial->import->head.head.class_count);
    trial->scratch.candidates =
        oct_malloc(ctx, (size_t)trial->scratch.capacity, sizeof *trial->scratch.candidates);
    trial->selected = oct_malloc(ctx, (size_t)count, sizeof *trial->selected);
    return trial->scratch.candidates && trial->selected
               ? OCTET_OK
               : oct_fail_memory(ctx, "the probe of the head");
}

static octet_status try_rows(struct trial *trial, int value)
{
    struct oct_import *import = trial->import;
    const struct oct_array *array = &import->graph->values[value].array;
    if (array->dims[1] > OCT_CANDIDATES_MAX)
        return oct_node_fail(import->graph, trial->selector, OCTET_UNSUPPORTED_MODEL,
                             "it takes %lld boxes: octet gives %d at most",
                             (long long)array->dims[1], OCT_CANDIDATES_MAX);
    const int count = (int)array->dims[1];
    import->head.head.selection.max_detections = count;
    octet_status status = allocate_selected(trial, count);
    if (status)
        return status;
    fill_boxes(trial);
    const char *reason = NULL;
    for (int few = 1; few >= 0 && !reason; few--) {
        const struct oct_interpretation job = {trial->feeds, (size_t)import->head.head.output_count,
                                               &value, 1, OCT_PROBE_LIMITS};
        fill_classes(trial, count, few);
        status = oct_interpret(import->graph, &job, &trial->rows);
        if (status)
            return status;
        reason = compare(trial, few ? 2 : 1);
        oct_free(import->ctx, trial->rows.data);
    }
    return reason ? oct_node_fail(import->graph, trial->selector, OCTET_UNSUPPORTED_MODEL,
                                  "what selects boxes by it gives %s than octet: only the best "
                                  "scores, as x1, y1, x2, y2, score, class, are read",
                                  reason)
                  : OCTET_OK;
}

octet_status oct_probe_selection(struct oct_import *import)
{
    struct trial trial = {.import = import, .selector = oct_find_selection(import)};
    octet_context *ctx = import->ctx;
    int value = -1;
    if (!import->head.head.selection.is_own || !trial.selector ||
        trial.selector->op != OCT_OP_TOP_K)
        return OCTET_OK;
    octet_status status = make_tensors(&trial);
    if (!status)
        status = find_rows(&trial, &value);
    if (!status && value >= 0)
        status = try_rows(&trial, value);
    else if (!status && !oct_node_int(trial.selector, "largest", 1))
        status = oct_node_fail(import->graph, trial.selector, OCTET_UNSUPPORTED_MODEL,
                               "it takes the least: a head selects the best scores");
    else if (!status)
        oct_log(ctx, OCTET_LOG_INFO,
                "%s: how it selects boxes (TopK) was read, but could not be tried", import->name);
    for (int i = 0; i < import->head.head.output_count; i++)
        oct_free(ctx, trial.feeds[i].array.data);
    oct_free(ctx, trial.numbers);
    oct_free(ctx, trial.selected);
    oct_free(ctx, trial.scratch.candidates);
    return status;
}
