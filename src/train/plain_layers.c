/* SPDX-License-Identifier: Apache-2.0 */
/* Pools, upsampling, copies and depth to space, forth and back. */
#include "train/plain_layers.h"

#include <string.h>

static size_t input_floats(const struct oct_plain_job *job)
{
    return (size_t)job->input.height * (size_t)job->input.width * (size_t)job->input_channels;
}

static size_t pixel_of(struct oct_network_size size, int channels, int y, int x)
{
    return ((size_t)y * (size_t)size.width + (size_t)x) * (size_t)channels;
}

/* ---- windows ---- */

/* The pixels of a window that are in the picture, and whether zeros take part with them. */
struct window {
    int top, bottom, left, right;
    bool has_zeros;
};

static struct window window_of(const struct oct_plain_job *job, int y, int x)
{
    const struct oct_layer *layer = job->layer;
    const bool same = layer->operation == OCT_MAX_POOL;
    const int stride = same ? 1 : layer->stride,
              padding = same ? layer->kernel / 2 : layer->padding;
    const int top = y * stride - padding, left = x * stride - padding;
    const int bottom = top + layer->kernel, right = left + layer->kernel;
    struct window w = {top < 0 ? 0 : top, bottom > job->input.height ? job->input.height : bottom,
                       left < 0 ? 0 : left, right > job->input.width ? job->input.width : right,
                       false};
    w.has_zeros = layer->operation == OCT_WINDOW_MAX && layer->zeros &&
                  (w.top != top || w.bottom != bottom || w.left != left || w.right != right);
    return w;
}

/* Where channel c is largest; (size_t)-1: in the padding. */
static size_t find_largest(const struct oct_plain_job *job, const struct window *w,
                           const float *input, int c)
{
    size_t at = (size_t)-1;
    float most = 0.0f;
    for (int y = w->top; y < w->bottom; y++)
        for (int x = w->left; x < w->right; x++) {
            const size_t here = pixel_of(job->input, job->input_channels, y, x) + (size_t)c;
            if ((at == (size_t)-1 && !w->has_zeros) || input[here] > most) {
                at = here;
                most = input[here];
            }
        }
    return at;
}

static void max_forward(const struct oct_plain_job *job, const float *input, float *output)
{
    for (int y = 0; y < job->output.height; y++)
        for (int x = 0; x < job->output.width; x++) {
            const struct window w = window_of(job, y, x);
            for (int c = 0; c < job->output_channels; c++) {
                const size_t at = find_largest(job, &w, input, c);
                *output++ = at == (size_t)-1 ? 0.0f : input[at];
            }
        }
}

static void max_backward(const struct oct_plain_job *job, const float *input, const float *gradient,
                         float *back)
{
    memset(back, 0, input_floats(job) * sizeof *back);
    for (int y = 0; y < job->output.height; y++)
        for (int x = 0; x < job->output.width; x++) {
            const struct window w = window_of(job, y, x);
            for (int c = 0; c < job->output_channels; c++, gradient++) {
                const size_t at = *gradient == 0.0f ? (size_t)-1 : find_largest(job, &w, input, c);
                if (at != (size_t)-1)
                    back[at] += *gradient;
            }
        }
}

/* Padding counts as zeros. */
static float share_of(const struct oct_plain_job *job)
{
    return 1.0f / (float)(job->layer->kernel * job->layer->kernel);
}

static void mean_forward(const struct oct_plain_job *job, const float *input, float *output)
{
    const float share = share_of(job);
    for (int y = 0; y < job->output.height; y++)
        for (int x = 0; x < job->output.width; x++) {
            const struct window w = window_of(job, y, x);
            for (int c = 0; c < job->output_channels; c++) {
                float sum = 0.0f;
                for (int v = w.top; v < w.bottom; v++)
                    for (int u = w.left; u < w.right; u++)
                        sum += input[pixel_of(job->input, job->input_channels, v, u) + (size_t)c];
                *output++ = sum * share;
            }
        }
}

static void mean_backward(const struct oct_plain_job *job, const float *gradient, float *back)
{
    const float share = share_of(job);
    memset(back, 0, input_floats(job) * sizeof *back);
    for (int y = 0; y < job->output.height; y++)
        for (int x = 0; x < job->output.width; x++) {
            const struct window w = window_of(job, y, x);
            for (int c = 0; c < job->output_channels; c++, gradient++)
                for (int v = w.top; v < w.bottom; v++)
                    for (int u = w.left; u < w.right; u++)
                        back[pixel_of(job->input, job->input_channels, v, u) + (size_t)c] +=
                            *gradient * share;
        }
}

/* ---- moves ---- */

/* The first channel of what pixel (y, x) of an output of twice the size is, in the input. */
static size_t origin_of(const struct oct_plain_job *job, int y, int x)
{
    const size_t pixel = pixel_of(job->input, job->input_channels, y / 2, x / 2);
    return job->layer->operation == OCT_UPSAMPLE
               ? pixel
               : pixel + (size_t)(2 * (y % 2) + x % 2) * (size_t)job->output_channels;
}

static void double_forward(const struct oct_plain_job *job, const float *input, float *output)
{
    const size_t channels = (size_t)job->output_channels;
    for (int y = 0; y < job->output.height; y++)
        for (int x = 0; x < job->output.width; x++, output += channels)
            memcpy(output, input + origin_of(job, y, x), channels * sizeof *output);
}

static void double_backward(const struct oct_plain_job *job, const float *gradient, float *back)
{
    const size_t channels = (size_t)job->output_channels;
    memset(back, 0, input_floats(job) * sizeof *back);
    for (int y = 0; y < job->output.height; y++)
        for (int x = 0; x < job->output.width; x++, gradient += channels) {
            float *to = back + origin_of(job, y, x);
            for (size_t c = 0; c < channels; c++)
                to[c] += gradient[c];
        }
}

/* ---- all ---- */

size_t oct_plain_scratch(const struct oct_plain_job *job)
{
    const size_t pixels = (size_t)job->input.height * (size_t)job->input.width;
    return job->layer->operation == OCT_ATTENTION ? 2 * pixels / (size_t)job->layer->areas : 0;
}

void oct_plain_forward(const struct oct_plain_job *job, const float *input, float *output)
{
    switch (job->layer->operation) {
    case OCT_MAX_POOL:
    case OCT_WINDOW_MAX:
        max_forward(job, input, output);
        break;
    case OCT_WINDOW_MEAN:
        mean_forward(job, input, output);
        break;
    case OCT_UPSAMPLE:
    case OCT_DEPTH_TO_SPACE:
        double_forward(job, input, output);
        break;
    case OCT_ATTENTION:
        oct_attention_forward(job, input, output);
        break;
    case OCT_COPY:
    case OCT_CONVOLUTION:
    case OCT_TABLE:
        memcpy(output, input, input_floats(job) * sizeof *output);
        break;
    }
}

void oct_plain_backward(const struct oct_plain_job *job, const float *input,
                        const float *output_gradient, float *input_gradient)
{
    switch (job->layer->operation) {
    case OCT_MAX_POOL:
    case OCT_WINDOW_MAX:
        max_backward(job, input, output_gradient, input_gradient);
        break;
    case OCT_WINDOW_MEAN:
        mean_backward(job, output_gradient, input_gradient);
        break;
    case OCT_UPSAMPLE:
    case OCT_DEPTH_TO_SPACE:
        double_backward(job, output_gradient, input_gradient);
        break;
    case OCT_ATTENTION:
        oct_attention_backward(job, input, output_gradient, input_gradient);
        break;
    case OCT_COPY:
    case OCT_CONVOLUTION:
    case OCT_TABLE:
        memcpy(input_gradient, output_gradient, input_floats(job) * sizeof *input_gradient);
        break;
    }
}
