/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors of a message as arrays, and the format's types. */
#include "compiler/onnx/onnx_model.h"

#include <string.h>

struct element_type {
    int32_t type;
    const char *name;
    enum oct_data_type data_type;
    size_t raw_bytes;
};

static const struct element_type element_types[] = {
    {OCT_ONNX_FLOAT, "float32", OCT_DATA_FLOAT, 4},
    {OCT_ONNX_UINT8, "uint8", OCT_DATA_INT, 1},
    {OCT_ONNX_INT8, "int8", OCT_DATA_INT, 1},
    {OCT_ONNX_UINT16, "uint16", OCT_DATA_INT, 2},
    {OCT_ONNX_INT16, "int16", OCT_DATA_INT, 2},
    {OCT_ONNX_INT32, "int32", OCT_DATA_INT, 4},
    {OCT_ONNX_INT64, "int64", OCT_DATA_INT, 8},
    {OCT_ONNX_BOOL, "bool", OCT_DATA_INT, 1},
    {OCT_ONNX_FLOAT16, "float16", OCT_DATA_FLOAT, 2},
    {OCT_ONNX_DOUBLE, "float64", OCT_DATA_FLOAT, 8},
    {OCT_ONNX_UINT32, "uint32", OCT_DATA_INT, 4},
    {OCT_ONNX_UINT64, "uint64", OCT_DATA_INT, 8},
    {OCT_ONNX_BFLOAT16, "bfloat16", OCT_DATA_FLOAT, 2}};

/* Those that octet does not compute with, as the format calls them. */
static const struct {
    int32_t type;
    const char *name;
} unread_types[] = {{OCT_ONNX_STRING, "STRING"},
                    {OCT_ONNX_SPARSE, "sparse tensor"},
                    {14, "COMPLEX64"},
                    {15, "COMPLEX128"},
                    {17, "FLOAT8E4M3FN"},
                    {18, "FLOAT8E4M3FNUZ"},
                    {19, "FLOAT8E5M2"},
                    {20, "FLOAT8E5M2FNUZ"},
                    {21, "UINT4"},
                    {22, "INT4"},
                    {23, "FLOAT4E2M1"},
                    {24, "FLOAT8E8M0"},
                    {25, "UINT2"},
                    {26, "INT2"}};

static const struct element_type *find_type(int32_t type)
{
    for (size_t i = 0; i < sizeof element_types / sizeof element_types[0]; i++)
        if (element_types[i].type == type)
            return &element_types[i];
    return NULL;
}

bool oct_onnx_computes_with(int32_t type)
{
    return find_type(type) != NULL;
}

const char *oct_onnx_type_name(int32_t type)
{
    const struct element_type *found = find_type(type);
    const char *name = found ? found->name : "unknown";
    for (size_t i = 0; i < sizeof unread_types / sizeof unread_types[0]; i++)
        if (unread_types[i].type == type)
            name = unread_types[i].name;
    return name;
}

/* ---- element conversions ---- */

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float_of_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31,
             fraction = half & 0x3ff;
    if (exponent == 31)
        return float_of_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent)
        return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
    float magnitude = (float)fraction * (1.0f / 16777216.0f); /* subnormal: units of 2^-24 */
    return sign ? -magnitude : magnitude;
}

static uint64_t little_endian(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static float raw_float(int32_t type, const uint8_t *bytes)
{
    uint64_t bits = little_endian(bytes, find_type(type)->raw_bytes);
    if (type == OCT_ONNX_FLOAT16)
        return float_of_half((uint16_t)bits);
    if (type == OCT_ONNX_BFLOAT16)
        return float_of_bits((uint32_t)bits << 16);
    if (type == OCT_ONNX_FLOAT)
        return float_of_bits((uint32_t)bits);
    double value;
    memcpy(&value, &bits, sizeof value);
    return (float)value;
}

static int64_t raw_int(int32_t type, const uint8_t *bytes)
{
    uint64_t bits = little_endian(bytes, find_type(type)->raw_bytes);
    switch (type) {
    case OCT_ONNX_INT8:
        return (int8_t)bits;
    case OCT_ONNX_INT16:
        return (int16_t)bits;
    case OCT_ONNX_INT32:
        return (int32_t)bits;
    case OCT_ONNX_BOOL:
        return bits != 0;
    default:
        return (int64_t)bits;
    }
}

static bool host_is_little_endian(void)
{
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 1;
}

/* ---- tensors ---- */

static void fill_raw(const OctOnnx__TensorProto *tensor, size_t raw_bytes, struct oct_array *array)
{
    const uint8_t *bytes = tensor->raw_data.data;
    for (size_t i = 0; i < array->count; i++, bytes += raw_bytes) {
        if (array->type == OCT_DATA_FLOAT)
            oct_floats(array)[i] = raw_float(tensor->data_type, bytes);
        else
            oct_ints(array)[i] = raw_int(tensor->data_type, bytes);
    }
}

static float typed_float(const OctOnnx__TensorProto *tensor, size_t i)
{
    switch (tensor->data_type) {
    case OCT_ONNX_FLOAT:
        return tensor->float_data[i];
    case OCT_ONNX_DOUBLE:
        return (float)tensor->double_data[i];
    case OCT_ONNX_FLOAT16:
        return float_of_half((uint16_t)tensor->int32_data[i]);
    default:
        return float_of_bits((uint32_t)tensor->int32_data[i] << 16);
    }
}

static int64_t typed_int(const OctOnnx__TensorProto *tensor, size_t i)
{
    switch (tensor->data_type) {
    case OCT_ONNX_INT64:
        return tensor->int64_data[i];
    case OCT_ONNX_UINT32:
    case OCT_ONNX_UINT64:
        return (int64_t)tensor->uint64_data[i];
    case OCT_ONNX_BOOL:
        return tensor->int32_data[i] != 0;
    default:
        return tensor->int32_data[i];
    }
}

/* Elements in the typed field that the type is stored in. */
static size_t typed_count(const OctOnnx__TensorProto *tensor)
{
    switch (tensor->data_type) {
    case OCT_ONNX_FLOAT:
        return tensor->n_float_data;
    case OCT_ONNX_DOUBLE:
        return tensor->n_double_data;
    case OCT_ONNX_INT64:
        return tensor->n_int64_data;
    case OCT_ONNX_UINT32:
    case OCT_ONNX_UINT64:
        return tensor->n_uint64_data;
    default:
        return tensor->n_int32_data;
    }
}

static const char *label(const OctOnnx__TensorProto *tensor)
{
    return tensor->name ? tensor->name : "";
}

/* The message's own memory, where it holds the elements just as the array wants them. */
static void *usable_as_is(const OctOnnx__TensorProto *tensor, bool raw)
{
    void *data = NULL;
    if (raw && host_is_little_endian() &&
        (tensor->data_type == OCT_ONNX_FLOAT || tensor->data_type == OCT_ONNX_INT64))
        data = tensor->raw_data.data;
    else if (!raw && tensor->data_type == OCT_ONNX_FLOAT)
        data = tensor->float_data;
    else if (!raw && tensor->data_type == OCT_ONNX_INT64)
        data = tensor->int64_data;
    return (uintptr_t)data % sizeof(int64_t) == 0 ? data : NULL;
}

octet_status oct_onnx_tensor(octet_context *ctx, const char *file,
                             const OctOnnx__TensorProto *tensor, struct oct_arena *arena,
                             struct oct_array *array)
{
    *array = (struct oct_array){0};
    const struct element_type *type = find_type(tensor->data_type);
    if (tensor->data_location != 0 || tensor->n_external_data)
        return oct_fail(
            ctx, OCTET_UNSUPPORTED_MODEL,
            "%s: the data of tensor '%.200s' is in another file: save the model as one file", file,
            label(tensor));
    if (!type)
        return OCTET_OK;
    if (tensor->n_dims > OCT_RANK_MAX)
        return OCTET_OK; /* nothing that octet reads has so many; who uses it is refused */
    if (!oct_array_shape(array, type->data_type, (int)tensor->n_dims, tensor->dims))
        return oct_fail(ctx, OCTET_BAD_FORMAT,
                        "%s: tensor '%.200s' has a negative or too large size", file,
                        label(tensor));
    bool raw = tensor->has_raw_data && (tensor->raw_data.len > 0 || typed_count(tensor) == 0);
    size_t there = raw ? tensor->raw_data.len / type->raw_bytes : typed_count(tensor);
    if (there != array->count || (raw && tensor->raw_data.len % type->raw_bytes))
        return oct_fail(ctx, OCTET_BAD_FORMAT,
                        "%s: tensor '%.200s' has %zu elements, its shape says %zu", file,
                        label(tensor), there, array->count);
    array->data = array->count ? usable_as_is(tensor, raw) : NULL;
    if (array->data)
        return OCTET_OK;
    array->data = oct_arena_calloc(arena, array->count, oct_array_element_bytes(array));
    if (!array->data)
        return oct_fail_memory(ctx, "the model's weights");
    if (raw)
        fill_raw(tensor, type->raw_bytes, array);
    for (size_t i = 0; !raw && i < array->count; i++) {
        if (array->type == OCT_DATA_FLOAT)
            oct_floats(array)[i] = typed_float(tensor, i);
        else
            oct_ints(array)[i] = typed_int(tensor, i);
    }
    return OCTET_OK;
}
