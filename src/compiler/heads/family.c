/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a refused model is: another family of detectors, or another task. Told by the operators that
 * the family brought, seldom by names: of those, only the metadata's description is believed, and
 * only where the graph says nothing.
 */
#include <string.h>

#include "compiler/passes/passes.h"

enum mark {
    MARK_ATTENTION,   /* a product of two tensors */
    MARK_EINSUM,      /* pictures against texts */
    MARK_GRID_SAMPLE, /* deformable attention */
    MARK_LAYER_NORM,  /* transformers */
    MARK_COSINE,      /* of angles */
    MARK_GLOBAL_POOL,
    MARK_HALVING_POOL, /* MaxPool 2x2, stride 2 */
    MARK_ANCHORS,      /* batch x 3 anchors x (5 + classes) x height x width */
    MARK_FOCUS,        /* every second pixel of the picture */
    MARK_TRANSPOSED_CONVOLUTION,
    MARK_MASKS,       /* an output of pictures beside another */
    MARK_EXPECTATION, /* DFL */
    MARK_COUNT
};

#define BIT(mark) (1u << (mark))

/* The first row whose marks are all there, and whose others are not. */
static const struct family {
    const char *name;
    enum mark shown_by;
    unsigned also, without;
} families[] = {
    {"RT-DETR", MARK_GRID_SAMPLE, 0, 0},
    {"a transformer detector (such as RT-DETR or RF-DETR)", MARK_LAYER_NORM, BIT(MARK_ATTENTION),
     BIT(MARK_EXPECTATION)},
    {"YOLO-World or YOLOE", MARK_EINSUM, BIT(MARK_EXPECTATION), 0},
    {"a detector of oriented boxes (YOLO -obb)", MARK_COSINE, 0, 0},
    {"YOLOv7 with anchor boxes", MARK_ANCHORS, BIT(MARK_HALVING_POOL), 0},
    {"YOLOv5 (or v3) with anchor boxes", MARK_ANCHORS, 0, 0},
    {"YOLOX", MARK_FOCUS, 0, 0},
    {"a segmentation model (YOLO -seg)", MARK_TRANSPOSED_CONVOLUTION,
     BIT(MARK_EXPECTATION) | BIT(MARK_MASKS), 0},
    {"a classifier", MARK_GLOBAL_POOL, 0, BIT(MARK_EXPECTATION)},
};

static const struct oct_array *constant_of(const struct oct_graph *graph,
                                           const struct oct_node *node, int input)
{
    const int value = input < node->input_count ? node->inputs[input] : -1;
    return oct_value_is_constant(graph, value) ? &graph->values[value].array : NULL;
}

static bool is_attention(const struct oct_graph *graph, const struct oct_node *node)
{
    return node->input_count == 2 && !constant_of(graph, node, 0) && !constant_of(graph, node, 1);
}

static int64_t first_of(const struct oct_node *node, const char *name, int64_t otherwise)
{
    const struct oct_attribute *list = oct_node_attribute(node, name, OCT_ATTRIBUTE_INTS);
    return list && list->count > 0 ? list->integers[0] : otherwise;
}

/* A ConvTranspose may have been split already, into what is a Conv. */
static unsigned convolution_marks(const struct oct_graph *graph, const struct oct_node *node)
{
    const bool transposed = strcmp(node->op_name, "ConvTranspose") == 0;
    return (transposed ? BIT(MARK_TRANSPOSED_CONVOLUTION) : 0) |
           (oct_is_expectation(graph, node) ? BIT(MARK_EXPECTATION) : 0);
}

/* A Reshape to three anchors' predictions, or a Slice with a step of 2. */
static unsigned movement_marks(const struct oct_graph *graph, const struct oct_node *node)
{
    const struct oct_array *shape = constant_of(graph, node, 1),
                           *steps = constant_of(graph, node, 4);
    if (node->op == OCT_OP_RESHAPE)
        return shape && shape->type == OCT_DATA_INT && shape->count == 5 &&
                       oct_ints(shape)[1] == 3 && oct_ints(shape)[2] > 5
                   ? BIT(MARK_ANCHORS)
                   : 0;
    return steps && steps->type == OCT_DATA_INT && steps->count == 1 && oct_ints(steps)[0] == 2
               ? BIT(MARK_FOCUS)
               : 0;
}

static unsigned marks_of(const struct oct_graph *graph, const struct oct_node *node)
{
    static const struct {
        const char *op;
        enum mark mark;
    } operators[] = {
        {"Einsum", MARK_EINSUM},
        {"GridSample", MARK_GRID_SAMPLE},
        {"LayerNormalization", MARK_LAYER_NORM},
        {"Cos", MARK_COSINE},
        {"GlobalAveragePool", MARK_GLOBAL_POOL},
        {"ConvTranspose", MARK_TRANSPOSED_CONVOLUTION},
    };
    if (node->op == OCT_OP_CONV)
        return convolution_marks(graph, node);
    if (node->op == OCT_OP_RESHAPE || node->op == OCT_OP_SLICE)
        return movement_marks(graph, node);
    if (node->op == OCT_OP_ATTENTION)
        return BIT(MARK_ATTENTION);
    if (node->op == OCT_OP_MAT_MUL)
        return is_attention(graph, node) ? BIT(MARK_ATTENTION) : 0;
    if (node->op == OCT_OP_MAX_POOL)
        return first_of(node, "kernel_shape", 1) == 2 && first_of(node, "strides", 1) == 2
                   ? BIT(MARK_HALVING_POOL)
                   : 0;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (strcmp(node->op_name, operators[i].op) == 0)
            return BIT(operators[i].mark);
    return 0;
}

/* What the exporter said that it is, where that is another YOLO than YOLOv8; or NULL. */
static const char *described_as(const struct oct_import *import)
{
    const char *description = oct_metadata_find(import, "description");
    const char *name = description ? strstr(description, "YOLO") : NULL;
    return name && strncmp(name, "YOLOv8", 6) != 0 ? name : NULL;
}

/* Of the file's outputs, of which passes may have left some out. */
static bool has_masks(const struct oct_import *import)
{
    const OctOnnx__GraphProto *file = import->onnx->message->graph;
    const struct oct_graph *graph = import->graph;
    for (size_t v = 0; file->n_output > 1 && v < graph->value_count; v++)
        if (graph->values[v].array.rank == 4)
            for (size_t o = 0; o < file->n_output; o++)
                if (strcmp(file->output[o]->name, graph->values[v].name) == 0)
                    return true;
    return false;
}

octet_status oct_name_family(const struct oct_import *import, octet_status status)
{
    const struct oct_graph *graph = import->graph;
    const struct oct_node *first[MARK_COUNT] = {NULL};
    unsigned marks = 0;
    if (status != OCTET_UNSUPPORTED_MODEL && status != OCTET_UNSUPPORTED_OPERATOR)
        return status;
    if (has_masks(import))
        marks |= BIT(MARK_MASKS);
    for (size_t n = 0; n < graph->node_count; n++) {
        const unsigned own = marks_of(graph, &graph->nodes[n]);
        for (int mark = 0; mark < MARK_COUNT; mark++)
            if ((own & ~marks) & BIT(mark))
                first[mark] = &graph->nodes[n];
        marks |= own;
    }
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        const struct family *family = &families[i];
        const unsigned needed = family->also | BIT(family->shown_by);
        if ((marks & needed) != needed || (marks & family->without))
            continue;
        return oct_fail(import->ctx, status,
                        "%s: this is %s, as operator %.60s at node '%.200s' shows: octet reads "
                        "YOLOv6, v8, v9, v10, 11, 12 and 26",
                        import->name, family->name, first[family->shown_by]->op_name,
                        oct_node_label(graph, first[family->shown_by]));
    }
    const char *name = described_as(import);
    if (!name)
        return status;
    char reason[OCT_MESSAGE_BYTES];
    memcpy(reason, import->ctx->message, sizeof reason);
    return oct_fail(import->ctx, status, "%.700s (its metadata says '%.80s')", reason, name);
}
