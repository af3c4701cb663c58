/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the file itself selects boxes behind its prediction: by non-maximum suppression with limits
 * that stand in the file, or, behind a one-to-one head, by taking the best alone. The operators are
 * cut off; their limits become what octet selects by unless it is told otherwise. A limit that the
 * file does not have is octet's own.
 */
#include <math.h>
#include <string.h>

#include "compiler/passes/passes.h"
#include "runtime/head/nms.h"

typedef void read_function(const struct oct_import *import, const struct oct_node *node,
                           struct oct_selection *selection);

static read_function read_nms, read_efficient_nms, read_batched_nms, read_top, read_filter;

/* The most telling one first. */
static const struct selector {
    const char *op; /* without its domain */
    read_function *read;
} selectors[] = {
    {"NonMaxSuppression", read_nms},
    {"EfficientNMS_TRT", read_efficient_nms},
    {"BatchedNMS_TRT", read_batched_nms},
    {"BatchedNMSDynamic_TRT", read_batched_nms},
    {"TopK", read_top},
    {"NonZero", read_filter},
};

static bool is_named(const struct oct_node *node, const char *op)
{
    const char *dot = strrchr(node->op_name, '.');
    return strcmp(dot ? dot + 1 : node->op_name, op) == 0;
}

static const struct oct_node *find(const struct oct_import *import,
                                   const struct selector **selector)
{
    for (size_t i = 0; i < sizeof selectors / sizeof selectors[0]; i++)
        for (size_t n = 0; n < import->graph->node_count; n++)
            if (import->head.in_tail[n] && is_named(&import->graph->nodes[n], selectors[i].op)) {
                *selector = &selectors[i];
                return &import->graph->nodes[n];
            }
    return NULL;
}

const struct oct_node *oct_find_selection(const struct oct_import *import)
{
    const struct selector *selector;
    return find(import, &selector);
}

/* ---- numbers in the file ---- */

/* The decimal number that was meant: 0.6 and not the nearest float's 0.60000002. */
static double decimal(float value)
{
    const double rounded = rint((double)value * 1e6) / 1e6;
    return (float)rounded == value ? rounded : (double)value;
}

/* The one number of a constant input, or `otherwise`. */
static double number_of(const struct oct_graph *graph, const struct oct_node *node, int input,
                        double otherwise)
{
    const int value = input < node->input_count ? node->inputs[input] : -1;
    const struct oct_array *array = value >= 0 ? &graph->values[value].array : NULL;
    if (!array || !array->data || array->count != 1)
        return otherwise;
    return array->type == OCT_DATA_FLOAT ? decimal(oct_floats(array)[0])
                                         : (double)oct_ints(array)[0];
}

static void set_confidence(struct oct_selection *selection, double score)
{
    if (score > 0.0 && score < 1.0) /* 0 keeps all: no limit */
        selection->confidence = score;
}

static void set_iou(struct oct_selection *selection, double iou)
{
    selection->iou = iou > 0.0 ? iou < 1.0 ? iou : 1.0 : 0.0;
}

/* Numbers beyond what octet can give are no limit. */
static void set_limit(int *limit, double count)
{
    if (count >= 1.0 && count <= OCT_CANDIDATES_MAX)
        *limit = (int)count;
}

/* Boxes in the declared shape of an output, batch x boxes x (4 + score + class);
 * 0: none says so. */
static double declared_count(const struct oct_import *import)
{
    const OctOnnx__GraphProto *source = import->onnx->message->graph;
    for (size_t i = 0; i < source->n_output; i++) {
        const OctOnnx__TypeProto *type = source->output[i]->type;
        const OctOnnx__TensorShapeProto *shape =
            type && type->tensor_type ? type->tensor_type->shape : NULL;
        if (shape && shape->n_dim == 3 && shape->dim[2]->has_dim_value &&
            shape->dim[2]->dim_value == 6 && shape->dim[1]->has_dim_value)
            return (double)shape->dim[1]->dim_value;
    }
    return 0.0;
}

/* The number between 0 and 1 that something in the tail is compared with: scores, before they are
 * selected from; 0: there is none. */
static double mask_threshold(const struct oct_import *import)
{
    const struct oct_graph *graph = import->graph;
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct oct_node *node = &graph->nodes[n];
        const bool compares = node->op == OCT_OP_GREATER || node->op == OCT_OP_GREATER_OR_EQUAL ||
                              node->op == OCT_OP_LESS || node->op == OCT_OP_LESS_OR_EQUAL;
        for (int i = 0; i < 2 && compares && import->head.in_tail[n]; i++) {
            const double number = number_of(graph, node, i, 0.0);
            if (number > 0.0 && number < 1.0)
                return number;
        }
    }
    return 0.0;
}

/* True when `value` is computed from a cell's class, and not only picked by it: exporters move the
 * boxes of each class apart before a suppression that knows no classes. */
static octet_status depends_on_class(const struct oct_import *import, int value, bool *depends)
{
    const struct oct_graph *graph = import->graph;
    bool *wanted = oct_calloc(import->ctx, graph->value_count, sizeof *wanted);
    if (!wanted)
        return oct_fail_memory(import->ctx, "the head");
    *depends = false;
    wanted[value] = true;
    for (size_t n = graph->node_count; n-- > 0;) {
        const struct oct_node *node = &graph->nodes[n];
        const bool joins = node->op == OCT_OP_ADD || node->op == OCT_OP_SUB ||
                           node->op == OCT_OP_MUL || node->op == OCT_OP_DIV ||
                           node->op == OCT_OP_CONCAT;
        bool reached = false;
        for (int i = 0; i < node->output_count; i++)
            reached = reached || (node->outputs[i] >= 0 && wanted[node->outputs[i]]);
        *depends = *depends || (reached && node->op == OCT_OP_ARG_MAX) ||
                   (reached && is_named(node, "TopK"));
        for (int i = 0; reached && i < (joins ? node->input_count : 1) && i < node->input_count;
             i++)
            if (node->inputs[i] >= 0)
                wanted[node->inputs[i]] = true;
    }
    oct_free(import->ctx, wanted);
    return OCTET_OK;
}

/* ---- selectors ---- */

static void read_nms(const struct oct_import *import, const struct oct_node *node,
                     struct oct_selection *selection)
{
    const struct oct_graph *graph = import->graph;
    const struct oct_array *scores = node->input_count > 1 && node->inputs[1] >= 0
                                         ? &graph->values[node->inputs[1]].array
                                         : NULL;
    const int classes = import->head.head.class_count;
    const bool by_class =
        scores && scores->type == OCT_DATA_FLOAT && scores->rank == 3 && scores->dims[1] == classes;
    const double score = number_of(graph, node, 4, 0.0), count = number_of(graph, node, 2, 0.0);
    set_iou(selection, number_of(graph, node, 3, 0.0));
    set_confidence(selection, score > 0.0 ? score : mask_threshold(import));
    set_limit(by_class ? &selection->max_per_class : &selection->max_detections, count);
    set_limit(&selection->max_detections, declared_count(import));
    selection->multi_label = by_class && classes > 1;
}

static void read_efficient_nms(const struct oct_import *import, const struct oct_node *node,
                               struct oct_selection *selection)
{
    (void)import;
    set_confidence(selection, decimal(oct_node_float(node, "score_threshold", 0.25f)));
    set_iou(selection, decimal(oct_node_float(node, "iou_threshold", 0.5f)));
    set_limit(&selection->max_detections, (double)oct_node_int(node, "max_output_boxes", 100));
    selection->class_agnostic = oct_node_int(node, "class_agnostic", 0) != 0;
    selection->multi_label = 1;
}

static void read_batched_nms(const struct oct_import *import, const struct oct_node *node,
                             struct oct_selection *selection)
{
    (void)import;
    set_confidence(selection, decimal(oct_node_float(node, "scoreThreshold", 0.25f)));
    set_iou(selection, decimal(oct_node_float(node, "iouThreshold", 0.7f)));
    set_limit(&selection->max_detections, (double)oct_node_int(node, "keepTopK", 0));
    selection->multi_label = 1;
}

/* The best alone, of pairs of cell and class where the class is found from the pair's number. */
static void read_top(const struct oct_import *import, const struct oct_node *node,
                     struct oct_selection *selection)
{
    const double declared = declared_count(import);
    selection->iou = 1.0;
    set_confidence(selection, mask_threshold(import));
    set_limit(&selection->max_detections,
              declared > 0.0
                  ? declared
                  : number_of(import->graph, node, 1, (double)oct_node_int(node, "k", 0)));
    for (size_t n = 0; n < import->graph->node_count; n++)
        if (import->head.in_tail[n] && import->graph->nodes[n].op == OCT_OP_MOD)
            selection->multi_label = 1;
}

static void read_filter(const struct oct_import *import, const struct oct_node *node,
                        struct oct_selection *selection)
{
    (void)node;
    set_confidence(selection, mask_threshold(import));
}

octet_status oct_read_selection(struct oct_import *import)
{
    const struct selector *selector;
    const struct oct_node *node = find(import, &selector);
    struct oct_selection *selection = &import->head.head.selection;
    if (!node)
        return OCTET_OK;
    *selection = oct_selection_default();
    selection->is_own = true;
    selector->read(import, node, selection);
    if (selector->read != read_nms || selection->multi_label ||
        import->head.head.class_count == 1 || node->input_count < 1 || node->inputs[0] < 0)
        return OCTET_OK;
    bool apart = false;
    const octet_status status = depends_on_class(import, node->inputs[0], &apart);
    selection->class_agnostic = !apart;
    return status;
}
