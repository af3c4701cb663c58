/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes, strides and memory of dense arrays. */
#include "compiler/graph/array.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool oct_array_shape(struct oct_array *array, enum oct_data_type type, int rank,
                     const int64_t *dims)
{
    if (rank < 0 || rank > OCT_RANK_MAX)
        return false;
    struct oct_array shaped = {.type = type, .rank = rank, .count = 1};
    bool empty = false;
    for (int i = 0; i < rank; i++) {
        if (dims[i] < 0 || (uint64_t)dims[i] > OCT_ELEMENTS_MAX)
            return false;
        shaped.dims[i] = dims[i];
        empty = empty || dims[i] == 0;
        if (dims[i] && shaped.count > OCT_ELEMENTS_MAX / (size_t)dims[i])
            return false;
        shaped.count *= dims[i] ? (size_t)dims[i] : 1;
    }
    if (empty)
        shaped.count = 0;
    *array = shaped;
    return true;
}

bool oct_array_allocate(octet_context *ctx, struct oct_array *array)
{
    array->data = oct_calloc(ctx, array->count, oct_array_element_bytes(array));
    return array->data != NULL;
}

bool oct_array_same_shape(const struct oct_array *a, const struct oct_array *b)
{
    return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof a->dims[0]) == 0;
}

size_t oct_array_extent(const struct oct_array *array, int first, int last)
{
    size_t extent = 1;
    for (int i = first; i < last; i++)
        extent *= (size_t)array->dims[i];
    return extent;
}

const char *oct_array_shape_text(const struct oct_array *array, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < array->rank && used < bytes; i++) {
        int added =
            snprintf(text + used, bytes - used, "%s%lld", i ? "x" : "", (long long)array->dims[i]);
        if (added < 0)
            break;
        used += (size_t)added;
    }
    return text;
}

bool oct_floats_finite(const struct oct_array *array)
{
    for (size_t i = 0; i < array->count; i++)
        if (!isfinite(oct_floats(array)[i]))
            return false;
    return true;
}
