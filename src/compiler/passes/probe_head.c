/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head is cut off and octet decodes in its stead. The probe shows that this changes nothing:
 * the same random head tensors go through the file's own tail, run by the interpreter, and through
 * octet's decode; whichever value of the tail has the prediction's shape is compared. That also
 * finds the prediction before an embedded NMS.
 */
#include <math.h>
#include <string.h>

#include "compiler/passes/passes.h"
#include "runtime/detect/decode.h"

#define BOX_LIMIT_PX 0.05
#define SCORE_LIMIT 1e-3
#define CANDIDATES_MAX 16

_Static_assert(OCT_LEVELS_MAX <= OCT_HEAD_LEVELS_MAX,
               "decode takes as many levels as a network has");

struct probe {
    struct oct_import *import;
    struct oct_feed feeds[2 * OCT_LEVELS_MAX]; /* batch x channels x height x width: boxes, then
                                                  classes, by level */
    float *logits;                             /* of the first picture, channels last */
    float *expected;                           /* as oct_decode_all() gives it */
    int anchors;
};

struct comparison {
    double box_px, score;
    bool corners; /* boxes are x1, y1, x2, y2 */
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
    const struct oct_found_head *head = &probe->import->head;
    struct oct_head_view view = {head->level_count, head->class_count, head->reg_max, {{0}}};
    const struct oct_dfl_rounding dfl = {.weight_scale = probe->import->network->expectation_scale};
    float *logits = probe->logits;
    for (int l = 0; l < head->level_count; l++) {
        const struct oct_head_convolutions *from = &head->levels[l];
        size_t cells = (size_t)from->height * (size_t)from->width,
               box_channels = 4 * (size_t)head->reg_max;
        size_t class_channels = (size_t)head->class_count, row = (size_t)from->width;
        float *box = logits, *classes = logits + cells * box_channels;
        logits = classes + cells * class_channels;
        to_channels_last(&probe->feeds[2 * l].array, box);
        to_channels_last(&probe->feeds[2 * l + 1].array, classes);
        view.levels[l] = (struct oct_head_level){.box = box,
                                                 .classes = classes,
                                                 .box_row = row * box_channels,
                                                 .box_pixel = box_channels,
                                                 .class_row = row * class_channels,
                                                 .class_pixel = class_channels,
                                                 .height = from->height,
                                                 .width = from->width,
                                                 .stride = from->stride,
                                                 .dfl = dfl.weight_scale > 0.0f ? &dfl : NULL};
    }
    oct_decode_all(&view, probe->expected);
}

static octet_status make_logits(struct probe *probe)
{
    const struct oct_found_head *head = &probe->import->head;
    octet_context *ctx = probe->import->ctx;
    size_t elements = 0;
    for (int l = 0; l < head->level_count; l++) {
        const int values[] = {head->levels[l].box_value, head->levels[l].class_value};
        for (int i = 0; i < 2; i++) {
            struct oct_feed *feed = &probe->feeds[2 * l + i];
            *feed = (struct oct_feed){values[i], probe->import->graph->values[values[i]].array};
            if (!oct_array_allocate(ctx, &feed->array))
                return oct_fail_memory(ctx, "the probe of the head");
            fill_random(&feed->array, i == 1, (uint64_t)(2 * l + i) << 32);
            elements += oct_array_extent(&feed->array, 1, 4);
        }
        probe->anchors += head->levels[l].height * head->levels[l].width;
    }
    probe->logits = oct_malloc(ctx, elements, sizeof(float));
    probe->expected =
        oct_malloc(ctx, (size_t)probe->anchors * (4 + (size_t)head->class_count), sizeof(float));
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

/* The first picture of a value of the tail; element (row, anchor) at row * row_step + anchor *
 * anchor_step. */
static struct comparison compare(const struct probe *probe, const float *actual, size_t row_step,
                                 size_t anchor_step)
{
    size_t anchors = (size_t)probe->anchors, classes = (size_t)probe->import->head.class_count;
    double centres = 0, corners = 0, score = 0;
    for (size_t a = 0; a < anchors; a++) {
        double want[4];
        for (size_t i = 0; i < 4; i++)
            want[i] = probe->expected[i * anchors + a];
        for (size_t i = 0; i < 4; i++) {
            double half = want[2 + i % 2] / 2, corner = want[i % 2] + (i < 2 ? -half : half);
            double got = actual[i * row_step + a * anchor_step];
            centres = larger(centres, fabs(got - want[i]));
            corners = larger(corners, fabs(got - corner));
        }
    }
    for (size_t c = 4; c < 4 + classes; c++)
        for (size_t a = 0; a < anchors; a++)
            score = larger(score, fabs((double)actual[c * row_step + a * anchor_step] -
                                       (double)probe->expected[c * anchors + a]));
    bool as_corners = corners < centres;
    return (struct comparison){as_corners ? corners : centres, score, as_corners};
}

/* Values of the tail that have the prediction's shape, in either order of its axes, and can be
 * computed. */
static size_t find_candidates(const struct probe *probe, bool *computable, int *candidates)
{
    const struct oct_graph *graph = probe->import->graph;
    const struct oct_found_head *head = &probe->import->head;
    int64_t rows = 4 + (int64_t)head->class_count, anchors = probe->anchors;
    for (int f = 0; f < 2 * head->level_count; f++)
        computable[probe->feeds[f].value] = true;
    oct_graph_computable(graph, computable);
    size_t count = 0;
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct oct_node *node = &graph->nodes[n];
        for (int i = 0; head->in_tail[n] && i < node->output_count && count < CANDIDATES_MAX; i++) {
            int value = node->outputs[i];
            const struct oct_array *array = value >= 0 ? &graph->values[value].array : NULL;
            if (!array || array->type != OCT_DATA_FLOAT || array->rank != 3 || !computable[value])
                continue;
            if ((array->dims[1] == rows && array->dims[2] == anchors) ||
                (array->dims[1] == anchors && array->dims[2] == rows))
                candidates[count++] = value;
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

static bool fits(const struct comparison *c)
{
    return c->box_px <= BOX_LIMIT_PX && c->score <= SCORE_LIMIT;
}

/* The operator in the tail that selects boxes, or NULL; the most telling one first. */
static const struct oct_node *find_selection(const struct oct_import *import)
{
    static const char *const names[] = {"NonMaxSuppression",
                                        "EfficientNMS_TRT",
                                        "BatchedNMS_TRT",
                                        "BatchedNMSDynamic_TRT",
                                        "TopK",
                                        "NonZero"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (size_t n = 0; n < import->graph->node_count; n++) {
            const struct oct_node *node = &import->graph->nodes[n];
            const char *dot = strrchr(node->op_name, '.');
            if (import->head.in_tail[n] && strcmp(dot ? dot + 1 : node->op_name, names[i]) == 0)
                return node;
        }
    return NULL;
}

static octet_status judge(const struct probe *probe, const struct comparison *best, bool is_output)
{
    struct oct_import *import = probe->import;
    const struct oct_node *selection = find_selection(import);
    if (!fits(best))
        return oct_refuse_model(import,
                                "the head decodes differently: boxes by %g px, scores by %g",
                                best->box_px, best->score);
    if (best->corners && !selection)
        return oct_refuse_model(import, "its boxes are corners instead of centres and sizes");
    import->network->probe_box_difference_px = best->box_px;
    import->network->probe_score_difference = best->score;
    if (is_output)
        return OCTET_OK;
    import->network->has_nms = selection != NULL;
    oct_log(import->ctx, OCTET_LOG_INFO,
            "%s: what follows the prediction (%.80s) is cut off: octet selects boxes itself",
            import->name, selection ? selection->op_name : "further operators");
    return OCTET_OK;
}

static octet_status run_tail(struct probe *probe, const int *candidates, size_t count)
{
    const struct oct_import *import = probe->import;
    struct oct_array results[CANDIDATES_MAX];
    struct oct_interpretation job = {probe->feeds, 2 * (size_t)import->head.level_count, candidates,
                                     count, OCT_PROBE_LIMITS};
    struct comparison best = {INFINITY, INFINITY, false};
    bool best_is_output = false;
    octet_status status = oct_interpret(import->graph, &job, results);
    if (status)
        return status;
    for (size_t i = 0; i < count; i++) {
        int64_t rows = 4 + (int64_t)import->head.class_count, anchors = probe->anchors;
        bool output = is_graph_output(import->graph, candidates[i]);
        for (int transposed = 0; transposed < 2; transposed++) {
            if (results[i].dims[1] != (transposed ? anchors : rows) ||
                results[i].dims[2] != (transposed ? rows : anchors))
                continue;
            struct comparison c =
                compare(probe, oct_floats(&results[i]), transposed ? 1 : (size_t)anchors,
                        transposed ? (size_t)rows : 1);
            bool better = c.box_px + c.score < best.box_px + best.score;
            if (fits(&c) && fits(&best))
                better = output && !best_is_output;
            if (better) {
                best = c;
                best_is_output = output;
            }
        }
        oct_free(import->ctx, results[i].data);
    }
    return judge(probe, &best, best_is_output);
}

octet_status oct_probe_head(struct oct_import *import)
{
    struct probe probe = {.import = import};
    int candidates[CANDIDATES_MAX];
    bool *computable = oct_calloc(import->ctx, import->graph->value_count, sizeof *computable);
    octet_status status =
        computable ? make_logits(&probe) : oct_fail_memory(import->ctx, "the probe of the head");
    if (!status) {
        size_t count = find_candidates(&probe, computable, candidates);
        status = count ? run_tail(&probe, candidates, count)
                       : oct_refuse_model(
                             import,
                             "no YOLOv8 detection head: nothing of %d x %d (boxes and class scores "
                             "x anchors) after its convolutions",
                             4 + import->head.class_count, probe.anchors);
    }
    for (int f = 0; f < 2 * import->head.level_count; f++)
        oct_free(import->ctx, probe.feeds[f].array.data);
    oct_free(import->ctx, probe.logits);
    oct_free(import->ctx, probe.expected);
    oct_free(import->ctx, computable);
    return status;
}
