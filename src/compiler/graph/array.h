/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dense array, row-major: what a graph value holds. The interpreter computes with two types only:
 * all floating types of ONNX are float here, all integers and booleans are int64_t.
 */
#ifndef OCTET_COMPILER_GRAPH_ARRAY_H
#define OCTET_COMPILER_GRAPH_ARRAY_H

#include "base/memory.h"

#define OCT_RANK_MAX 8
#define OCT_ELEMENTS_MAX ((size_t)1 << 31) /* of any one array */

enum oct_data_type { OCT_DATA_UNKNOWN, OCT_DATA_FLOAT, OCT_DATA_INT };

struct oct_array {
    enum oct_data_type type; /* UNKNOWN: neither type nor shape is known */
    int rank;
    int64_t dims[OCT_RANK_MAX];
    size_t count; /* elements: the product of dims; 1 for a scalar */
    /* float or int64_t; NULL where only the shape is known. Constants are shared: read only */
    void *data;
};

/* Sets type and shape, data to NULL. False when a dimension is negative, or the rank or the count
 * too large. */
bool oct_array_shape(struct oct_array *array, enum oct_data_type type, int rank,
                     const int64_t *dims);

/* As oct_array_shape(), with zeroed elements from oct_calloc(); the caller frees `data`. */
bool oct_array_allocate(octet_context *ctx, struct oct_array *array);

bool oct_array_same_shape(const struct oct_array *a, const struct oct_array *b);

/* The product of dims[first] to dims[last - 1]. */
size_t oct_array_extent(const struct oct_array *array, int first, int last);

static inline size_t oct_array_element_bytes(const struct oct_array *array)
{
    return array->type == OCT_DATA_FLOAT ? sizeof(float) : sizeof(int64_t);
}
static inline float *oct_floats(const struct oct_array *array)
{
    return array->data;
}
/* Whether none of an array of floats is NaN or infinite. */
bool oct_floats_finite(const struct oct_array *array);
static inline int64_t *oct_ints(const struct oct_array *array)
{
    return array->data;
}

/* "1x3x640x640", "" for a scalar; returns `text`. */
const char *oct_array_shape_text(const struct oct_array *array, char *text, size_t bytes);

#endif
