/* SPDX-License-Identifier: Apache-2.0 */
/* Gives the input its batch, height and width, and checks that it is a picture. */
#include <string.h>

#include "compiler/passes/passes.h"

static const OctOnnx__ValueInfoProto *find_info(const struct oct_import *import, const char *name)
{
    const OctOnnx__GraphProto *source = import->onnx->message->graph;
    for (size_t i = 0; i < source->n_input; i++)
        if (source->input[i]->name && strcmp(source->input[i]->name, name) == 0)
            return source->input[i];
    return NULL;
}

/* The fixed size of a dimension, or 0. */
static int64_t fixed_size(const OctOnnx__TensorShapeProto *shape, size_t axis)
{
    if (!shape || !shape->dim[axis]->has_dim_value || shape->dim[axis]->dim_value < 0)
        return 0;
    return shape->dim[axis]->dim_value;
}

static octet_status check_input(const struct oct_import *import,
                                const OctOnnx__TypeProto__Tensor *type, const char *name)
{
    const OctOnnx__TensorShapeProto *shape = type ? type->shape : NULL;
    if (import->graph->input_count != 1)
        return oct_refuse_model(import,
                                "it has %d inputs: octet reads models with one, the picture",
                                import->graph->input_count);
    if (!type || (type->elem_type != OCT_ONNX_FLOAT && type->elem_type != OCT_ONNX_FLOAT16 &&
                  type->elem_type != OCT_ONNX_UINT8))
        return oct_refuse_model(
            import, "its input '%.200s' is of type %s: octet reads float32, float16 and uint8",
            name, oct_onnx_type_name(type ? type->elem_type : 0));
    int64_t channels = shape && shape->n_dim == 4 ? fixed_size(shape, 1) : 0;
    if (shape && shape->n_dim == 4 && channels != 3 && fixed_size(shape, 3) == 3)
        return OCTET_OK;
    if ((shape && shape->n_dim != 4) || (channels && channels != 3))
        return oct_fail(import->ctx, OCTET_BAD_SHAPE,
                        "%s: its input '%.200s' is neither batch x 3 x height x width nor batch x "
                        "height x width x 3: it has %zu dimensions, %lld channels",
                        import->name, name, shape->n_dim, (long long)channels);
    return OCTET_OK;
}

/* The channels are the last axis, and not the second as well. */
static bool is_channels_last(const OctOnnx__TensorShapeProto *shape)
{
    return shape && fixed_size(shape, 1) != 3 && fixed_size(shape, 3) == 3;
}

/* A Reshape to a fixed batch of pictures becomes one to a single picture: octet runs any batch, and
 * import costs no more for a large one. */
static octet_status reshape_one(struct oct_import *import)
{
    struct oct_graph *graph = import->graph;
    for (size_t n = 0; n < graph->node_count; n++) {
        struct oct_node *node = &graph->nodes[n];
        const int shape =
            node->op == OCT_OP_RESHAPE && node->input_count > 1 ? node->inputs[1] : -1;
        if (!oct_value_is_constant(graph, shape))
            continue;
        struct oct_array array = graph->values[shape].array;
        if (array.type != OCT_DATA_INT || array.count < 2 || oct_ints(&array)[0] != import->batch)
            continue;
        const int64_t *from = oct_ints(&array);
        array.data = oct_arena_calloc(&graph->arena, array.count, sizeof *from);
        const int added = oct_graph_add_value(graph, graph->values[shape].name);
        int *inputs = oct_graph_indices(graph, 2);
        if (!array.data || added < 0 || !inputs)
            return oct_fail_memory(import->ctx, "the graph");
        memcpy(array.data, from, array.count * sizeof *from);
        oct_ints(&array)[0] = 1;
        graph->values[added].array = array;
        inputs[0] = node->inputs[0];
        inputs[1] = added;
        node->inputs = inputs;
        node->input_count = 2;
    }
    return OCTET_OK;
}

octet_status oct_bind_shapes(struct oct_import *import)
{
    struct oct_value *input = &import->graph->values[import->graph->inputs[0]];
    const OctOnnx__ValueInfoProto *info = find_info(import, input->name);
    const OctOnnx__TypeProto__Tensor *type = info && info->type ? info->type->tensor_type : NULL;
    octet_status status = check_input(import, type, input->name);
    if (status)
        return status;
    const char *imgsz = oct_metadata_find(import, "imgsz");
    int height = 640, width = 640;
    if (imgsz && !oct_parse_size(imgsz, &height, &width))
        oct_log(import->ctx, OCTET_LOG_WARNING, "%s: metadata imgsz '%.40s' is not a size",
                import->name, imgsz);
    import->channels_last = is_channels_last(type->shape);
    import->is_bytes = type->elem_type == OCT_ONNX_UINT8;
    const size_t row_axis = import->channels_last ? 1 : 2;
    int64_t batch = fixed_size(type->shape, 0), rows = fixed_size(type->shape, row_axis),
            columns = fixed_size(type->shape, row_axis + 1);
    import->size_is_fixed = rows > 0 && columns > 0;
    if (!import->size_is_fixed && !imgsz)
        oct_log(import->ctx, OCTET_LOG_WARNING,
                "%s: neither its input nor its metadata says a size: %dx%d is taken as default",
                import->name, rows ? (int)rows : height, columns ? (int)columns : width);
    batch = batch ? batch : 1;
    rows = rows ? rows : height;
    columns = columns ? columns : width;
    if (rows > OCT_INPUT_SIDE_MAX || columns > OCT_INPUT_SIDE_MAX || batch > OCT_BATCH_MAX)
        return oct_fail(import->ctx, OCTET_BAD_SHAPE,
                        "%s: its input is %lldx3x%lldx%lld: more than %dx3x%dx%d", import->name,
                        (long long)batch, (long long)rows, (long long)columns, OCT_BATCH_MAX,
                        OCT_INPUT_SIDE_MAX, OCT_INPUT_SIDE_MAX);
    import->batch = (int)batch;
    if (import->one_picture && batch > 1) {
        status = reshape_one(import);
        batch = 1;
    }
    if (status)
        return status;
    import->height = (int)rows;
    import->width = (int)columns;
    if (import->channels_last)
        oct_array_shape(&input->array, OCT_DATA_FLOAT, 4, (int64_t[]){batch, rows, columns, 3});
    else
        oct_array_shape(&input->array, OCT_DATA_FLOAT, 4, (int64_t[]){batch, 3, rows, columns});
    return OCTET_OK;
}
