/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operators, and how their inputs and attributes are read. */
#include "compiler/graph/operators.h"

#include <string.h>

static const struct oct_operator_info operators[OCT_OP_COUNT] = {
    [OCT_OP_OTHER] = {"", 0, 1024, NULL, NULL},
#define OPERATOR_ROW(constant, name, inputs, outputs, infer, evaluate)                             \
    [OCT_OP_##constant] = {name, inputs, outputs, oct_infer_##infer, oct_evaluate_##evaluate},
    OCT_OPERATOR_LIST(OPERATOR_ROW)
#undef OPERATOR_ROW
};

const struct oct_operator_info *oct_operator_info(enum oct_operator op)
{
    return &operators[op];
}

enum oct_operator oct_operator_find(const char *name)
{
    for (int op = OCT_OP_OTHER + 1; op < OCT_OP_COUNT && name[0] != '('; op++)
        if (strcmp(operators[op].name, name) == 0)
            return (enum oct_operator)op;
    return OCT_OP_OTHER;
}

bool oct_moves_elements(enum oct_operator op)
{
    static const enum oct_operator moves[] = {OCT_OP_FLATTEN,   OCT_OP_IDENTITY, OCT_OP_RESHAPE,
                                              OCT_OP_SLICE,     OCT_OP_SPLIT,    OCT_OP_SQUEEZE,
                                              OCT_OP_TRANSPOSE, OCT_OP_UNSQUEEZE};
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++)
        if (op == moves[i])
            return true;
    return false;
}

octet_status oct_call_bad(const struct oct_call *call, const char *reason)
{
    return oct_node_fail(call->graph, call->node, OCTET_BAD_SHAPE, "%s", reason);
}

octet_status oct_call_shape(struct oct_call *call, int index, enum oct_data_type type, int rank,
                            const int64_t *dims)
{
    if (oct_array_shape(&call->outputs[index], type, rank, dims))
        return OCTET_OK;
    return oct_call_bad(call, "its output is too large or has a negative size");
}

bool oct_call_integers(const struct oct_call *call, int index, const char *name,
                       const int64_t **values, size_t *count, bool *given)
{
    const struct oct_array *input = index >= 0 ? oct_call_input(call, index) : NULL;
    *given = true;
    if (input) {
        *values = input->data;
        *count = input->count;
        return input->type == OCT_DATA_INT && input->data;
    }
    const struct oct_attribute *attribute =
        name ? oct_node_attribute(call->node, name, OCT_ATTRIBUTE_INTS) : NULL;
    *given = attribute != NULL;
    if (!attribute)
        return false;
    *values = attribute->integers;
    *count = attribute->count;
    return true;
}

void oct_array_strides(const struct oct_array *array, int64_t *strides)
{
    int64_t stride = 1;
    for (int i = array->rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= array->dims[i] ? array->dims[i] : 1;
    }
}

static void copy_row(const struct oct_strided_copy *copy, const char *source, char *target,
                     int64_t n, int64_t source_step, int64_t target_step)
{
    if (source_step == 1 && target_step == 1) {
        memcpy(target, source, (size_t)n * copy->element_bytes);
    } else if (copy->element_bytes == sizeof(float)) {
        const float *from = (const float *)(const void *)source;
        float *to = (float *)(void *)target;
        for (int64_t i = 0; i < n; i++)
            to[i * target_step] = from[i * source_step];
    } else {
        const int64_t *from = (const int64_t *)(const void *)source;
        int64_t *to = (int64_t *)(void *)target;
        for (int64_t i = 0; i < n; i++)
            to[i * target_step] = from[i * source_step];
    }
}

void oct_strided_copy(const struct oct_strided_copy *copy)
{
    int inner = copy->rank - 1;
    int64_t at[2 * OCT_RANK_MAX] = {0};
    for (int i = 0; i < copy->rank; i++)
        if (copy->dims[i] == 0)
            return;
    int64_t source = 0, target = 0, bytes = (int64_t)copy->element_bytes;
    for (;;) {
        copy_row(copy, (const char *)copy->source + source * bytes,
                 (char *)copy->target + target * bytes, inner >= 0 ? copy->dims[inner] : 1,
                 inner >= 0 ? copy->source_strides[inner] : 1,
                 inner >= 0 ? copy->target_strides[inner] : 1);
        int axis = inner - 1;
        for (; axis >= 0; axis--) {
            source += copy->source_strides[axis];
            target += copy->target_strides[axis];
            if (++at[axis] < copy->dims[axis])
                break;
            source -= at[axis] * copy->source_strides[axis];
            target -= at[axis] * copy->target_strides[axis];
            at[axis] = 0;
        }
        if (axis < 0)
            return;
    }
}
