/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on [batch, channels, height, width]: windows, Conv, BatchNormalization, Resize. Plain
 * and slow. */
#include <math.h>
#include <string.h>

#include "compiler/graph/operators.h"

/* Of kernels, strides, dilations and pads: no sum of products overflows. */
#define SIDE_MAX ((int64_t)1 << 24)

/* ---- windows ---- */

/* Two values, or four, of an INTS attribute; false when there are others. */
static bool window_values(const struct oct_node *node, const char *name, size_t count,
                          int64_t least, int64_t *values)
{
    const struct oct_attribute *attribute = oct_node_attribute(node, name, OCT_ATTRIBUTE_INTS);
    if (!attribute)
        return true;
    if (attribute->count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (attribute->integers[i] < least || attribute->integers[i] > SIDE_MAX)
            return false;
        values[i] = attribute->integers[i];
    }
    return true;
}

static bool resolve_padding(const struct oct_node *node, const struct oct_array *input,
                            struct oct_window *window)
{
    const char *mode = oct_node_string(node, "auto_pad", "NOTSET");
    bool upper = strcmp(mode, "SAME_UPPER") == 0;
    if (strcmp(mode, "NOTSET") == 0 || mode[0] == '\0')
        return true;
    memset(window->pad_begin, 0, sizeof window->pad_begin);
    memset(window->pad_end, 0, sizeof window->pad_end);
    if (!upper && strcmp(mode, "SAME_LOWER") != 0)
        return strcmp(mode, "VALID") == 0;
    for (int i = 0; i < 2; i++) {
        int64_t size = input->dims[2 + i],
                steps = (size + window->stride[i] - 1) / window->stride[i];
        int64_t span = (window->kernel[i] - 1) * window->dilation[i] + 1;
        int64_t total = (steps - 1) * window->stride[i] + span - size;
        total = total > 0 ? total : 0;
        window->pad_begin[i] = upper ? total / 2 : total - total / 2;
        window->pad_end[i] = total - window->pad_begin[i];
    }
    return true;
}

octet_status oct_window_of(const struct oct_graph *graph, const struct oct_node *node,
                           const struct oct_array *input, const int64_t *kernel,
                           struct oct_window *window)
{
    *window = (struct oct_window){.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    int64_t pads[4] = {0};
    if (input->rank != 4)
        return oct_node_fail(graph, node, OCTET_BAD_SHAPE, "its input does not have 4 dimensions");
    bool ok = window_values(node, "kernel_shape", 2, 1, window->kernel) &&
              window_values(node, "strides", 2, 1, window->stride) &&
              window_values(node, "dilations", 2, 1, window->dilation) &&
              window_values(node, "pads", 4, 0, pads);
    if (kernel)
        memcpy(window->kernel, kernel, sizeof window->kernel);
    for (int i = 0; i < 2; i++) {
        window->pad_begin[i] = pads[i] + node->zeros[i];
        window->pad_end[i] = pads[2 + i] + node->zeros[2 + i];
        ok = ok && window->kernel[i] >= 1 && window->kernel[i] <= SIDE_MAX;
    }
    if (!ok || !resolve_padding(node, input, window))
        return oct_node_fail(graph, node, OCTET_BAD_SHAPE,
                             "its kernel, strides, dilations or pads do not fit");
    bool pools = node->op == OCT_OP_MAX_POOL || node->op == OCT_OP_AVERAGE_POOL;
    bool up = pools && oct_node_int(node, "ceil_mode", 0);
    for (int i = 0; i < 2; i++) {
        int64_t span = (window->kernel[i] - 1) * window->dilation[i] + 1;
        int64_t room = input->dims[2 + i] + window->pad_begin[i] + window->pad_end[i] - span;
        if (room < 0)
            return oct_node_fail(graph, node, OCTET_BAD_SHAPE,
                                 "its input is smaller than its kernel");
        window->output[i] = (room + (up ? window->stride[i] - 1 : 0)) / window->stride[i] + 1;
    }
    return OCTET_OK;
}

void oct_window_tap(const struct oct_window *window, int axis, int64_t tap, int64_t size,
                    int64_t *first, int64_t *last)
{
    int64_t shift = tap * window->dilation[axis] - window->pad_begin[axis],
            stride = window->stride[axis];
    *first = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
    *last = size - shift <= 0 ? 0 : (size - shift - 1) / stride + 1;
    if (*last > window->output[axis])
        *last = window->output[axis];
}

/* ---- Conv ---- */

octet_status oct_infer_conv(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0], *w = call->inputs[1],
                           *bias = oct_call_input(call, 2);
    const struct oct_array *residual = oct_call_input(call, 3);
    int64_t groups = oct_node_int(call->node, "group", 1);
    struct oct_window window;
    if (x->rank != 4 || w->rank != 4 || x->type != OCT_DATA_FLOAT || w->type != OCT_DATA_FLOAT)
        return oct_call_bad(call, "only two-dimensional float convolutions are read");
    octet_status status = oct_window_of(call->graph, call->node, x, w->dims + 2, &window);
    if (status)
        return status;
    if (groups < 1 || groups > x->dims[1] || w->dims[0] % groups || w->dims[0] < 1 ||
        x->dims[1] != w->dims[1] * groups)
        return oct_call_bad(call, "its weights' channels do not fit its input or groups");
    if (bias && (bias->type != OCT_DATA_FLOAT || bias->count != (size_t)w->dims[0]))
        return oct_call_bad(call, "its bias does not fit");
    int64_t dims[] = {x->dims[0], w->dims[0], window.output[0], window.output[1]};
    status = oct_call_shape(call, 0, OCT_DATA_FLOAT, 4, dims);
    if (!status && residual &&
        (residual->type != OCT_DATA_FLOAT || !oct_array_same_shape(residual, &call->outputs[0])))
        return oct_call_bad(call, "its residual does not fit");
    return status;
}

/* Adds the taps of one input plane to one output plane. */
static void convolve_plane(const struct oct_window *window, const float *x, const int64_t *size,
                           const float *w, float *y)
{
    for (int64_t ky = 0; ky < window->kernel[0]; ky++) {
        int64_t top, bottom;
        oct_window_tap(window, 0, ky, size[0], &top, &bottom);
        for (int64_t kx = 0; kx < window->kernel[1]; kx++) {
            int64_t left, right, stride = window->stride[1];
            oct_window_tap(window, 1, kx, size[1], &left, &right);
            float weight = w[ky * window->kernel[1] + kx];
            for (int64_t row = top; row < bottom; row++) {
                int64_t from =
                    row * window->stride[0] + ky * window->dilation[0] - window->pad_begin[0];
                const float *in =
                    x + from * size[1] + kx * window->dilation[1] - window->pad_begin[1];
                float *out = y + row * window->output[1];
                for (int64_t column = left; column < right; column++)
                    out[column] += weight * in[column * stride];
            }
        }
    }
}

static void finish_plane(const struct oct_node *node, float *y, size_t count, const float *residual)
{
    const enum oct_activation activation = node->activation;
    for (size_t i = 0; activation == OCT_ACTIVATION_SILU && i < count; i++)
        y[i] = y[i] / (1.0f + expf(-y[i]));
    for (size_t i = 0; activation > OCT_ACTIVATION_SILU && i < count; i++)
        y[i] = oct_activation_value(activation, node->slope, y[i]);
    for (size_t i = 0; residual && i < count; i++)
        y[i] += residual[i];
}

octet_status oct_evaluate_conv(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0], *w = call->inputs[1],
                           *bias = oct_call_input(call, 2);
    const struct oct_array *residual = oct_call_input(call, 3), *y = &call->outputs[0];
    struct oct_window window;
    octet_status status = oct_window_of(call->graph, call->node, x, w->dims + 2, &window);
    if (status)
        return status;
    size_t groups = (size_t)oct_node_int(call->node, "group", 1), inputs = (size_t)w->dims[1];
    size_t outputs = (size_t)w->dims[0], in_plane = oct_array_extent(x, 2, 4);
    size_t out_plane = oct_array_extent(y, 2, 4), taps = oct_array_extent(w, 2, 4);
    for (size_t b = 0; b < (size_t)x->dims[0]; b++)
        for (size_t o = 0; o < outputs; o++) {
            float *plane = oct_floats(y) + (b * outputs + o) * out_plane;
            size_t first = o / (outputs / groups) * inputs;
            for (size_t i = 0; bias && i < out_plane; i++)
                plane[i] = oct_floats(bias)[o];
            for (size_t c = 0; c < inputs; c++)
                convolve_plane(&window,
                               oct_floats(x) + (b * inputs * groups + first + c) * in_plane,
                               x->dims + 2, oct_floats(w) + (o * inputs + c) * taps, plane);
            finish_plane(call->node, plane, out_plane,
                         residual ? oct_floats(residual) + (b * outputs + o) * out_plane : NULL);
        }
    return OCTET_OK;
}

/* ---- BatchNormalization ---- */

octet_status oct_infer_batch_normalization(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0];
    if (x->rank < 2 || x->type != OCT_DATA_FLOAT)
        return oct_call_bad(call, "its input does not fit");
    for (int i = 1; i < 5; i++)
        if (call->inputs[i]->type != OCT_DATA_FLOAT || call->inputs[i]->count != (size_t)x->dims[1])
            return oct_call_bad(call, "its parameters do not fit its input's channels");
    return oct_call_shape(call, 0, OCT_DATA_FLOAT, x->rank, x->dims);
}

octet_status oct_evaluate_batch_normalization(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0];
    const float *scale = oct_floats(call->inputs[1]), *shift = oct_floats(call->inputs[2]);
    const float *mean = oct_floats(call->inputs[3]), *variance = oct_floats(call->inputs[4]);
    float epsilon = oct_node_float(call->node, "epsilon", 1e-5f);
    size_t plane = oct_array_extent(x, 2, x->rank), channels = (size_t)x->dims[1];
    for (size_t i = 0; i < x->count; i++) {
        size_t c = i / plane % channels;
        oct_floats(&call->outputs[0])[i] =
            (oct_floats(x)[i] - mean[c]) / sqrtf(variance[c] + epsilon) * scale[c] + shift[c];
    }
    return OCTET_OK;
}

/* ---- Resize and Upsample, nearest ---- */

/* Scales of all axes: Upsample's input 1 or attribute,
 * Resize's input 2 (input 1 before opset 11). */
static const float *resize_scales(const struct oct_call *call, size_t *count)
{
    const struct oct_array *scales =
        oct_call_input(call, call->node->op == OCT_OP_UPSAMPLE ? 1 : 2);
    if (scales && scales->type == OCT_DATA_FLOAT && scales->data && scales->count) {
        *count = scales->count;
        return scales->data;
    }
    const struct oct_attribute *attribute =
        oct_node_attribute(call->node, "scales", OCT_ATTRIBUTE_FLOATS);
    *count = attribute ? attribute->count : 0;
    return attribute ? attribute->numbers : NULL;
}

octet_status oct_infer_resize(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0];
    const int64_t *sizes;
    size_t count, size_count;
    bool given;
    int64_t dims[OCT_RANK_MAX];
    if (oct_node_attribute(call->node, "axes", OCT_ATTRIBUTE_INTS) || x->type != OCT_DATA_FLOAT)
        return OCTET_OK;
    const float *scales = resize_scales(call, &count);
    if (!scales && oct_call_integers(call, 3, NULL, &sizes, &size_count, &given)) {
        if (size_count != (size_t)x->rank)
            return oct_call_bad(call, "its sizes do not fit");
        return oct_call_shape(call, 0, x->type, x->rank, sizes);
    }
    if (!scales)
        return OCTET_OK;
    for (int i = 0; i < x->rank; i++) {
        double size = count == (size_t)x->rank ? floor((double)x->dims[i] * (double)scales[i]) : -1;
        if (!(size >= 0 && size <= (double)OCT_ELEMENTS_MAX))
            return oct_call_bad(call, "its scales do not fit");
        dims[i] = (int64_t)size;
    }
    return oct_call_shape(call, 0, x->type, x->rank, dims);
}

static double resize_coordinate(const char *mode, double at, double scale, int64_t input,
                                int64_t output)
{
    if (strcmp(mode, "asymmetric") == 0)
        return at / scale;
    if (strcmp(mode, "align_corners") == 0)
        return output > 1 ? at * (double)(input - 1) / (double)(output - 1) : 0;
    if (strcmp(mode, "pytorch_half_pixel") == 0 && output <= 1)
        return 0;
    return (at + 0.5) / scale - 0.5;
}

static double resize_round(const char *mode, double at)
{
    if (strcmp(mode, "floor") == 0)
        return floor(at);
    if (strcmp(mode, "ceil") == 0)
        return ceil(at);
    return strcmp(mode, "round_prefer_ceil") == 0 ? floor(at + 0.5) : ceil(at - 0.5);
}

octet_status oct_resize_source(const struct oct_graph *graph, const struct oct_node *node,
                               const struct oct_array *input, const struct oct_array *output,
                               int axis, int64_t at, int64_t *source)
{
    bool old = node->op == OCT_OP_UPSAMPLE;
    const char *mode = oct_node_string(node, "mode", "nearest");
    const char *transform =
        old ? "asymmetric" : oct_node_string(node, "coordinate_transformation_mode", "half_pixel");
    const char *nearest =
        old ? "floor" : oct_node_string(node, "nearest_mode", "round_prefer_floor");
    if (strcmp(mode, "nearest") != 0 || strcmp(transform, "tf_crop_and_resize") == 0 ||
        strcmp(transform, "half_pixel_symmetric") == 0)
        return oct_node_fail(graph, node, OCTET_UNSUPPORTED_OPERATOR,
                             "only nearest upsampling is read, not %.40s %.40s", mode, transform);
    double scale = (double)output->dims[axis] / (double)input->dims[axis];
    double from = resize_round(nearest, resize_coordinate(transform, (double)at, scale,
                                                          input->dims[axis], output->dims[axis]));
    double last = (double)(input->dims[axis] - 1);
    *source = (int64_t)(from < 0 ? 0 : from > last ? last : from);
    return OCTET_OK;
}

octet_status oct_evaluate_resize(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0], *y = &call->outputs[0];
    if (x->rank != 4 || x->dims[0] != y->dims[0] || x->dims[1] != y->dims[1] || x->count == 0)
        return oct_call_bad(call, "only height and width of pictures are resized");
    size_t in_plane = oct_array_extent(x, 2, 4), out_plane = oct_array_extent(y, 2, 4);
    for (int64_t row = 0; row < y->dims[2]; row++)
        for (int64_t column = 0; column < y->dims[3]; column++) {
            int64_t from_y, from_x;
            octet_status status = oct_resize_source(call->graph, call->node, x, y, 2, row, &from_y);
            if (!status)
                status = oct_resize_source(call->graph, call->node, x, y, 3, column, &from_x);
            if (status)
                return status;
            for (size_t p = 0; p < oct_array_extent(x, 0, 2); p++)
                oct_floats(y)[p * out_plane + (size_t)(row * y->dims[3] + column)] =
                    oct_floats(x)[p * in_plane + (size_t)(from_y * x->dims[3] + from_x)];
        }
    return OCTET_OK;
}
