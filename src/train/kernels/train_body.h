/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernels of training, for a file that has defined OCT_TRAIN_FILL, the name of the function
 * that hands them out, and is compiled for an instruction set. Loops are such as compilers turn
 * into vectors; no operation is contracted or put into another order.
 */
#include <math.h>
#include <string.h>

#include "network/requantize.h"
#include "train/kernels/train_kernels.h"

/* e^x within 2e-7 relative, |x| up to 80: e^r by a polynomial of degree 6, |r| <= ln(2) / 2. */
static inline float exponential(float x)
{
    const float shift = 12582912.0f; /* 1.5 * 2^23 */
    x = x < 80.0f ? x : 80.0f;
    x = x > -80.0f ? x : -80.0f;
    const float rounded = x * 1.44269504f + shift;
    const float n = rounded - shift;
    const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    const int32_t bits = ((int32_t)n + 127) * (1 << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

static inline float logistic(float y)
{
    return 1.0f / (1.0f + exponential(-y));
}

/* log(1 + u) of u in [0, 1], within 1e-7: 2 artanh(u / (2 + u)). */
static inline float log_of_1_and(float u)
{
    const float z = u / (2.0f + u), square = z * z;
    float p = 2.0f / 11.0f;
    p = p * square + 2.0f / 9.0f;
    p = p * square + 2.0f / 7.0f;
    p = p * square + 2.0f / 5.0f;
    p = p * square + 2.0f / 3.0f;
    p = p * square + 2.0f;
    return z * p;
}

/* An activation's value, and its slope at the same place. */
struct point {
    float value, slope;
};

static inline struct point silu(float y, float slope)
{
    const float s = logistic(y);
    (void)slope;
    return (struct point){y * s, s + y * s * (1.0f - s)};
}

static inline struct point none(float y, float slope)
{
    (void)slope;
    return (struct point){y, 1.0f};
}

static inline struct point relu(float y, float slope)
{
    (void)slope;
    return (struct point){y > 0.0f ? y : 0.0f, y > 0.0f ? 1.0f : 0.0f};
}

static inline struct point leaky_relu(float y, float slope)
{
    return (struct point){y > 0.0f ? y : y * slope, y > 0.0f ? 1.0f : slope};
}

static inline struct point hardswish(float y, float slope)
{
    float gate = y * (1.0f / 6.0f) + 0.5f;
    (void)slope;
    gate = gate < 1.0f ? gate : 1.0f;
    gate = gate > 0.0f ? gate : 0.0f;
    const float inside = gate > 0.0f && gate < 1.0f ? y * (1.0f / 6.0f) : 0.0f;
    return (struct point){y * gate, gate + inside};
}

static inline struct point gelu(float y, float slope)
{
    const double x = (double)y, share = 0.5 * (1.0 + erf(x * 0.70710678118654752440));
    (void)slope;
    return (struct point){(float)(x * share),
                          (float)(share + x * 0.39894228040143267794 * exp(-0.5 * x * x))};
}

static inline struct point gelu_tanh(float y, float slope)
{
    const double x = (double)y, a = 0.79788456080286535588, b = 0.044715;
    const double t = tanh(a * (x + b * x * x * x));
    (void)slope;
    return (struct point){
        (float)(0.5 * x * (1.0 + t)),
        (float)(0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * a * (1.0 + 3.0 * b * x * x))};
}

/* A loop for each activation: what is inside is made for it. */
#define FOR_ACTIVATION(how, LOOP)                                                                  \
    switch ((how)->activation) {                                                                   \
    case OCT_ACTIVATION_SILU:                                                                      \
        LOOP(silu);                                                                                \
        break;                                                                                     \
    case OCT_ACTIVATION_RELU:                                                                      \
        LOOP(relu);                                                                                \
        break;                                                                                     \
    case OCT_ACTIVATION_LEAKY_RELU:                                                                \
        LOOP(leaky_relu);                                                                          \
        break;                                                                                     \
    case OCT_ACTIVATION_HARDSWISH:                                                                 \
        LOOP(hardswish);                                                                           \
        break;                                                                                     \
    case OCT_ACTIVATION_GELU:                                                                      \
        LOOP(gelu);                                                                                \
        break;                                                                                     \
    case OCT_ACTIVATION_GELU_TANH:                                                                 \
        LOOP(gelu_tanh);                                                                           \
        break;                                                                                     \
    default:                                                                                       \
        LOOP(none);                                                                                \
        break;                                                                                     \
    }

static void activate(const struct oct_coded_activation *how, const float *restrict sums,
                     const float *restrict residual, size_t count, float *restrict values)
{
    const float slope = how->slope;
#define LOOP(function)                                                                             \
    for (size_t i = 0; i < count; i++)                                                             \
    values[i] = function(sums[i], slope).value
    FOR_ACTIVATION(how, LOOP)
#undef LOOP
    for (size_t i = 0; residual && i < count; i++)
        values[i] += residual[i];
}

static void activate_in_place(const struct oct_coded_activation *how,
                              const float *restrict residual, size_t count, float *restrict values)
{
    const float slope = how->slope;
#define LOOP(function)                                                                             \
    for (size_t i = 0; i < count; i++)                                                             \
    values[i] = function(values[i], slope).value
    FOR_ACTIVATION(how, LOOP)
#undef LOOP
    for (size_t i = 0; residual && i < count; i++)
        values[i] += residual[i];
}

/* A part that stays in the cache between loops. */
#define PART 1024

static void code(const struct oct_coded_activation *how, const float *sums, const float *residual,
                 size_t count, uint8_t *restrict codes)
{
    const struct oct_quantization q = how->quantization;
    const float inverse = 1.0f / q.scale;
    float values[PART];
    for (size_t done = 0; done < count; done += PART) {
        const size_t n = count - done < PART ? count - done : PART;
        activate(how, sums + done, residual ? residual + done : NULL, n, values);
        for (size_t i = 0; i < n; i++)
            codes[done + i] = oct_requantize(values[i], inverse, q.zero_point);
    }
}

static void activate_back(const struct oct_coded_activation *how, const float *restrict gradient,
                          size_t count, float *restrict sums)
{
    const float slope = how->slope;
#define LOOP(function)                                                                             \
    for (size_t i = 0; i < count; i++)                                                             \
    sums[i] = gradient[i] * function(sums[i], slope).slope
    FOR_ACTIVATION(how, LOOP)
#undef LOOP
}

/* Values to gradients of values, in place in `gradient`; adds to the lanes of the scale's. */
static void round_back(struct oct_quantization q, const float *restrict values, size_t count,
                       float *restrict gradient, float *restrict lanes)
{
    const float inverse = 1.0f / q.scale;
    const float lowest = (float)-q.zero_point, highest = (float)(255 - q.zero_point);
    size_t i = 0;
    for (; i + OCT_SUM_LANES <= count; i += OCT_SUM_LANES)
        for (size_t k = 0; k < OCT_SUM_LANES; k++) {
            const float v = values[i + k] * inverse, g = gradient[i + k];
            const float rounded = rintf(v);
            const float low = rounded > lowest ? rounded : lowest;
            const float steps = low < highest ? low : highest;
            const float inside = steps == rounded ? 1.0f : 0.0f;
            lanes[k] += g * (steps - inside * v);
            gradient[i + k] = g * inside;
        }
    for (size_t k = 0; i < count; i++, k++) {
        const float v = values[i] * inverse, g = gradient[i];
        const float rounded = rintf(v);
        const float low = rounded > lowest ? rounded : lowest;
        const float steps = low < highest ? low : highest;
        const float inside = steps == rounded ? 1.0f : 0.0f;
        lanes[k] += g * (steps - inside * v);
        gradient[i] = g * inside;
    }
}

static double code_back(const struct oct_coded_activation *how, const float *residual,
                        float *gradient, size_t count, float *sums)
{
    double scale = 0.0;
    float values[PART];
    for (size_t done = 0; done < count; done += PART) {
        const size_t n = count - done < PART ? count - done : PART;
        float lanes[OCT_SUM_LANES] = {0};
        activate(how, sums + done, residual ? residual + done : NULL, n, values);
        round_back(how->quantization, values, n, gradient + done, lanes);
        activate_back(how, gradient + done, n, sums + done);
        for (size_t k = 0; k < OCT_SUM_LANES; k++)
            scale += (double)lanes[k];
    }
    return scale * (double)how->quantization.scale;
}

static void decode(struct oct_quantization q, const uint8_t *restrict codes, size_t count,
                   float *restrict values)
{
    for (size_t i = 0; i < count; i++)
        values[i] = oct_dequantize(codes[i], q.scale, q.zero_point);
}

/* KL of one class: p (teacher - is) + log(1 + e^is) - log(1 + e^teacher). */
static inline float class_loss(float is, float teacher, float p)
{
    const float a = fabsf(is), b = fabsf(teacher);
    const float above = (is > 0.0f ? is : 0.0f) - (teacher > 0.0f ? teacher : 0.0f);
    return p * (teacher - is) + above + log_of_1_and(exponential(-a)) -
           log_of_1_and(exponential(-b));
}

static double classes(const float *restrict is, const float *restrict teacher, size_t count,
                      float *restrict gradient)
{
    double loss = 0.0;
    for (size_t done = 0; done < count; done += PART) {
        const size_t end = count - done < PART ? count : done + PART;
        float lanes[OCT_SUM_LANES] = {0};
        size_t i = done;
        for (; i + OCT_SUM_LANES <= end; i += OCT_SUM_LANES)
            for (size_t k = 0; k < OCT_SUM_LANES; k++) {
                const float p = logistic(teacher[i + k]);
                gradient[i + k] = logistic(is[i + k]) - p;
                lanes[k] += class_loss(is[i + k], teacher[i + k], p);
            }
        for (size_t k = 0; i < end; i++, k++) {
            const float p = logistic(teacher[i]);
            gradient[i] = logistic(is[i]) - p;
            lanes[k] += class_loss(is[i], teacher[i], p);
        }
        for (size_t k = 0; k < OCT_SUM_LANES; k++)
            loss += (double)lanes[k];
    }
    return loss;
}

static float highest_of(const float *values, size_t count)
{
    float highest = values[0];
    for (size_t i = 1; i < count; i++)
        highest = values[i] > highest ? values[i] : highest;
    return highest;
}

static double distribution(const float *restrict is, const float *restrict teacher, size_t count,
                           float weight, float *restrict gradient)
{
    const float a = highest_of(is, count), b = highest_of(teacher, count);
    float sum_is = 0.0f, sum_teacher = 0.0f, mean = 0.0f;
    for (size_t i = 0; i < count; i++)
        gradient[i] = exponential(is[i] - a);
    for (size_t i = 0; i < count; i++)
        sum_is += gradient[i];
    for (size_t i = 0; i < count; i++) {
        const float e = exponential(teacher[i] - b);
        sum_teacher += e;
        mean += e * (teacher[i] - is[i]);
    }
    /* KL = mean of (teacher - is) under the teacher, less both logarithms of sums */
    mean = mean / sum_teacher - b + a;
    const float share = weight / sum_is, wanted = weight / sum_teacher;
    for (size_t i = 0; i < count; i++)
        gradient[i] = gradient[i] * share - exponential(teacher[i] - b) * wanted;
    return (double)weight * ((double)mean + log((double)sum_is) - log((double)sum_teacher));
}

static void add(const float *restrict added, size_t count, float *restrict sum)
{
    for (size_t i = 0; i < count; i++)
        sum[i] += added[i];
}

void OCT_TRAIN_FILL(struct oct_train_kernels *kernels)
{
    *kernels = (struct oct_train_kernels){
        .activate = activate,
        .activate_in_place = activate_in_place,
        .code = code,
        .activate_back = activate_back,
        .code_back = code_back,
        .decode = decode,
        .classes = classes,
        .distribution = distribution,
        .add = add,
    };
}
