/* SPDX-License-Identifier: Apache-2.0 */
/* ConvTranspose and DepthToSpace on [batch, channels, height, width]. Plain and slow. */
#include <string.h>

#include "compiler/graph/operators.h"

/* ---- ConvTranspose ---- */

/* Along one axis: input pixel i is added to output pixels i * stride + k * dilation - pad. */
struct spreading {
    struct oct_window window; /* of the weights; its `output` is not used */
    int64_t output[2];
};

/* False: what follows is not known. */
static bool spreading_of(const struct oct_call *call, struct spreading *s)
{
    const struct oct_array *x = call->inputs[0], *w = call->inputs[1];
    const struct oct_attribute *added =
        oct_node_attribute(call->node, "output_padding", OCT_ATTRIBUTE_INTS);
    const char *mode = oct_node_string(call->node, "auto_pad", "NOTSET");
    /* the window's rules are those of a picture that is larger than the kernel */
    const struct oct_array large = {
        .type = OCT_DATA_FLOAT, .rank = 4, .dims = {1, 1, (int64_t)1 << 62, (int64_t)1 << 62}};
    if ((strcmp(mode, "NOTSET") != 0 && mode[0]) ||
        oct_node_attribute(call->node, "output_shape", OCT_ATTRIBUTE_INTS) ||
        (added && added->count != 2) ||
        oct_window_of(call->graph, call->node, &large, w->dims + 2, &s->window))
        return false;
    for (int i = 0; i < 2; i++) {
        if (x->dims[2 + i] < 1 || x->dims[2 + i] > ((int64_t)1 << 31) ||
            (added && (added->integers[i] < 0 || added->integers[i] > s->window.stride[i])))
            return false;
        s->output[i] = s->window.stride[i] * (x->dims[2 + i] - 1) +
                       (s->window.kernel[i] - 1) * s->window.dilation[i] + 1 -
                       s->window.pad_begin[i] - s->window.pad_end[i] +
                       (added ? added->integers[i] : 0);
        if (s->output[i] < 1)
            return false;
    }
    return true;
}

octet_status oct_infer_conv_transpose(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0], *w = call->inputs[1],
                           *bias = oct_call_input(call, 2);
    const int64_t groups = oct_node_int(call->node, "group", 1);
    struct spreading s;
    if (x->rank != 4 || w->rank != 4 || x->type != OCT_DATA_FLOAT || w->type != OCT_DATA_FLOAT)
        return oct_call_bad(call, "only two-dimensional float convolutions are read");
    if (groups < 1 || groups > x->dims[1] || x->dims[1] % groups || w->dims[0] != x->dims[1] ||
        w->dims[1] < 1 || w->dims[1] > ((int64_t)1 << 31) / groups)
        return oct_call_bad(call, "its weights' channels do not fit its input or groups");
    if (bias && (bias->type != OCT_DATA_FLOAT || bias->count != (size_t)(w->dims[1] * groups)))
        return oct_call_bad(call, "its bias does not fit");
    if (!spreading_of(call, &s))
        return oct_call_bad(call, "its kernel, strides, dilations or pads are not read");
    int64_t dims[] = {x->dims[0], w->dims[1] * groups, s.output[0], s.output[1]};
    return oct_call_shape(call, 0, OCT_DATA_FLOAT, 4, dims);
}

/* Adds one input plane's share to one output plane. */
static void spread_plane(const struct spreading *s, const float *x, const int64_t *size,
                         const float *w, float *y)
{
    const struct oct_window *v = &s->window;
    for (int64_t i = 0; i < size[0] * size[1]; i++)
        for (int64_t k = 0; k < v->kernel[0] * v->kernel[1]; k++) {
            const int64_t row =
                i / size[1] * v->stride[0] + k / v->kernel[1] * v->dilation[0] - v->pad_begin[0];
            const int64_t column =
                i % size[1] * v->stride[1] + k % v->kernel[1] * v->dilation[1] - v->pad_begin[1];
            if (row >= 0 && row < s->output[0] && column >= 0 && column < s->output[1])
                y[row * s->output[1] + column] += x[i] * w[k];
        }
}

octet_status oct_evaluate_conv_transpose(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0], *w = call->inputs[1],
                           *bias = oct_call_input(call, 2), *y = &call->outputs[0];
    struct spreading s;
    if (!spreading_of(call, &s))
        return oct_call_bad(call, "its kernel, strides, dilations or pads are not read");
    const size_t inputs = (size_t)x->dims[1], outputs = (size_t)y->dims[1];
    const size_t each = (size_t)w->dims[1], taps = oct_array_extent(w, 2, 4);
    const size_t in_plane = oct_array_extent(x, 2, 4), out_plane = oct_array_extent(y, 2, 4);
    const size_t depth = inputs / (outputs / each);
    for (size_t b = 0; b < (size_t)x->dims[0]; b++)
        for (size_t o = 0; o < outputs; o++) {
            float *plane = oct_floats(y) + (b * outputs + o) * out_plane;
            for (size_t i = 0; i < out_plane; i++)
                plane[i] = bias ? oct_floats(bias)[o] : 0.0f;
            for (size_t c = o / each * depth; c < (o / each + 1) * depth; c++)
                spread_plane(&s, oct_floats(x) + (b * inputs + c) * in_plane, x->dims + 2,
                             oct_floats(w) + (c * each + o % each) * taps, plane);
        }
    return OCTET_OK;
}

/* ---- DepthToSpace ---- */

octet_status oct_infer_depth_to_space(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0];
    const int64_t block = oct_node_int(call->node, "blocksize", 0);
    if (x->rank != 4 || block < 1 || block > 1024 || x->dims[1] % (block * block))
        return oct_call_bad(call, "its block does not fit its input's channels");
    int64_t dims[] = {x->dims[0], x->dims[1] / (block * block), x->dims[2] * block,
                      x->dims[3] * block};
    return oct_call_shape(call, 0, x->type, 4, dims);
}

octet_status oct_evaluate_depth_to_space(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0], *y = &call->outputs[0];
    const int64_t block = oct_node_int(call->node, "blocksize", 0);
    const int64_t height = x->dims[2], width = x->dims[3];
    const int64_t depth = y->dims[1], stride = height * width;
    const bool columns_first = strcmp(oct_node_string(call->node, "mode", "DCR"), "CRD") == 0;
    const int64_t of_place = columns_first ? stride : depth * stride;
    const int64_t of_channel = columns_first ? block * block * stride : stride;
    const struct oct_strided_copy copy = {
        .rank = 6,
        .element_bytes = oct_array_element_bytes(x),
        .dims = {x->dims[0], depth, height, block, width, block},
        .source_strides = {x->dims[1] * stride, of_channel, width, block * of_place, 1, of_place},
        .target_strides = {depth * stride * block * block, stride * block * block,
                           width * block * block, width * block, block, 1},
        .source = x->data,
        .target = y->data};
    if (x->count)
        oct_strided_copy(&copy);
    return OCTET_OK;
}
