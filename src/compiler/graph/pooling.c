/* SPDX-License-Identifier: Apache-2.0 */
/* MaxPool and AveragePool on [batch, channels, height, width]. Plain and slow. */
#include <math.h>

#include "compiler/graph/operators.h"

/* One plane of a pool. */
struct pooling {
    const struct oct_node *node;
    struct oct_window window;
    const float *x;
    const int64_t *size; /* of the input's plane */
    float *y;
};

static octet_status infer_pool(struct oct_call *call)
{
    const struct oct_array *x = call->inputs[0];
    struct oct_window window;
    if (x->type != OCT_DATA_FLOAT)
        return oct_call_bad(call, "its input is not float");
    octet_status status = oct_window_of(call->graph, call->node, x, NULL, &window);
    if (status)
        return status;
    int64_t dims[] = {x->dims[0], x->dims[1], window.output[0], window.output[1]};
    return oct_call_shape(call, 0, OCT_DATA_FLOAT, 4, dims);
}

static octet_status evaluate_pool(struct oct_call *call, void (*pool)(const struct pooling *p))
{
    const struct oct_array *x = call->inputs[0], *y = &call->outputs[0];
    struct pooling p = {.node = call->node, .size = x->dims + 2};
    octet_status status = oct_window_of(call->graph, call->node, x, NULL, &p.window);
    if (status)
        return status;
    size_t in_plane = oct_array_extent(x, 2, 4), out_plane = oct_array_extent(y, 2, 4);
    for (size_t i = 0; i < oct_array_extent(x, 0, 2); i++) {
        p.x = oct_floats(x) + i * in_plane;
        p.y = oct_floats(y) + i * out_plane;
        pool(&p);
    }
    return OCTET_OK;
}

/* Calls for every tap of every window that falls inside the input. */
static void each_tap(const struct pooling *p, void (*take)(float *y, float x))
{
    const struct oct_window *w = &p->window;
    for (int64_t ky = 0; ky < w->kernel[0]; ky++)
        for (int64_t kx = 0; kx < w->kernel[1]; kx++) {
            int64_t top, bottom, left, right;
            oct_window_tap(w, 0, ky, p->size[0], &top, &bottom);
            oct_window_tap(w, 1, kx, p->size[1], &left, &right);
            for (int64_t row = top; row < bottom; row++)
                for (int64_t column = left; column < right; column++) {
                    int64_t y = row * w->stride[0] + ky * w->dilation[0] - w->pad_begin[0];
                    int64_t x = column * w->stride[1] + kx * w->dilation[1] - w->pad_begin[1];
                    take(&p->y[row * w->output[1] + column], p->x[y * p->size[1] + x]);
                }
        }
}

/* How many taps of the window at `at` fall within `before` pixels before the input and `behind`
 * behind it. */
static int64_t taps_of(const struct pooling *p, int axis, int64_t at, int64_t before,
                       int64_t behind)
{
    const struct oct_window *w = &p->window;
    int64_t count = 0;
    for (int64_t k = 0; k < w->kernel[axis]; k++) {
        int64_t place = at * w->stride[axis] + k * w->dilation[axis] - w->pad_begin[axis];
        count += place >= -before && place < p->size[axis] + behind;
    }
    return count;
}

static void take_larger(float *y, float x)
{
    *y = x > *y ? x : *y;
}

static void take_sum(float *y, float x)
{
    *y += x;
}

/* ---- MaxPool ---- */

static void max_plane(const struct pooling *p)
{
    const struct oct_window *w = &p->window;
    const int64_t *zeros = p->node->zeros;
    const bool padded = zeros[0] || zeros[1] || zeros[2] || zeros[3];
    for (int64_t row = 0; row < w->output[0]; row++)
        for (int64_t column = 0; column < w->output[1]; column++) {
            const bool reaches_out =
                padded && (taps_of(p, 0, row, zeros[0], zeros[2]) > taps_of(p, 0, row, 0, 0) ||
                           taps_of(p, 1, column, zeros[1], zeros[3]) > taps_of(p, 1, column, 0, 0));
            p->y[row * w->output[1] + column] = reaches_out ? 0.0f : -INFINITY;
        }
    each_tap(p, take_larger);
}

octet_status oct_infer_max_pool(struct oct_call *call)
{
    return infer_pool(call);
}

octet_status oct_evaluate_max_pool(struct oct_call *call)
{
    return evaluate_pool(call, max_plane);
}

/* ---- AveragePool ---- */

/* Pixels of a row, or column, of windows that are counted. */
static int64_t counted(const struct pooling *p, int axis, int64_t at, bool padding)
{
    const int64_t *zeros = p->node->zeros;
    return padding ? taps_of(p, axis, at, p->window.pad_begin[axis], p->window.pad_end[axis])
                   : taps_of(p, axis, at, zeros[axis], zeros[2 + axis]);
}

static void mean_plane(const struct pooling *p)
{
    const struct oct_window *w = &p->window;
    const bool padding = oct_node_int(p->node, "count_include_pad", 0) != 0;
    for (int64_t i = 0; i < w->output[0] * w->output[1]; i++)
        p->y[i] = 0.0f;
    each_tap(p, take_sum);
    for (int64_t row = 0; row < w->output[0]; row++)
        for (int64_t column = 0; column < w->output[1]; column++)
            p->y[row * w->output[1] + column] /=
                (float)(counted(p, 0, row, padding) * counted(p, 1, column, padding));
}

octet_status oct_infer_average_pool(struct oct_call *call)
{
    return infer_pool(call);
}

octet_status oct_evaluate_average_pool(struct oct_call *call)
{
    return evaluate_pool(call, mean_plane);
}
