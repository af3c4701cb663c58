/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that work element by element on one operand, and copies. */
#include <math.h>
#include <string.h>

#include "compiler/graph/operators.h"

int64_t oct_integer_of(double value)
{
    if (value >= 9223372036854775807.0)
        return INT64_MAX;
    if (value <= -9223372036854775808.0)
        return INT64_MIN;
    return value == value ? (int64_t)value : 0;
}

static int64_t negative(int64_t a)
{
    return (int64_t)(0 - (uint64_t)a);
}

static float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

static float hard_sigmoid(float x, float alpha, float beta)
{
    return fminf(fmaxf(alpha * x + beta, 0.0f), 1.0f);
}

octet_status oct_infer_unary(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    return oct_call_shape(call, 0, input->type, input->rank, input->dims);
}

#define EACH(type, expression)                                                                     \
    do {                                                                                           \
        const type *x = input->data;                                                               \
        type *y = output->data;                                                                    \
        for (size_t i = 0; i < input->count; i++)                                                  \
            y[i] = (expression);                                                                   \
    } while (0)

static bool unary_floats(enum oct_operator op, const struct oct_array *input,
                         struct oct_array *output)
{
    switch (op) {
    case OCT_OP_SIGMOID:
        EACH(float, sigmoid(x[i]));
        return true;
    case OCT_OP_EXP:
        EACH(float, expf(x[i]));
        return true;
    case OCT_OP_LOG:
        EACH(float, logf(x[i]));
        return true;
    case OCT_OP_SQRT:
        EACH(float, sqrtf(x[i]));
        return true;
    case OCT_OP_RECIPROCAL:
        EACH(float, 1.0f / x[i]);
        return true;
    case OCT_OP_NEG:
        EACH(float, -x[i]);
        return true;
    case OCT_OP_ABS:
        EACH(float, fabsf(x[i]));
        return true;
    case OCT_OP_FLOOR:
        EACH(float, floorf(x[i]));
        return true;
    case OCT_OP_CEIL:
        EACH(float, ceilf(x[i]));
        return true;
    case OCT_OP_ERF:
        EACH(float, erff(x[i]));
        return true;
    case OCT_OP_TANH:
        EACH(float, tanhf(x[i]));
        return true;
    case OCT_OP_RELU:
        EACH(float, x[i] > 0.0f ? x[i] : 0.0f);
        return true;
    case OCT_OP_HARD_SWISH:
        EACH(float, x[i] * hard_sigmoid(x[i], 1.0f / 6.0f, 0.5f));
        return true;
    default:
        return false;
    }
}

static bool unary_ints(enum oct_operator op, const struct oct_array *input,
                       struct oct_array *output)
{
    switch (op) {
    case OCT_OP_NOT:
        EACH(int64_t, !x[i]);
        return true;
    case OCT_OP_NEG:
        EACH(int64_t, negative(x[i]));
        return true;
    case OCT_OP_ABS:
        EACH(int64_t, x[i] < 0 ? negative(x[i]) : x[i]);
        return true;
    default:
        return false;
    }
}

octet_status oct_evaluate_unary(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    enum oct_operator op = call->node->op;
    bool done = input->type == OCT_DATA_FLOAT ? unary_floats(op, input, &call->outputs[0])
                                              : unary_ints(op, input, &call->outputs[0]);
    return done ? OCTET_OK : oct_call_bad(call, "its input is of the wrong type");
}

octet_status oct_evaluate_swish(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    struct oct_array *output = &call->outputs[0];
    float alpha = oct_node_float(call->node, "alpha", 1.0f);
    if (input->type != OCT_DATA_FLOAT)
        return oct_call_bad(call, "its input is of the wrong type");
    EACH(float, x[i] * sigmoid(alpha * x[i]));
    return OCTET_OK;
}

/* Activations with attributes. */
octet_status oct_evaluate_sloped(struct oct_call *call)
{
    const struct oct_node *node = call->node;
    const struct oct_array *input = call->inputs[0];
    struct oct_array *output = &call->outputs[0];
    if (input->type != OCT_DATA_FLOAT)
        return oct_call_bad(call, "its input is of the wrong type");
    if (node->op == OCT_OP_HARD_SIGMOID) {
        const float alpha = oct_node_float(node, "alpha", 0.2f);
        const float beta = oct_node_float(node, "beta", 0.5f);
        EACH(float, hard_sigmoid(x[i], alpha, beta));
    } else if (node->op == OCT_OP_LEAKY_RELU) {
        const float alpha = oct_node_float(node, "alpha", 0.01f);
        EACH(float, x[i] < 0.0f ? x[i] * alpha : x[i]);
    } else {
        const bool tanh = strcmp(oct_node_string(node, "approximate", "none"), "tanh") == 0;
        const enum oct_activation gelu = tanh ? OCT_ACTIVATION_GELU_TANH : OCT_ACTIVATION_GELU;
        EACH(float, oct_activation_value(gelu, 0.0f, x[i]));
    }
    return OCTET_OK;
}

octet_status oct_evaluate_clip(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    const struct oct_array *low = oct_call_input(call, 1), *high = oct_call_input(call, 2);
    struct oct_array *output = &call->outputs[0];
    if ((low && (low->count != 1 || low->type != input->type)) ||
        (high && (high->count != 1 || high->type != input->type)))
        return oct_call_bad(call, "its limits are not scalars of the input's type");
    if (input->type == OCT_DATA_FLOAT) {
        float least = low ? oct_floats(low)[0] : oct_node_float(call->node, "min", -INFINITY);
        float most = high ? oct_floats(high)[0] : oct_node_float(call->node, "max", INFINITY);
        EACH(float, x[i]<least ? least : x[i]> most ? most : x[i]);
    } else {
        int64_t least = low ? oct_ints(low)[0] : INT64_MIN,
                most = high ? oct_ints(high)[0] : INT64_MAX;
        EACH(int64_t, x[i] < least ? least : x[i] > most ? most : x[i]);
    }
    return OCTET_OK;
}

octet_status oct_infer_same(struct oct_call *call)
{
    return oct_infer_unary(call);
}

/* For all operators whose output has the input's elements in the same order. */
octet_status oct_evaluate_copy(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    if (input->count != call->outputs[0].count)
        return oct_call_bad(call, "its output does not have as many elements as its input");
    memcpy(call->outputs[0].data, input->data, input->count * oct_array_element_bytes(input));
    return OCTET_OK;
}

/* ---- Cast ---- */

enum { ONNX_BOOL = 9 };

static enum oct_data_type cast_type(int64_t onnx_type)
{
    switch (onnx_type) {
    case 1:
    case 10:
    case 11:
    case 16:
        return OCT_DATA_FLOAT; /* float, half, double, bfloat16 */
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case ONNX_BOOL:
    case 12:
    case 13:
        return OCT_DATA_INT;
    default:
        return OCT_DATA_UNKNOWN;
    }
}

octet_status oct_infer_cast(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    enum oct_data_type type = cast_type(oct_node_int(call->node, "to", 0));
    if (type == OCT_DATA_UNKNOWN)
        return OCTET_OK;
    return oct_call_shape(call, 0, type, input->rank, input->dims);
}

octet_status oct_evaluate_cast(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    struct oct_array *output = &call->outputs[0];
    bool to_bool = oct_node_int(call->node, "to", 0) == ONNX_BOOL;
    for (size_t i = 0; i < input->count; i++) {
        bool from_float = input->type == OCT_DATA_FLOAT;
        if (output->type == OCT_DATA_FLOAT)
            oct_floats(output)[i] = from_float ? oct_floats(input)[i] : (float)oct_ints(input)[i];
        else if (to_bool)
            oct_ints(output)[i] = from_float ? oct_floats(input)[i] != 0 : oct_ints(input)[i] != 0;
        else
            oct_ints(output)[i] =
                from_float ? oct_integer_of(oct_floats(input)[i]) : oct_ints(input)[i];
    }
    return OCTET_OK;
}
