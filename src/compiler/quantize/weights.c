/* SPDX-License-Identifier: Apache-2.0 */
/* Weights to codes: to nearest first, then turned where that makes a channel's error smaller; and
 * the biases that make up for what is left. */
#include "compiler/quantize/weights.h"

#include <math.h>

#include "network/quantization.h"

#define SHARE_LEAST 30 /* percent */
#define GAIN_MOST 2.0

/* The largest code. */
static int most_of(const struct oct_weights_shape *shape)
{
    return shape->bits == 4 ? 7 : 127;
}

static int8_t code_of(double value, int most)
{
    const double code = rint(value);
    return (int8_t)(code > most ? most : code < -most ? -most : code);
}

/* The input channel that output channel `n` reads first. */
static int first_input(const struct oct_weights_shape *shape, int n)
{
    return shape->depthwise ? n : 0;
}

/* To nearest: the codes of output channel `n`, from its first on. */
static void round_output(const struct oct_weights_shape *shape, const float *weights,
                         const float *input_scales, int n, double scale, int8_t *codes)
{
    const size_t taps = (size_t)shape->taps, count = (size_t)shape->inputs * taps;
    const float *w = weights + (size_t)n * count;
    const float *inputs = input_scales + first_input(shape, n);
    const int most = most_of(shape);
    for (size_t i = 0; i < count; i++)
        codes[i] = code_of((double)w[i] * (double)inputs[i / taps] / scale, most);
}

void oct_quantize_weights(const struct oct_weights_shape *shape, const float *weights,
                          const float *input_scales, int8_t *codes, float *scales)
{
    const size_t count = (size_t)shape->inputs * (size_t)shape->taps;
    for (int n = 0; n < shape->outputs; n++) {
        const float *w = weights + (size_t)n * count;
        const float *inputs = input_scales + first_input(shape, n);
        double largest = 0.0;
        for (size_t i = 0; i < count; i++)
            largest = fmax(largest, fabs((double)w[i] * (double)inputs[i / (size_t)shape->taps]));
        const float scale = (float)(largest / most_of(shape));
        scales[n] = scale >= OCT_SCALE_MIN ? scale : 1.0f;
        round_output(shape, weights, input_scales, n, (double)scales[n], codes + (size_t)n * count);
    }
}

size_t oct_refinement_scratch(const struct oct_weights_shape *shape)
{
    return (size_t)shape->inputs * (size_t)(shape->taps + 2);
}

/* One output channel. The variance of its error is, up to a factor, with r and q the correlations
 * of taps and channels: sum_c a^2 ((1 - r) sum_t e^2 + (r - q) s^2) + q (sum_c a s)^2, where s[c] =
 * sum_t e. */
struct refining {
    int inputs, taps, most;
    double own, shared, common; /* 1 - r, r - q, q */
    double *errors;             /* e: [inputs][taps], in units of a code */
    double *sums;               /* s: [inputs] */
    double *weights;            /* a: [inputs] */
    double total;               /* sum_c a s */
    int (*candidates)[2];       /* [inputs], see find_candidates() */
    int8_t *codes;
};

struct turn {
    int at, step; /* the code, and what is added to it: 1 or -1 */
    double gain;
};

/* The codes of a channel to look at, up (0) and down (1): in either direction it is the one whose
 * error is largest that gains most. -1: none. */
static void find_candidates(struct refining *r, int c)
{
    int *most = r->candidates[c];
    most[0] = most[1] = -1;
    for (int i = c * r->taps; i < (c + 1) * r->taps; i++) {
        const int way = r->errors[i] < 0.0;
        if (r->codes[i] == (way ? -r->most : r->most) || r->errors[i] == 0.0)
            continue;
        if (most[way] < 0 || fabs(r->errors[i]) > fabs(r->errors[most[way]]))
            most[way] = i;
    }
}

/* The change of one channel's codes that gains most, if one does. */
static void look_at_channel(const struct refining *r, int c, struct turn *best)
{
    const double a = r->weights[c];
    for (int way = 0; way < 2; way++) {
        const int at = r->candidates[c][way], step = way ? -1 : 1;
        if (at < 0)
            continue;
        const double gain = a * a *
                                (r->own * (2.0 * step * r->errors[at] - 1.0) +
                                 r->shared * (2.0 * step * r->sums[c] - 1.0)) +
                            r->common * a * (2.0 * step * r->total - a);
        if (gain > best->gain)
            *best = (struct turn){at, step, gain};
    }
}

static void refine_channel(struct refining *r)
{
    for (int c = 0; c < r->inputs; c++)
        find_candidates(r, c);
    /* each turn gains; the bound is for gains within rounding */
    for (int turns = r->inputs * r->taps; turns > 0; turns--) {
        struct turn best = {-1, 0, 0.0};
        for (int c = 0; c < r->inputs; c++)
            look_at_channel(r, c, &best);
        if (best.at < 0)
            return;
        const int c = best.at / r->taps;
        r->codes[best.at] = (int8_t)(r->codes[best.at] + best.step);
        r->errors[best.at] -= best.step;
        r->sums[c] -= best.step;
        r->total -= r->weights[c] * best.step;
        find_candidates(r, c);
    }
}

static struct refining begin_refining(const struct oct_refinement *refinement)
{
    const struct oct_weights_shape *shape = &refinement->shape;
    const size_t count = (size_t)shape->inputs * (size_t)shape->taps;
    return (struct refining){.inputs = shape->inputs,
                             .taps = shape->taps,
                             .most = most_of(shape),
                             .own = 1.0 - OCT_TAP_CORRELATION,
                             .shared = OCT_TAP_CORRELATION - OCT_CHANNEL_CORRELATION,
                             .common = OCT_CHANNEL_CORRELATION,
                             .errors = refinement->scratch,
                             .sums = refinement->scratch + count,
                             .weights = refinement->scratch + count + shape->inputs,
                             .candidates = refinement->candidates};
}

/* The codes of output `n`, of all, and what its inputs weigh. */
static void begin_output(const struct oct_refinement *refinement, int n, int8_t *codes,
                         struct refining *r)
{
    r->codes = codes + (size_t)n * (size_t)r->inputs * (size_t)r->taps;
    const int first = first_input(&refinement->shape, n);
    for (int c = 0; c < r->inputs && (n == 0 || refinement->shape.depthwise); c++)
        r->weights[c] =
            refinement->moments[first + c].deviation / (double)refinement->input_scales[first + c];
}

/* From the codes of output `n` and its scale to their errors. */
static void find_errors(const struct oct_refinement *refinement, int n, double scale,
                        struct refining *r)
{
    const float *w = refinement->weights + (size_t)n * (size_t)r->inputs * (size_t)r->taps;
    const int first = first_input(&refinement->shape, n);
    r->total = 0.0;
    for (int c = 0; c < r->inputs; c++) {
        r->sums[c] = 0.0;
        for (int i = c * r->taps; i < (c + 1) * r->taps; i++) {
            r->errors[i] =
                (double)w[i] * (double)refinement->input_scales[first + c] / scale - r->codes[i];
            r->sums[c] += r->errors[i];
        }
        r->total += r->weights[c] * r->sums[c];
    }
}

void oct_refine_weights(const struct oct_refinement *refinement, int8_t *codes)
{
    struct refining r = begin_refining(refinement);
    for (int n = 0; n < refinement->shape.outputs; n++) {
        begin_output(refinement, n, codes, &r);
        find_errors(refinement, n, (double)refinement->scales[n], &r);
        refine_channel(&r);
    }
}

/* The variance of a channel's error, in units of a code squared. */
static double variance_of(const struct refining *r)
{
    double sum = r->common * r->total * r->total;
    for (int c = 0; c < r->inputs; c++) {
        double squares = 0.0;
        for (int i = c * r->taps; i < (c + 1) * r->taps; i++)
            squares += r->errors[i] * r->errors[i];
        sum += r->weights[c] * r->weights[c] *
               (r->own * squares + r->shared * r->sums[c] * r->sums[c]);
    }
    return sum;
}

/* To nearest, of output `n`, and the errors. */
static void round_channel(const struct oct_refinement *refinement, int n, double scale,
                          struct refining *r)
{
    round_output(&refinement->shape, refinement->weights, refinement->input_scales, n, scale,
                 r->codes);
    find_errors(refinement, n, scale, r);
}

/* Of the shares of a scale that are looked at, the scale of the least variance. */
static double find_scale(const struct oct_refinement *refinement, int n, double whole,
                         struct refining *r)
{
    double best = whole, least = INFINITY;
    for (int share = 100; share >= SHARE_LEAST; share--) {
        const double scale = whole * share / 100.0;
        round_channel(refinement, n, scale, r);
        const double variance = variance_of(r) * scale * scale;
        if (variance < least) {
            least = variance;
            best = scale;
        }
    }
    return best;
}

/* What the codes' output is to be multiplied with to rise and fall as much as the weights' does, by
 * the same correlations: 1 where nothing is known. */
static double gain_of(const struct refining *r)
{
    double own = 0.0, coded = 0.0, own_total = 0.0, coded_total = 0.0; /* w'w, w'q; sum_c a s */
    for (int c = 0; c < r->inputs; c++) {
        const double a = r->weights[c];
        double own_sum = 0.0, coded_sum = 0.0, own_squares = 0.0, products = 0.0;
        for (int i = c * r->taps; i < (c + 1) * r->taps; i++) {
            const double weight = r->codes[i] + r->errors[i];
            own_sum += weight;
            coded_sum += r->codes[i];
            own_squares += weight * weight;
            products += weight * r->codes[i];
        }
        own += a * a * (r->own * own_squares + r->shared * own_sum * own_sum);
        coded += a * a * (r->own * products + r->shared * own_sum * coded_sum);
        own_total += a * own_sum;
        coded_total += a * coded_sum;
    }
    own += r->common * own_total * own_total;
    coded += r->common * own_total * coded_total;
    return own < GAIN_MOST * coded && coded < GAIN_MOST * own ? own / coded : 1.0;
}

void oct_fit_weights(const struct oct_refinement *refinement, float *scales, int8_t *codes)
{
    struct refining r = begin_refining(refinement);
    for (int n = 0; n < refinement->shape.outputs; n++) {
        begin_output(refinement, n, codes, &r);
        const double scale = find_scale(refinement, n, (double)refinement->scales[n], &r);
        round_channel(refinement, n, scale, &r);
        refine_channel(&r);
        const float fitted = (float)(scale * gain_of(&r));
        scales[n] = fitted >= OCT_SCALE_MIN ? fitted : 1.0f;
    }
}

void oct_correct_biases(const struct oct_refinement *refinement, const int8_t *codes,
                        const float *biases, float *corrected)
{
    const struct oct_weights_shape *shape = &refinement->shape;
    const size_t taps = (size_t)shape->taps, count = (size_t)shape->inputs * taps;
    for (int n = 0; n < shape->outputs; n++) {
        const float *w = refinement->weights + (size_t)n * count;
        const int8_t *code = codes + (size_t)n * count;
        double mean = 0.0;
        for (size_t i = 0; i < count; i++) {
            const size_t c = (size_t)first_input(shape, n) + i / taps;
            mean += refinement->moments[c].mean *
                    ((double)w[i] - code[i] * ((double)refinement->scales[n] /
                                               (double)refinement->input_scales[c]));
        }
        corrected[n] = (float)((double)biases[n] + mean);
    }
}
