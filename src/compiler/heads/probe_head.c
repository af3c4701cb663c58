/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head is cut off and octet decodes in its stead. The probe shows that this changes nothing:
 * the same random head tensors go through the file's own tail, run by the interpreter, and through
 * octet's decode; whichever values of the tail have the prediction's shape, or that of its boxes or
 * of its scores, are compared. That also finds the prediction before an embedded NMS.
 */
#include <math.h>
#include <string.h>

#include "compiler/graph/operators.h"
#include "compiler/heads/head_readers.h"

#define BOX_LIMIT_PX 0.05
#define SCORE_LIMIT 1e-3
#define CANDIDATES_MAX 64

struct probe {
    struct oct_import *import;
    struct oct_feed feeds[OCT_HEAD_OUTPUTS_MAX]; /* batch x channels x height x width */
    float *logits;                               /* of the first picture, channels last */
    float *expected;                             /* as the head's decode() gives it */
    int anchors;
};

/* What a value of the tail may be; bits. */
enum part { BOXES = 1, SCORES = 2, JOINED = BOXES | SCORES };

/* Element (row, anchor) of the first picture stands at row * row_step + anchor * anchor_step. */
struct candidate {
    int value;
    enum part part;
    size_t row_step, anchor_step;
};

struct comparison {
    double box_px, score; /* INFINITY: not compared */
    bool corners;         /* boxes are x1, y1, x2, y2 */
    bool is_output;
};

/* ---- random logits ---- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* About normal: the sum of four uniform numbers, with standard deviation 1. */
static float bell(uint64_t *state)
{
    uint64_t bits = next_random(state);
    float sum = 0;
    for (int i = 0; i < 4; i++)
        sum += (float)(bits >> (16 * i) & 0xffff) * (1.0f / 65536.0f) - 0.5f;
    return sum * 1.7320508f;
}

/* Most cells get logits of a trained head's spread, some nearly none, some far more than any. */
static float spread_of(uint64_t cell)
{
    static const float spreads[] = {2, 2, 1, 4, 8, 0.25f, 25, 80};
    return spreads[(cell * 0x9e3779b97f4a7c15u) >> 61];
}

static void fill_random(struct oct_array *array, bool classes, uint64_t seed)
{
    size_t plane = oct_array_extent(array, 2, 4);
    for (size_t i = 0; i < array->count; i++)
        oct_floats(array)[i] = spread_of(seed + i % plane) * bell(&seed) - (classes ? 3.0f : 0.0f);
}

/* ---- octet's decode ---- */

static void to_channels_last(const struct oct_array *planes, float *pixels)
{
    size_t channels = (size_t)planes->dims[1], cells = oct_array_extent(planes, 2, 4);
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < cells; i++)
            pixels[i * channels + c] = oct_floats(planes)[c * cells + i];
}

static void decode(struct probe *probe)
{
    const struct oct_found_head *found = &probe->import->head;
    struct oct_head head = found->head;
    head.of = found->probed;
    struct oct_head_view view = {.head = &head};
    float *logits = probe->logits;
    for (int i = 0; i < head.output_count; i++) {
        const struct oct_array *planes = &probe->feeds[i].array;
        const size_t channels = (size_t)planes->dims[1], width = (size_t)found->outputs[i].width;
        view.maps[i] = (struct oct_head_map){logits, width * channels, channels,
                                             found->outputs[i].height, found->outputs[i].width};
        to_channels_last(planes, logits);
        logits += oct_array_extent(planes, 1, 4);
    }
    head.kind->decode(&view, probe->expected);
}

static octet_status make_logits(struct probe *probe)
{
    const struct oct_found_head *found = &probe->import->head;
    octet_context *ctx = probe->import->ctx;
    size_t elements = 0;
    for (int i = 0; i < found->head.output_count; i++) {
        struct oct_feed *feed = &probe->feeds[i];
        const struct oct_found_output *output = &found->outputs[i];
        *feed = (struct oct_feed){output->value, probe->import->graph->values[output->value].array};
        if (!oct_array_allocate(ctx, &feed->array))
            return oct_fail_memory(ctx, "the probe of the head");
        fill_random(&feed->array, i % 2 == 1, (uint64_t)i << 32);
        elements += oct_array_extent(&feed->array, 1, 4);
        if (i % 2 == 0)
            probe->anchors += output->height * output->width;
    }
    probe->logits = oct_malloc(ctx, elements, sizeof(float));
    probe->expected = oct_malloc(
        ctx, (size_t)probe->anchors * (4 + (size_t)found->head.class_count), sizeof(float));
    if (!probe->logits || !probe->expected)
        return oct_fail_memory(ctx, "the probe of the head");
    decode(probe);
    return OCTET_OK;
}

/* ---- comparison ---- */

static double larger(double so_far, double difference)
{
    return difference <= so_far ? so_far : isnan(difference) ? INFINITY : difference;
}

static void compare_boxes(const struct probe *probe, const float *actual,
                          const struct candidate *candidate, struct comparison *result)
{
    const size_t anchors = (size_t)probe->anchors;
    double centres = 0, corners = 0;
    for (size_t a = 0; a < anchors; a++) {
        double want[4];
        for (size_t i = 0; i < 4; i++)
            want[i] = probe->expected[i * anchors + a];
        for (size_t i = 0; i < 4; i++) {
            double half = want[2 + i % 2] / 2, corner = want[i % 2] + (i < 2 ? -half : half);
            double got = actual[i * candidate->row_step + a * candidate->anchor_step];
            centres = larger(centres, fabs(got - want[i]));
            corners = larger(corners, fabs(got - corner));
        }
    }
    result->corners = corners < centres;
    result->box_px = result->corners ? corners : centres;
}

static void compare_scores(const struct probe *probe, const float *actual,
                           const struct candidate *candidate, struct comparison *result)
{
    const size_t anchors = (size_t)probe->anchors;
    const size_t first = candidate->part == JOINED ? 4 : 0; /* row of the first class */
    double score = 0;
    for (size_t c = 0; c < (size_t)probe->import->head.head.class_count; c++)
        for (size_t a = 0; a < anchors; a++)
            score = larger(
                score,
                fabs(
                    (double)actual[(first + c) * candidate->row_step + a * candidate->anchor_step] -
                    (double)probe->expected[(4 + c) * anchors + a]));
    result->score = score;
}

/* Whether a value is rows x anchors, in either order, with other axes of 1 and the batch before. */
static bool has_shape(const struct oct_array *array, int64_t batch, int64_t rows, int64_t anchors,
                      struct candidate *candidate)
{
    int64_t dims[2], strides[OCT_RANK_MAX];
    size_t steps[2];
    int count = 0;
    oct_array_strides(array, strides);
    for (int i = array->rank > 2 && array->dims[0] == batch; i < array->rank; i++) {
        if (array->dims[i] == 1)
            continue;
        if (count == 2)
            return false;
        dims[count] = array->dims[i];
        steps[count++] = (size_t)strides[i];
    }
    if (rows == 1 && count == 1 && dims[0] == anchors) {
        candidate->row_step = 0;
        candidate->anchor_step = steps[0];
        return true;
    }
    const int row_axis = count == 2 && dims[0] == rows && dims[1] == anchors ? 0 : 1;
    if (count != 2 || dims[row_axis] != rows || dims[1 - row_axis] != anchors)
        return false;
    candidate->row_step = steps[row_axis];
    candidate->anchor_step = steps[1 - row_axis];
    return true;
}

/* Values of the tail that have the shape of the prediction or of a part of it, and can be
 * computed. A value of both shapes is two candidates. */
static size_t find_candidates(const struct probe *probe, bool *computable,
                              struct candidate *candidates)
{
    static const enum part parts[] = {JOINED, BOXES, SCORES};
    const struct oct_graph *graph = probe->import->graph;
    const struct oct_found_head *head = &probe->import->head;
    const int64_t rows[] = {
        [BOXES] = 4, [SCORES] = head->head.class_count, [JOINED] = 4 + head->head.class_count};
    const int64_t batch = probe->feeds[0].array.dims[0];
    for (int f = 0; f < head->head.output_count; f++)
        computable[probe->feeds[f].value] = true;
    oct_graph_computable(graph, computable);
    size_t count = 0;
    for (size_t n = graph->node_count; n-- > 0;) { /* the last are the likeliest */
        const struct oct_node *node = &graph->nodes[n];
        for (int i = 0; head->in_tail[n] && i < node->output_count; i++) {
            int value = node->outputs[i];
            const struct oct_array *array = value >= 0 ? &graph->values[value].array : NULL;
            if (!array || array->type != OCT_DATA_FLOAT || array->data || !computable[value])
                continue;
            for (size_t p = 0; p < sizeof parts / sizeof parts[0] && count < CANDIDATES_MAX; p++) {
                struct candidate candidate = {value, parts[p], 0, 0};
                if (has_shape(array, batch, rows[parts[p]], probe->anchors, &candidate))
                    candidates[count++] = candidate;
            }
        }
    }
    return count;
}

static bool is_graph_output(const struct oct_graph *graph, int value)
{
    for (int i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == value)
            return true;
    return false;
}

static bool boxes_fit(const struct comparison *c)
{
    return c->box_px <= BOX_LIMIT_PX;
}

static bool scores_fit(const struct comparison *c)
{
    return c->score <= SCORE_LIMIT;
}

static octet_status judge(const struct probe *probe, const struct comparison *best, bool apart)
{
    struct oct_import *import = probe->import;
    const struct oct_node *selection = oct_find_selection(import);
    if (!boxes_fit(best) || !scores_fit(best))
        return oct_refuse_model(import,
                                "the head decodes differently: boxes by %g px, scores by %g",
                                best->box_px, best->score);
    if (best->corners && !selection && !apart)
        return oct_refuse_model(import, "its boxes are corners instead of centres and sizes");
    import->imported->probe_box_difference_px = best->box_px;
    import->imported->probe_score_difference = best->score;
    if (apart)
        oct_log(import->ctx, OCTET_LOG_INFO,
                "%s: its boxes%s and scores stand apart: octet joins them, centres and sizes first",
                import->name, best->corners ? " (corners)" : "");
    if (best->is_output)
        return OCTET_OK;
    oct_log(import->ctx, OCTET_LOG_INFO,
            "%s: what follows the prediction (%.80s) is cut off: octet selects boxes itself",
            import->name, selection ? selection->op_name : "further operators");
    return oct_read_selection(import);
}

/* Whether `c` is the better one of two of the same part; among those that fit an output is. */
static bool is_better(const struct comparison *c, const struct comparison *best, enum part part)
{
    const bool both_fit = (!(part & BOXES) || (boxes_fit(c) && boxes_fit(best))) &&
                          (!(part & SCORES) || (scores_fit(c) && scores_fit(best)));
    if (both_fit)
        return c->is_output && !best->is_output;
    const double off = (part & BOXES ? c->box_px : 0) + (part & SCORES ? c->score : 0);
    const double best_off = (part & BOXES ? best->box_px : 0) + (part & SCORES ? best->score : 0);
    return off < best_off;
}

/* What comes nearest to octet's prediction: of the joined values, else of both parts. */
static octet_status judge_best(const struct probe *probe, const struct comparison best[JOINED + 1])
{
    const struct comparison *joined = &best[JOINED], *boxes = &best[BOXES], *scores = &best[SCORES];
    const bool fits = boxes_fit(joined) && scores_fit(joined);
    const bool parts_fit = boxes_fit(boxes) && scores_fit(scores);
    const bool none = !isfinite(joined->box_px) && !isfinite(joined->score);
    if (fits || (!none && !parts_fit))
        return judge(probe, joined, false);
    const struct comparison apart = {boxes->box_px, scores->score, boxes->corners,
                                     boxes->is_output && scores->is_output};
    if (!isfinite(apart.box_px) || !isfinite(apart.score))
        return oct_refuse_model(
            probe->import,
            "no YOLO detection head: nothing of %d x %d (boxes and class scores x anchors) after "
            "its convolutions, and no %s apart",
            4 + probe->import->head.head.class_count, probe->anchors,
            isfinite(apart.box_px) ? "scores" : "boxes");
    return judge(probe, &apart, true);
}

static octet_status run_tail(const struct probe *probe, const struct candidate *candidates,
                             size_t count)
{
    const struct oct_import *import = probe->import;
    const struct comparison nothing = {INFINITY, INFINITY, false, false};
    struct comparison best[JOINED + 1] = {nothing, nothing, nothing, nothing};
    struct oct_array results[CANDIDATES_MAX];
    int values[CANDIDATES_MAX];
    size_t value_count = 0;
    for (size_t i = 0; i < count; i++) /* those of one value follow on each other */
        if (i == 0 || candidates[i].value != candidates[i - 1].value)
            values[value_count++] = candidates[i].value;
    struct oct_interpretation job = {probe->feeds, (size_t)import->head.head.output_count, values,
                                     value_count, OCT_PROBE_LIMITS};
    octet_status status = oct_interpret(import->graph, &job, results);
    if (status)
        return status;
    for (size_t i = 0, at = 0; i < count; i++) {
        const struct candidate *candidate = &candidates[i];
        at += i > 0 && candidate->value != candidates[i - 1].value;
        struct comparison c = nothing;
        c.is_output = is_graph_output(import->graph, candidate->value);
        if (candidate->part & BOXES)
            compare_boxes(probe, oct_floats(&results[at]), candidate, &c);
        if (candidate->part & SCORES)
            compare_scores(probe, oct_floats(&results[at]), candidate, &c);
        if (is_better(&c, &best[candidate->part], candidate->part))
            best[candidate->part] = c;
    }
    for (size_t i = 0; i < value_count; i++)
        oct_free(import->ctx, results[i].data);
    return judge_best(probe, best);
}

octet_status oct_levels_probe(struct oct_import *import)
{
    struct probe probe = {.import = import};
    struct candidate candidates[CANDIDATES_MAX];
    bool *computable = oct_calloc(import->ctx, import->graph->value_count, sizeof *computable);
    octet_status status =
        computable ? make_logits(&probe) : oct_fail_memory(import->ctx, "the probe of the head");
    if (!status) {
        size_t count = find_candidates(&probe, computable, candidates);
        status = run_tail(&probe, candidates, count);
    }
    for (int f = 0; f < import->head.head.output_count; f++)
        oct_free(import->ctx, probe.feeds[f].array.data);
    oct_free(import->ctx, probe.logits);
    oct_free(import->ctx, probe.expected);
    oct_free(import->ctx, computable);
    return status;
}
