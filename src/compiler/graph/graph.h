/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph: an ONNX model's nodes and values as the passes rewrite them. Values and nodes are
 * named by index. A value is a constant (it has data), a graph input, or the output of one node.
 */
#ifndef OCTET_COMPILER_GRAPH_GRAPH_H
#define OCTET_COMPILER_GRAPH_GRAPH_H

#include "base/arena.h"
#include "base/text.h"
#include "compiler/graph/array.h"
#include "compiler/graph/provenance.h"
#include "network/activations.h"
#include "network/quantization.h"

#define OCT_NODES_MAX 200000
#define OCT_VALUES_MAX 1000000

/* X(constant, ONNX name, inputs that may not be left out, outputs, shape rule, evaluation) */
#define OCT_OPERATOR_LIST(X)                                                                       \
    X(ABS, "Abs", 1, 1, unary, unary)                                                              \
    X(ADD, "Add", 2, 1, binary, binary)                                                            \
    X(AND, "And", 2, 1, binary, binary)                                                            \
    X(ARG_MAX, "ArgMax", 1, 1, arg_max, arg_max)                                                   \
    X(ATTENTION, "(attention)", 1, 1, attention, attention)                                        \
    X(AVERAGE_POOL, "AveragePool", 1, 1, average_pool, average_pool)                               \
    X(BATCH_NORMALIZATION, "BatchNormalization", 5, 1, batch_normalization, batch_normalization)   \
    X(CAST, "Cast", 1, 1, cast, cast)                                                              \
    X(CEIL, "Ceil", 1, 1, unary, unary)                                                            \
    X(CLIP, "Clip", 1, 1, unary, clip)                                                             \
    X(CONCAT, "Concat", 1, 1, concat, concat)                                                      \
    X(CONSTANT_OF_SHAPE, "ConstantOfShape", 1, 1, constant_of_shape, constant_of_shape)            \
    X(CONV, "Conv", 2, 1, conv, conv)                                                              \
    X(CONV_TRANSPOSE, "ConvTranspose", 2, 1, conv_transpose, conv_transpose)                       \
    X(DEPTH_TO_SPACE, "DepthToSpace", 1, 1, depth_to_space, depth_to_space)                        \
    X(DIV, "Div", 2, 1, binary, binary)                                                            \
    X(DROPOUT, "Dropout", 1, 1, same, copy)                                                        \
    X(EQUAL, "Equal", 2, 1, binary, binary)                                                        \
    X(ERF, "Erf", 1, 1, unary, unary)                                                              \
    X(EXP, "Exp", 1, 1, unary, unary)                                                              \
    X(EXPAND, "Expand", 2, 1, expand, expand)                                                      \
    X(FAKE_QUANTIZE, "(QuantizeLinear, DequantizeLinear)", 1, 1, same, copy)                       \
    X(FLATTEN, "Flatten", 1, 1, flatten, copy)                                                     \
    X(FLOOR, "Floor", 1, 1, unary, unary)                                                          \
    X(GATHER, "Gather", 2, 1, gather, gather)                                                      \
    X(GATHER_ELEMENTS, "GatherElements", 2, 1, gather_elements, gather_elements)                   \
    X(GATHER_ND, "GatherND", 2, 1, gather_nd, gather_nd)                                           \
    X(GELU, "Gelu", 1, 1, unary, sloped)                                                           \
    X(GREATER, "Greater", 2, 1, binary, binary)                                                    \
    X(GREATER_OR_EQUAL, "GreaterOrEqual", 2, 1, binary, binary)                                    \
    X(HARD_SIGMOID, "HardSigmoid", 1, 1, unary, sloped)                                            \
    X(HARD_SWISH, "HardSwish", 1, 1, unary, unary)                                                 \
    X(IDENTITY, "Identity", 1, 1, same, copy)                                                      \
    X(LEAKY_RELU, "LeakyRelu", 1, 1, unary, sloped)                                                \
    X(LESS, "Less", 2, 1, binary, binary)                                                          \
    X(LESS_OR_EQUAL, "LessOrEqual", 2, 1, binary, binary)                                          \
    X(LOG, "Log", 1, 1, unary, unary)                                                              \
    X(MAT_MUL, "MatMul", 2, 1, mat_mul, mat_mul)                                                   \
    X(MAX, "Max", 1, 1, variadic, variadic)                                                        \
    X(MAX_POOL, "MaxPool", 1, 1, max_pool, max_pool)                                               \
    X(MIN, "Min", 1, 1, variadic, variadic)                                                        \
    X(MOD, "Mod", 2, 1, binary, binary)                                                            \
    X(MUL, "Mul", 2, 1, binary, binary)                                                            \
    X(NEG, "Neg", 1, 1, unary, unary)                                                              \
    X(NOT, "Not", 1, 1, unary, unary)                                                              \
    X(OR, "Or", 2, 1, binary, binary)                                                              \
    X(PAD, "Pad", 1, 1, pad, pad)                                                                  \
    X(POW, "Pow", 2, 1, binary, binary)                                                            \
    X(RANGE, "Range", 3, 1, range, range)                                                          \
    X(RECIPROCAL, "Reciprocal", 1, 1, unary, unary)                                                \
    X(REDUCE_MAX, "ReduceMax", 1, 1, reduce, reduce)                                               \
    X(REDUCE_MEAN, "ReduceMean", 1, 1, reduce, reduce)                                             \
    X(REDUCE_MIN, "ReduceMin", 1, 1, reduce, reduce)                                               \
    X(REDUCE_PROD, "ReduceProd", 1, 1, reduce, reduce)                                             \
    X(REDUCE_SUM, "ReduceSum", 1, 1, reduce, reduce)                                               \
    X(RELU, "Relu", 1, 1, unary, unary)                                                            \
    X(RESHAPE, "Reshape", 2, 1, reshape, copy)                                                     \
    X(RESIZE, "Resize", 1, 1, resize, resize)                                                      \
    X(SHAPE, "Shape", 1, 1, shape, shape)                                                          \
    X(SIGMOID, "Sigmoid", 1, 1, unary, unary)                                                      \
    X(SIZE, "Size", 1, 1, size, size)                                                              \
    X(SLICE, "Slice", 1, 1, slice, slice)                                                          \
    X(SOFTMAX, "Softmax", 1, 1, softmax, softmax)                                                  \
    X(SPLIT, "Split", 1, 1024, split, split)                                                       \
    X(SQRT, "Sqrt", 1, 1, unary, unary)                                                            \
    X(SQUEEZE, "Squeeze", 1, 1, squeeze, copy)                                                     \
    X(SUB, "Sub", 2, 1, binary, binary)                                                            \
    X(SWISH, "Swish", 1, 1, unary, swish)                                                          \
    X(TANH, "Tanh", 1, 1, unary, unary)                                                            \
    X(TILE, "Tile", 2, 1, tile, tile)                                                              \
    X(TOP_K, "TopK", 2, 2, top_k, top_k)                                                           \
    X(TRANSPOSE, "Transpose", 1, 1, transpose, transpose)                                          \
    X(UNSQUEEZE, "Unsqueeze", 1, 1, unsqueeze, copy)                                               \
    X(UPSAMPLE, "Upsample", 1, 1, resize, resize)                                                  \
    X(WHERE, "Where", 3, 1, where, where)

/* What passes make has a name in brackets, which no operator of a file has. */
enum oct_operator {
    OCT_OP_OTHER, /* one that octet does not know */
#define OCT_OPERATOR_ENUM(constant, name, inputs, outputs, infer, evaluate) OCT_OP_##constant,
    OCT_OPERATOR_LIST(OCT_OPERATOR_ENUM)
#undef OCT_OPERATOR_ENUM
        OCT_OP_COUNT
};

enum oct_attribute_kind {
    OCT_ATTRIBUTE_OTHER,
    OCT_ATTRIBUTE_INT,
    OCT_ATTRIBUTE_FLOAT,
    OCT_ATTRIBUTE_STRING,
    OCT_ATTRIBUTE_INTS,
    OCT_ATTRIBUTE_FLOATS,
    OCT_ATTRIBUTE_ARRAY
};

struct oct_attribute {
    const char *name;
    enum oct_attribute_kind kind;
    int64_t integer; /* INT; ARRAY: the element type in the file */
    float number;
    const char *text;
    size_t count; /* INTS, FLOATS */
    const int64_t *integers;
    const float *numbers;
    struct oct_array array;
};

struct oct_value {
    const char *name;
    int producer; /* node, or -1 */
    bool is_input;
    int32_t file_type;      /* of a constant: TensorProto.DataType in the file; 0: not from there */
    struct oct_array array; /* with data: a constant */
    float step; /* of a constant that was dequantised: the largest of its scales; else 0 */
    const float *weight_scales; /* [dims[0]] of a constant that is integers times these; or NULL */
};

/*
 * A Conv node may have more fused into it: `activation` is applied to the convolution's result,
 * then input 3, where it is there, is added. Its output then is the value after all that.
 * Where the file quantises on the way, the grids say how. A FakeQuantize node puts its input on
 * `grid`; the interpreter passes it through as it is.
 */
struct oct_node {
    enum oct_operator op;
    const char *op_name; /* as the file has it, with the domain where that is not ONNX' own */
    const char *name;    /* "" where it has none */
    int input_count, output_count, attribute_count;
    int *inputs;  /* values; -1: left out */
    int *outputs; /* values; -1: left out */
    const struct oct_attribute *attributes;
    int part_count; /* what it was made of, see provenance.h: its operator first */
    const struct oct_part *parts;
    enum oct_activation activation;     /* Conv */
    float slope;                        /* Conv: of an activation that has one */
    struct oct_quantization grid;       /* FAKE_QUANTIZE */
    struct oct_quantization sum_grid;   /* Conv: of its result, before the activation */
    struct oct_quantization gate_grid;  /* Conv: of what the activation multiplies that with */
    struct oct_quantization value_grid; /* Conv: of what input 3 is added to */
    int64_t zeros[4]; /* Conv and pools: of a Pad before it, above, left, below, right: zeros that
                       * are read as the input is */
    int rounded;      /* Conv: the value that the first of these three, in order, rounds */
    const int *rows;  /* Conv: which of its file's channels are its own; NULL: all */
    bool removed;     /* dropped by the next oct_graph_sort() */
};

struct oct_graph {
    octet_context *ctx;
    const char *name; /* of the file, for messages */
    int opset;        /* of the default domain */
    struct oct_arena arena;
    struct oct_value *values;
    size_t value_count, value_capacity;
    struct oct_node *nodes;
    size_t node_count, node_capacity;
    int *inputs, *outputs; /* values */
    int input_count, output_count;
    struct oct_provenance file;
};

/* True for operators that give elements of input 0 in other places or shapes, and change none. */
bool oct_moves_elements(enum oct_operator op);

void oct_graph_init(struct oct_graph *graph, octet_context *ctx, const char *name);
void oct_graph_clear(struct oct_graph *graph);

/* Each returns the new index, or -1 when out of memory or over the limits above. Names and arrays
 * are not copied. */
int oct_graph_add_value(struct oct_graph *graph, const char *name);
int oct_graph_add_node(struct oct_graph *graph, const struct oct_node *node);

/* An array of `count` values in the arena, all -1. */
int *oct_graph_indices(struct oct_graph *graph, size_t count);

/*
 * Drops removed nodes, sorts the rest so that every node stands after those that it reads from (an
 * order that holds already is kept) and sets the values' producers. Fails with OCTET_BAD_FORMAT,
 * naming the value or node, when a value has two producers, is read but never produced, or when
 * nodes depend on themselves.
 */
octet_status oct_graph_sort(struct oct_graph *graph);

/* uses[value]: how many node inputs and graph outputs read it.
 * The caller frees it with oct_free(). */
octet_status oct_graph_count_uses(const struct oct_graph *graph, int **uses);

static inline bool oct_value_is_constant(const struct oct_graph *graph, int value)
{
    return value >= 0 && graph->values[value].array.data != NULL;
}

/* The node that produces `value`, or NULL. */
static inline struct oct_node *oct_graph_producer(const struct oct_graph *graph, int value)
{
    return value >= 0 && graph->values[value].producer >= 0
               ? &graph->nodes[graph->values[value].producer]
               : NULL;
}

/* The node's name, or where it has none that of its first output. */
const char *oct_node_label(const struct oct_graph *graph, const struct oct_node *node);

/* "FILE: operator OP at node 'NODE': REASON" */
octet_status oct_node_fail(const struct oct_graph *graph, const struct oct_node *node,
                           octet_status status, const char *format, ...) OCT_PRINTF(4, 5);

const struct oct_attribute *oct_node_attribute(const struct oct_node *node, const char *name,
                                               enum oct_attribute_kind kind);
int64_t oct_node_int(const struct oct_node *node, const char *name, int64_t otherwise);
float oct_node_float(const struct oct_node *node, const char *name, float otherwise);
const char *oct_node_string(const struct oct_node *node, const char *name, const char *otherwise);

/* Writes the graph as text, one node a line, for debugging and tests. */
void oct_graph_dump(const struct oct_graph *graph, struct oct_text *text);

#endif
