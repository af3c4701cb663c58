/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that work element by element on two operands or more, with broadcasting. */
#include <math.h>
#include <string.h>

#include "compiler/graph/operators.h"

/* ---- broadcasting ---- */

#define OPERANDS_MAX 3

struct broadcast {
    int rank;
    int64_t dims[OCT_RANK_MAX];
    int64_t strides[OPERANDS_MAX][OCT_RANK_MAX]; /* 0 along repeated dimensions */
};

/* Merges `array`'s shape into the common shape; false when they do not fit. */
static bool merge_shape(struct broadcast *common, const struct oct_array *array)
{
    if (array->rank > common->rank) {
        int more = array->rank - common->rank;
        memmove(common->dims + more, common->dims, (size_t)common->rank * sizeof common->dims[0]);
        for (int i = 0; i < more; i++)
            common->dims[i] = 1;
        common->rank = array->rank;
    }
    int shift = common->rank - array->rank;
    for (int i = 0; i < array->rank; i++) {
        int64_t *dim = &common->dims[i + shift];
        if (*dim == 1)
            *dim = array->dims[i];
        else if (array->dims[i] != 1 && array->dims[i] != *dim)
            return false;
    }
    return true;
}

static void set_strides(struct broadcast *common, int operand, const struct oct_array *array)
{
    int64_t own[OCT_RANK_MAX];
    oct_array_strides(array, own);
    int shift = common->rank - array->rank;
    for (int i = 0; i < common->rank; i++) {
        bool repeated = i < shift || array->dims[i - shift] == 1;
        common->strides[operand][i] = repeated ? 0 : own[i - shift];
    }
}

typedef void row_function(const void *const *operands, const int64_t *steps, void *result,
                          size_t count);

struct row_types {
    size_t operand_bytes[OPERANDS_MAX];
    size_t result_bytes;
};

static void run_rows(const struct broadcast *common, const struct oct_array *const *operands,
                     int operand_count, const struct row_types *types, struct oct_array *result,
                     row_function *row)
{
    if (result->count == 0)
        return;
    int inner = common->rank - 1;
    size_t length = inner >= 0 ? (size_t)common->dims[inner] : 1;
    int64_t at[OCT_RANK_MAX] = {0}, offsets[OPERANDS_MAX] = {0}, steps[OPERANDS_MAX] = {0};
    for (int o = 0; o < operand_count && inner >= 0; o++)
        steps[o] = common->strides[o][inner];
    char *out = result->data;
    for (size_t done = 0; done < result->count; done += length) {
        const void *rows[OPERANDS_MAX];
        for (int o = 0; o < operand_count; o++)
            rows[o] =
                (const char *)operands[o]->data + offsets[o] * (int64_t)types->operand_bytes[o];
        row(rows, steps, out + done * types->result_bytes, length);
        for (int axis = inner - 1; axis >= 0; axis--) {
            bool wraps = ++at[axis] == common->dims[axis];
            for (int o = 0; o < operand_count; o++)
                offsets[o] += common->strides[o][axis] * (wraps ? 1 - common->dims[axis] : 1);
            if (!wraps)
                break;
            at[axis] = 0;
        }
    }
}

/* ---- two operands ---- */

#define FLOAT_ROW(name, result_type, expression)                                                   \
    static void float_##name(const void *const *operands, const int64_t *steps, void *result,      \
                             size_t count)                                                         \
    {                                                                                              \
        const float *a = operands[0], *b = operands[1];                                            \
        result_type *y = result;                                                                   \
        for (size_t i = 0; i < count; i++, a += steps[0], b += steps[1])                           \
            y[i] = (expression);                                                                   \
    }
#define INT_ROW(name, expression)                                                                  \
    static void int_##name(const void *const *operands, const int64_t *steps, void *result,        \
                           size_t count)                                                           \
    {                                                                                              \
        const int64_t *a = operands[0], *b = operands[1];                                          \
        int64_t *y = result;                                                                       \
        for (size_t i = 0; i < count; i++, a += steps[0], b += steps[1])                           \
            y[i] = (expression);                                                                   \
    }

static int64_t wrap_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}
static int64_t wrap_subtract(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}
static int64_t wrap_multiply(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}
/* Division by zero was refused before; -1 must not overflow. */
static int64_t divide(int64_t a, int64_t b)
{
    return b == -1 ? wrap_subtract(0, a) : a / b;
}
/* The sign follows the divisor (fmod = 0, the only kind there is for integers in exports). */
static int64_t modulo(int64_t a, int64_t b)
{
    int64_t rest = b == -1 ? 0 : a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
static int64_t power(int64_t a, int64_t b)
{
    return oct_integer_of(pow((double)a, (double)b));
}

FLOAT_ROW(add, float, *a + *b)
FLOAT_ROW(subtract, float, *a - *b)
FLOAT_ROW(multiply, float, *a **b)
FLOAT_ROW(divide, float, *a / *b)
FLOAT_ROW(power, float, powf(*a, *b))
FLOAT_ROW(modulo, float, fmodf(*a, *b))
FLOAT_ROW(minimum, float, *a < *b ? *a : *b)
FLOAT_ROW(maximum, float, *a > *b ? *a : *b)
FLOAT_ROW(equal, int64_t, *a == *b)
FLOAT_ROW(greater, int64_t, *a > *b)
FLOAT_ROW(greater_or_equal, int64_t, *a >= *b)
FLOAT_ROW(less, int64_t, *a < *b)
FLOAT_ROW(less_or_equal, int64_t, *a <= *b)
INT_ROW(add, wrap_add(*a, *b))
INT_ROW(subtract, wrap_subtract(*a, *b))
INT_ROW(multiply, wrap_multiply(*a, *b))
INT_ROW(divide, divide(*a, *b))
INT_ROW(power, power(*a, *b))
INT_ROW(modulo, modulo(*a, *b))
INT_ROW(minimum, *a < *b ? *a : *b)
INT_ROW(maximum, *a > *b ? *a : *b)
INT_ROW(equal, *a == *b)
INT_ROW(greater, *a > *b)
INT_ROW(greater_or_equal, *a >= *b)
INT_ROW(less, *a < *b)
INT_ROW(less_or_equal, *a <= *b)
INT_ROW(and, *a &&*b)
INT_ROW(or, *a || *b)

struct binary {
    row_function *floats, *ints;
    bool compares; /* the result is a boolean */
};

static const struct binary binaries[OCT_OP_COUNT] = {
    [OCT_OP_ADD] = {float_add, int_add, false},
    [OCT_OP_SUB] = {float_subtract, int_subtract, false},
    [OCT_OP_MUL] = {float_multiply, int_multiply, false},
    [OCT_OP_DIV] = {float_divide, int_divide, false},
    [OCT_OP_POW] = {float_power, int_power, false},
    [OCT_OP_MOD] = {float_modulo, int_modulo, false},
    [OCT_OP_MIN] = {float_minimum, int_minimum, false},
    [OCT_OP_MAX] = {float_maximum, int_maximum, false},
    [OCT_OP_EQUAL] = {float_equal, int_equal, true},
    [OCT_OP_GREATER] = {float_greater, int_greater, true},
    [OCT_OP_GREATER_OR_EQUAL] = {float_greater_or_equal, int_greater_or_equal, true},
    [OCT_OP_LESS] = {float_less, int_less, true},
    [OCT_OP_LESS_OR_EQUAL] = {float_less_or_equal, int_less_or_equal, true},
    [OCT_OP_AND] = {NULL, int_and, true},
    [OCT_OP_OR] = {NULL, int_or, true},
};

octet_status oct_infer_binary(struct oct_call *call)
{
    const struct oct_array *a = call->inputs[0], *b = call->inputs[1];
    const struct binary *binary = &binaries[call->node->op];
    struct broadcast common = {0};
    if (a->type != b->type || (a->type == OCT_DATA_FLOAT && !binary->floats))
        return oct_call_bad(call, "its inputs' types do not fit");
    if (!merge_shape(&common, a) || !merge_shape(&common, b))
        return oct_call_bad(call, "its inputs' shapes do not fit");
    return oct_call_shape(call, 0, binary->compares ? OCT_DATA_INT : a->type, common.rank,
                          common.dims);
}

static octet_status run_binary(struct oct_call *call, const struct oct_array *a,
                               const struct oct_array *b, struct oct_array *result)
{
    enum oct_operator op = call->node->op;
    struct broadcast common = {0};
    merge_shape(&common, a);
    merge_shape(&common, b);
    set_strides(&common, 0, a);
    set_strides(&common, 1, b);
    bool floats = a->type == OCT_DATA_FLOAT;
    if (!floats && (op == OCT_OP_DIV || op == OCT_OP_MOD))
        for (size_t i = 0; i < b->count; i++)
            if (oct_ints(b)[i] == 0)
                return oct_call_bad(call, "integer division by zero");
    const struct oct_array *operands[] = {a, b};
    struct row_types types = {{oct_array_element_bytes(a), oct_array_element_bytes(b)},
                              oct_array_element_bytes(result)};
    run_rows(&common, operands, 2, &types, result,
             floats ? binaries[op].floats : binaries[op].ints);
    return OCTET_OK;
}

octet_status oct_evaluate_binary(struct oct_call *call)
{
    return run_binary(call, call->inputs[0], call->inputs[1], &call->outputs[0]);
}

octet_status oct_infer_variadic(struct oct_call *call)
{
    struct broadcast common = {0};
    for (int i = 0; i < call->node->input_count; i++) {
        const struct oct_array *input = call->inputs[i];
        if (!input || input->type != call->inputs[0]->type || !merge_shape(&common, input))
            return oct_call_bad(call, "its inputs' types or shapes do not fit");
    }
    return oct_call_shape(call, 0, call->inputs[0]->type, common.rank, common.dims);
}

octet_status oct_evaluate_variadic(struct oct_call *call)
{
    struct oct_array *result = &call->outputs[0];
    struct broadcast common = {.rank = result->rank};
    memcpy(common.dims, result->dims, sizeof common.dims);
    set_strides(&common, 0, call->inputs[0]);
    struct oct_strided_copy copy = {.rank = result->rank,
                                    .element_bytes = oct_array_element_bytes(result),
                                    .source = call->inputs[0]->data,
                                    .target = result->data};
    memcpy(copy.dims, common.dims, sizeof common.dims);
    memcpy(copy.source_strides, common.strides[0], sizeof common.strides[0]);
    oct_array_strides(result, copy.target_strides);
    oct_strided_copy(&copy);
    octet_status status = OCTET_OK;
    for (int i = 1; !status && i < call->node->input_count; i++)
        status = run_binary(call, result, call->inputs[i], result);
    return status;
}

/* ---- Where ---- */

static void where_floats(const void *const *operands, const int64_t *steps, void *result,
                         size_t count)
{
    const int64_t *condition = operands[0];
    const float *a = operands[1], *b = operands[2];
    float *y = result;
    for (size_t i = 0; i < count; i++, condition += steps[0], a += steps[1], b += steps[2])
        y[i] = *condition ? *a : *b;
}

static void where_ints(const void *const *operands, const int64_t *steps, void *result,
                       size_t count)
{
    const int64_t *condition = operands[0], *a = operands[1], *b = operands[2];
    int64_t *y = result;
    for (size_t i = 0; i < count; i++, condition += steps[0], a += steps[1], b += steps[2])
        y[i] = *condition ? *a : *b;
}

octet_status oct_infer_where(struct oct_call *call)
{
    const struct oct_array *const *in = call->inputs;
    struct broadcast common = {0};
    if (in[0]->type != OCT_DATA_INT || in[1]->type != in[2]->type)
        return oct_call_bad(call, "its inputs' types do not fit");
    for (int i = 0; i < 3; i++)
        if (!merge_shape(&common, in[i]))
            return oct_call_bad(call, "its inputs' shapes do not fit");
    return oct_call_shape(call, 0, in[1]->type, common.rank, common.dims);
}

octet_status oct_evaluate_where(struct oct_call *call)
{
    struct oct_array *result = &call->outputs[0];
    struct broadcast common = {.rank = result->rank};
    memcpy(common.dims, result->dims, sizeof common.dims);
    struct row_types types = {.result_bytes = oct_array_element_bytes(result)};
    for (int i = 0; i < 3; i++) {
        set_strides(&common, i, call->inputs[i]);
        types.operand_bytes[i] = oct_array_element_bytes(call->inputs[i]);
    }
    run_rows(&common, call->inputs, 3, &types, result,
             result->type == OCT_DATA_FLOAT ? where_floats : where_ints);
    return OCTET_OK;
}
