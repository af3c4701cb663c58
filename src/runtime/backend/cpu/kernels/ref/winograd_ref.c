/* SPDX-License-Identifier: Apache-2.0 */
/*
 * F32 convolutions by Winograd's transforms in plain C: the definition (vector/winograd.h has the
 * matrices). A square of 4x4 output pixels is made of 36 points. Of each transform the columns come
 * first, each from top to bottom, then the rows. The last squares of a row, and of a column, end
 * where the picture does; a pixel is of the first square that has it.
 *
 * Packed weights: [output channels / 16][point][input channel][16].
 */
#include <string.h>

#include "base/fused.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"
#include "runtime/backend/cpu/kernels/transformed.h"

enum {
    TILE = OCT_FUSED_ROW,
    SQUARE = OCT_WINOGRAD_SQUARE,
    SIDE = SQUARE + 2, /* points, and input pixels, of a square, each way */
    POINTS = SIDE * SIDE,
    TAPS = 3
};

/* ---- weights: in double precision, rounded once ---- */

/* G of three taps, `step` apart: 24 times too large. */
static void transform_taps(const double *g, int step, double u[SIDE])
{
    const double first = g[0], middle = g[step], last = g[2 * step];
    u[0] = 6.0 * first;
    u[1] = -4.0 * ((first + last) + middle);
    u[2] = -4.0 * ((first + last) - middle);
    u[3] = (first + 4.0 * last) + 2.0 * middle;
    u[4] = (first + 4.0 * last) - 2.0 * middle;
    u[5] = 12.0 * last;
}

/* The points of the nine taps `g` of an input and an output channel, `step` apart. */
static void pack_points(const double g[TAPS * TAPS], float *out, size_t step)
{
    double columns[TAPS][SIDE];
    for (int x = 0; x < TAPS; x++)
        transform_taps(g + x, TAPS, columns[x]);
    for (int y = 0; y < SIDE; y++) {
        const double row[TAPS] = {columns[0][y], columns[1][y], columns[2][y]};
        double u[SIDE];
        transform_taps(row, 1, u);
        for (int x = 0; x < SIDE; x++, out += step)
            *out = (float)(u[x] / (24 * 24));
    }
}

static size_t packed_bytes(const struct oct_conv_shape *shape)
{
    const size_t tiles = ((size_t)shape->output_channels + TILE - 1) / TILE;
    return tiles * TILE * POINTS * (size_t)shape->input_channels * sizeof(float);
}

static void pack(const struct oct_conv_shape *shape, const struct oct_conv_weights *weights,
                 void *packed)
{
    const size_t point = (size_t)shape->input_channels * TILE;
    float *out = packed;
    memset(packed, 0, packed_bytes(shape));
    for (int tile = 0; tile < shape->output_channels; tile += TILE, out += POINTS * point)
        for (int c = 0; c < shape->input_channels; c++)
            for (int n = 0; n < TILE && tile + n < shape->output_channels; n++) {
                double g[TAPS * TAPS] = {0.0};
                size_t from;
                if (oct_conv_find(weights, tile + n, c, TAPS * TAPS, &from))
                    for (size_t tap = 0; tap < TAPS * TAPS; tap++)
                        g[tap] = (double)oct_conv_value(weights, from + tap);
                pack_points(g, out + (size_t)c * TILE + n, point);
            }
}

/* ---- pictures ---- */

/* B' of six values; products with powers of two are exact. */
static void transform_input(const float d[SIDE], float v[SIDE])
{
    const float a = d[4] - 4.0f * d[2], b = d[3] - 4.0f * d[1];
    const float c = d[4] - d[2], e = 2.0f * (d[3] - d[1]);
    v[0] = 4.0f * (d[0] - d[2]) + c;
    v[1] = a + b;
    v[2] = a - b;
    v[3] = c + e;
    v[4] = c - e;
    v[5] = (d[5] - d[3]) - 2.0f * e;
}

/* The points of the square whose first output pixel is (y, x): [point][input channels]. */
static void take_square(const struct oct_conv_job *job, int y, int x, float *points)
{
    const size_t channels = (size_t)job->shape.input_channels;
    const float *input =
        (const float *)job->input.data + (size_t)y * job->input.row + (size_t)x * job->input.pixel;
    for (size_t c = 0; c < channels; c++) {
        float columns[SIDE][SIDE];
        for (size_t i = 0; i < SIDE; i++) {
            float d[SIDE];
            for (size_t k = 0; k < SIDE; k++)
                d[k] = input[k * job->input.row + i * job->input.pixel + c];
            transform_input(d, columns[i]);
        }
        for (size_t k = 0; k < SIDE; k++) {
            float d[SIDE], v[SIDE];
            for (size_t i = 0; i < SIDE; i++)
                d[i] = columns[i][k];
            transform_input(d, v);
            for (size_t i = 0; i < SIDE; i++)
                points[(k * SIDE + i) * channels + c] = v[i];
        }
    }
}

/* A' of six sums, `step` apart; to values as far apart as `to` says. */
static void transform_sums(const float *m, size_t step, float *y, size_t to)
{
    const float s1 = m[step] + m[2 * step], d1 = m[step] - m[2 * step];
    const float s2 = m[3 * step] + m[4 * step], d2 = m[3 * step] - m[4 * step];
    y[0] = m[0] + (s1 + s2);
    y[to] = d1 + 2.0f * d2;
    y[2 * to] = s1 + 4.0f * s2;
    y[3 * to] = (d1 + 2.0f * m[5 * step]) + 8.0f * d2;
}

/* The values of a square for a channel tile, [row][column][16], with `bias`. */
static void make_square(const struct oct_conv_job *job, const float *points, int channel, int count,
                        float values[SQUARE * SQUARE][TILE])
{
    const size_t channels = (size_t)job->shape.input_channels;
    const float *weights = (const float *)job->packed + (size_t)channel * POINTS * channels;
    float sums[POINTS][TILE];
    memset(sums, 0, sizeof sums);
    for (size_t point = 0; point < POINTS; point++)
        for (size_t c = 0; c < channels; c++, weights += TILE)
            oct_fused_row(sums[point], points[point * channels + c], weights);
    for (int n = 0; n < count; n++) {
        float half[SQUARE * SIDE], square[SQUARE * SQUARE];
        for (int x = 0; x < SIDE; x++)
            transform_sums(&sums[x][n], (size_t)SIDE * TILE, half + x, SIDE);
        for (int y = 0; y < SQUARE; y++)
            transform_sums(half + (size_t)y * SIDE, 1, square + (size_t)y * SQUARE, 1);
        for (int i = 0; i < SQUARE * SQUARE; i++)
            values[i][n] = square[i] + job->bias[channel + n];
    }
}

static int lower(int a, int b)
{
    return a < b ? a : b;
}

/* What is of the range of the square that covers output pixels from (y, x) on, and has none before
 * them that another has. */
static void run_square(const struct oct_conv_job *job, const struct oct_conv_range *range, int y,
                       int x, float *points)
{
    const struct oct_conv_shape *shape = &job->shape;
    const int top = lower(y, shape->output_height - SQUARE);
    const int left = lower(x, shape->output_width - SQUARE);
    take_square(job, top, left, points);
    for (int channel = range->channel_begin; channel < range->channel_end; channel += TILE) {
        float values[SQUARE * SQUARE][TILE];
        const int count = lower(range->channel_end - channel, TILE);
        make_square(job, points, channel, count, values);
        for (int row = y; row < lower(top + SQUARE, range->row_end); row++)
            for (int column = x; column < left + SQUARE && row >= range->row_begin; column++)
                oct_finish_floats_ref(job, row, column, channel, count,
                                      values[(row - top) * SQUARE + column - left]);
    }
}

static size_t scratch_bytes(const struct oct_conv_shape *shape)
{
    return POINTS * (size_t)shape->input_channels * sizeof(float);
}

static void run(const struct oct_conv_job *job, const struct oct_conv_range *range, void *scratch)
{
    for (int y = range->row_begin / SQUARE * SQUARE; y < range->row_end; y += SQUARE)
        for (int x = 0; x < job->shape.output_width; x += SQUARE)
            run_square(job, range, y, x, scratch);
}

const struct oct_conv_kernel oct_winograd_f32_ref = {
    .name = "winograd_f32_ref_1x16",
    .tile_pixels = 1,
    .tile_channels = TILE,
    .tile_rows = SQUARE,
    .fits = oct_can_transform,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .scratch_bytes = scratch_bytes,
    .run = run,
};
