/* SPDX-License-Identifier: Apache-2.0 */
/* Concat, Split and Slice along the channels move nothing: they become views. */
#include <string.h>

#include "compiler/graph/operators.h"
#include "compiler/passes/passes.h"

#define NESTED_MAX 8 /* concats of quantised concats that a slice is looked for in */

static octet_status add_slice(struct oct_builder *builder, const struct oct_node *node, int value,
                              int parent, int64_t offset, int nested);

/* The tensor for channels [offset, offset + channels) of `parent`, resolved to the root; `parent`
 * itself when whole. */
static octet_status add_plain_slice(struct oct_builder *builder, const struct oct_node *node,
                                    int value, int parent, int64_t offset, int nested)
{
    const struct oct_graph *graph = builder->import->graph;
    int channels = (int)graph->values[value].array.dims[1];
    const struct oct_tensor *from = &builder->tensors[parent];
    if (offset == 0 && channels == from->channels) {
        builder->tensor_of[value] = parent;
        return OCTET_OK;
    }
    while (from->kind == OCT_TENSOR_CONCAT) { /* into the member that holds all of it */
        int m = 0;
        while (m + 1 < from->member_count && offset >= builder->tensors[from->members[m]].channels)
            offset -= builder->tensors[from->members[m++]].channels;
        parent = from->members[m];
        from = &builder->tensors[parent];
        if (offset + channels > from->channels)
            return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                                 "its channels lie across parts of a concat");
        if (offset == 0 && channels == from->channels) {
            builder->tensor_of[value] = parent;
            return OCTET_OK;
        }
    }
    if (from->kind == OCT_TENSOR_CODED)
        return add_slice(builder, node, value, parent, offset, nested + 1);
    if (from->kind == OCT_TENSOR_SLICE) {
        offset += from->offset;
        parent = from->parent;
    }
    int tensor = oct_builder_tensor(builder, value, OCT_TENSOR_SLICE);
    if (tensor < 0)
        return oct_fail_memory(graph->ctx, "the network");
    builder->tensors[tensor].parent = parent;
    builder->tensors[tensor].offset = (int)offset;
    return OCTET_OK;
}

octet_status oct_builder_coded(struct oct_builder *builder, const struct oct_node *node, int value,
                               int tensor, struct oct_quantization grid)
{
    const struct oct_tensor *from = &builder->tensors[tensor];
    const bool picture =
        from->kind == OCT_TENSOR_INPUT && oct_same_quantization(grid, oct_picture_quantization);
    builder->tensor_of[value] = tensor;
    if (!oct_is_quantized(grid) || picture ||
        (from->kind == OCT_TENSOR_CODED && oct_same_quantization(from->quantization, grid)))
        return OCTET_OK;
    if (from->kind == OCT_TENSOR_CODED && builder->tensors[from->parent].kind == OCT_TENSOR_CODED)
        return oct_node_fail(builder->import->graph, node, OCTET_UNSUPPORTED_MODEL,
                             "a tensor is quantised three times over");
    const int coded = oct_builder_tensor(builder, value, OCT_TENSOR_CODED);
    if (coded < 0)
        return oct_fail_memory(builder->import->ctx, "the network");
    builder->tensors[coded].parent = tensor;
    builder->tensors[coded].quantization = grid;
    return OCTET_OK;
}

octet_status oct_build_coded(struct oct_builder *builder, const struct oct_node *node)
{
    int input;
    const octet_status status = oct_builder_input(builder, node, 0, &input);
    return status ? status : oct_builder_coded(builder, node, node->outputs[0], input, node->grid);
}

/* Part of what is on a grid is a part, on that grid. */
static octet_status add_slice(struct oct_builder *builder, const struct oct_node *node, int value,
                              int parent, int64_t offset, int nested)
{
    struct oct_quantization grids[2];
    int count = 0;
    if (nested > NESTED_MAX)
        return oct_node_fail(builder->import->graph, node, OCTET_UNSUPPORTED_OPERATOR,
                             "its channels lie in concats within concats");
    while (builder->tensors[parent].kind == OCT_TENSOR_CODED && count < 2) {
        grids[count++] = builder->tensors[parent].quantization;
        parent = builder->tensors[parent].parent;
    }
    octet_status status = add_plain_slice(builder, node, value, parent, offset, nested);
    while (count-- > 0 && !status)
        status = oct_builder_coded(builder, node, value, builder->tensor_of[value], grids[count]);
    return status;
}

octet_status oct_build_split(struct oct_builder *builder, const struct oct_node *node)
{
    const struct oct_graph *graph = builder->import->graph;
    int parent, axis;
    octet_status status = oct_builder_input(builder, node, 0, &parent);
    if (status)
        return status;
    if (!oct_axis(oct_node_int(node, "axis", 0), 4, &axis) || axis != 1)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                             "only the channels can be split");
    oct_provenance_share(builder->import->graph, node);
    int64_t offset = 0;
    for (int i = 0; !status && i < node->output_count; i++) {
        int value = node->outputs[i];
        if (value < 0 || graph->values[value].array.type != OCT_DATA_FLOAT)
            return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                                 "its parts are not constant");
        if (graph->values[value].array.dims[1] > 0)
            status = add_slice(builder, node, value, parent, offset, 0);
        offset += graph->values[value].array.dims[1];
    }
    return status;
}

/* Constant integers of an input or attribute of Slice; false when there are none. */
static bool slice_values(const struct oct_graph *graph, const struct oct_node *node, int index,
                         const char *name, const int64_t **values, size_t *count)
{
    struct oct_call call = {.graph = graph, .node = node};
    bool given;
    if (index < node->input_count && node->inputs[index] >= 0) {
        const struct oct_array *array = &graph->values[node->inputs[index]].array;
        *values = array->data;
        *count = array->count;
        return array->data && array->type == OCT_DATA_INT;
    }
    return name && oct_call_integers(&call, -1, name, values, count, &given);
}

octet_status oct_build_slice(struct oct_builder *builder, const struct oct_node *node)
{
    const struct oct_graph *graph = builder->import->graph;
    const struct oct_array *input = &graph->values[node->inputs[0]].array;
    const struct oct_array *output = &graph->values[node->outputs[0]].array;
    const int64_t *starts, *axes = NULL, *steps = NULL;
    size_t count, axis_count, step_count;
    int parent;
    octet_status status = oct_builder_input(builder, node, 0, &parent);
    if (status)
        return status;
    if (output->type != OCT_DATA_FLOAT || output->rank != 4 || output->dims[1] < 1 ||
        output->dims[0] != input->dims[0] || output->dims[2] != input->dims[2] ||
        output->dims[3] != input->dims[3] ||
        !slice_values(graph, node, 1, "starts", &starts, &count))
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                             "only constant ranges of channels are read");
    bool has_axes = slice_values(graph, node, 3, "axes", &axes, &axis_count);
    bool has_steps = slice_values(graph, node, 4, NULL, &steps, &step_count);
    int64_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        int axis;
        bool fits = oct_axis(has_axes ? axes[i] : (int64_t)i, 4, &axis);
        if (!fits || (has_steps && steps[i] != 1))
            return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                                 "only steps of 1 are read");
        if (axis == 1)
            offset = starts[i] < 0 ? starts[i] + input->dims[1] : starts[i];
    }
    offset = offset < 0 ? 0 : offset;
    oct_provenance_share(builder->import->graph, node);
    return add_slice(builder, node, node->outputs[0], parent, offset, 0);
}

/* The slice that a member is, or that a quantised member is of; NULL for others. */
static const struct oct_tensor *slice_in(const struct oct_builder *builder, int member,
                                         struct oct_quantization *grid)
{
    const struct oct_tensor *tensor = &builder->tensors[member];
    *grid = (struct oct_quantization){0.0f, 0};
    if (tensor->kind == OCT_TENSOR_CODED) {
        *grid = tensor->quantization;
        tensor = &builder->tensors[tensor->parent];
    }
    return tensor->kind == OCT_TENSOR_SLICE ? tensor : NULL;
}

/* `parent` on a grid, where there is such a tensor; or -1. */
static int whole_of(const struct oct_builder *builder, int parent, struct oct_quantization grid)
{
    if (!oct_is_quantized(grid))
        return parent;
    for (int t = parent + 1; t < builder->imported->network.tensor_count; t++)
        if (builder->tensors[t].kind == OCT_TENSOR_CODED && builder->tensors[t].parent == parent &&
            oct_same_quantization(builder->tensors[t].quantization, grid))
            return t;
    return -1;
}

/* Slices that follow on each other and make up all of their parent are the parent. */
static void collapse_members(const struct oct_builder *builder, struct oct_tensor *concat)
{
    int kept = 0;
    for (int m = 0; m < concat->member_count;) {
        struct oct_quantization grid, other;
        const struct oct_tensor *first = slice_in(builder, concat->members[m], &grid);
        int end = m, next = 0;
        while (first && end < concat->member_count) {
            const struct oct_tensor *slice = slice_in(builder, concat->members[end], &other);
            if (!slice || slice->parent != first->parent || slice->offset != next ||
                !oct_same_quantization(grid, other))
                break;
            next += slice->channels;
            end++;
        }
        const bool whole = end > m && next == builder->tensors[first->parent].channels;
        const int parent = whole ? whole_of(builder, first->parent, grid) : -1;
        concat->members[kept++] = parent >= 0 ? parent : concat->members[m];
        m = parent >= 0 ? end : m + 1;
    }
    concat->member_count = kept;
}

octet_status oct_build_concat(struct oct_builder *builder, const struct oct_node *node)
{
    const struct oct_graph *graph = builder->import->graph;
    struct oct_tensor members = {.member_count = 0};
    int axis;
    if (!oct_axis(oct_node_int(node, "axis", 0), 4, &axis) || axis != 1)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                             "only channels can be concatenated");
    if (node->input_count > OCT_CONCAT_MAX)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR, "it has more than %d inputs",
                             OCT_CONCAT_MAX);
    for (int i = 0; i < node->input_count; i++) {
        octet_status status =
            oct_builder_input(builder, node, i, &members.members[members.member_count++]);
        if (status)
            return status;
    }
    oct_provenance_share(builder->import->graph, node);
    collapse_members(builder, &members);
    if (members.member_count == 1) {
        builder->tensor_of[node->outputs[0]] = members.members[0];
        return OCTET_OK;
    }
    int tensor = oct_builder_tensor(builder, node->outputs[0], OCT_TENSOR_CONCAT);
    if (tensor < 0)
        return oct_fail_memory(graph->ctx, "the network");
    builder->tensors[tensor].member_count = members.member_count;
    memcpy(builder->tensors[tensor].members, members.members, sizeof members.members);
    return OCTET_OK;
}
