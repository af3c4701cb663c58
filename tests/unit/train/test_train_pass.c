/* SPDX-License-Identifier: Apache-2.0 */
/* A picture forth and back: values against the engine's, gradients against differences. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "runtime/backend/cpu/features/features.h"
#include "small_detector.h"
#include "train/feature_match.h"
#include "train/train_pass.h"

#ifdef OCTET_HAS_ONEDNN

#define SIDE 64

static octet_context *ctx;
static struct oct_onednn *onednn;

/* A detector that is run without codes. */
struct trial {
    octet_model *model;
    struct oct_network *network;
    struct oct_train_plan *plan;
    struct oct_train_pass pass;
    struct oct_packed_layer *layers;
    float *pixels, *gradients;
    double *scales;
    double largest;          /* of all layers' gradients */
    double *feature_weights; /* [layers] */
};

static void pack(struct trial *t, int layer)
{
    const struct oct_layer *l = &t->network->layers[layer];
    if (t->plan->layers[layer].convolution)
        assert_int_equal(oct_convolution_pack(t->plan->layers[layer].convolution, &t->pass.worker,
                                              l->values, t->layers[layer].forward,
                                              t->layers[layer].backward),
                         OCTET_OK);
    t->layers[layer].bias = l->bias;
}

static struct trial open_trial(enum test_detector kind, uint64_t seed)
{
    struct trial t = {.model = test_model(ctx, kind, seed)};
    struct test_random random = test_random_of(seed);
    t.network = &t.model->network;
    int *codings = oct_malloc(ctx, (size_t)t.network->tensor_count, sizeof *codings);
    memset(codings, -1, (size_t)t.network->tensor_count * sizeof *codings);
    const struct oct_train_plan_settings settings = {.network = t.network,
                                                     .height = SIDE,
                                                     .width = SIDE,
                                                     .codings = codings,
                                                     .has_features = true,
                                                     .cpu_sets = oct_cpu_sets()};
    assert_int_equal(oct_train_plan_create(ctx, onednn, &settings, &t.plan), OCTET_OK);
    oct_free(ctx, codings);
    assert_int_equal(oct_train_pass_open(ctx, t.plan, &t.pass), OCTET_OK);
    t.layers = oct_calloc(ctx, (size_t)t.network->layer_count, sizeof *t.layers);
    for (int i = 0; i < t.network->layer_count; i++) {
        const struct oct_layer_plan *l = &t.plan->layers[i];
        if (l->convolution) {
            t.layers[i].forward =
                oct_malloc(ctx, oct_convolution_needs(l->convolution)->forward_bytes, 1);
            t.layers[i].backward =
                oct_malloc(ctx, oct_convolution_needs(l->convolution)->backward_bytes, 1);
        }
        pack(&t, i);
    }
    t.pixels = oct_malloc(ctx, SIDE * SIDE * 3, sizeof *t.pixels);
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        t.pixels[i] = test_float(&random, 0.0f, 1.0f);
    t.gradients = oct_malloc(ctx, t.plan->gradient_floats, sizeof *t.gradients);
    t.scales = oct_calloc(ctx, 1, sizeof *t.scales);
    t.feature_weights = oct_calloc(ctx, (size_t)t.network->layer_count, sizeof *t.feature_weights);
    return t;
}

static void close_trial(struct trial *t)
{
    for (int i = 0; i < t->network->layer_count; i++) {
        oct_free(ctx, t->layers[i].forward);
        oct_free(ctx, t->layers[i].backward);
    }
    oct_free(ctx, t->layers);
    oct_free(ctx, t->pixels);
    oct_free(ctx, t->gradients);
    oct_free(ctx, t->scales);
    oct_free(ctx, t->feature_weights);
    oct_train_pass_close(ctx, &t->pass);
    oct_train_plan_free(ctx, &t->plan);
    octet_model_free(&t->model);
}

static void forward(struct trial *t, const struct oct_quantization *codings)
{
    const struct oct_train_weights weights = {t->layers, codings};
    memcpy(oct_train_picture(&t->pass), t->pixels, SIDE * SIDE * 3 * sizeof *t->pixels);
    assert_int_equal(oct_train_forward(&t->pass, &weights), OCTET_OK);
}

/* ---- forth ---- */

struct comparison {
    const struct trial *trial;
    double worst;
    int seen;
};

static int compare_layer(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct comparison *c = user;
    const struct oct_train_plan *plan = c->trial->plan;
    const struct oct_layer_plan *l = &plan->layers[layer];
    const float *values = c->trial->pass.memory + (l->values != OCT_NOWHERE ? l->values : l->sums);
    double most = 1e-3, off = 0.0;
    (void)index;
    for (int y = 0; y < view->height; y++)
        for (int x = 0; x < view->width; x++)
            for (int ch = 0; ch < view->channels; ch++) {
                const double wanted =
                    (double)((const float *)
                                 view->data)[(size_t)y * view->row_elements +
                                             (size_t)x * view->pixel_elements + (size_t)ch];
                const double is = (double)*values++;
                off = fmax(off, fabs(is - wanted));
                most = fmax(most, fabs(wanted));
            }
    c->worst = fmax(c->worst, off / most);
    c->seen++;
    return 0;
}

static void expect_values(enum test_detector kind)
{
    struct trial t = open_trial(kind, 7);
    octet_engine *engine;
    octet_session *session;
    octet_build_settings build;
    octet_build_defaults(&build);
    build.precision = OCTET_PRECISION_FP32;
    assert_int_equal(octet_build(ctx, t.model, NULL, &build, &engine), OCTET_OK);
    octet_session_settings settings;
    octet_session_defaults(&settings);
    settings.height = settings.width = SIDE;
    settings.cpu = "ref";
    assert_int_equal(octet_session_open(ctx, engine, &settings, &session), OCTET_OK);
    float *planes = oct_malloc(ctx, SIDE * SIDE * 3, sizeof *planes);
    for (int i = 0; i < SIDE * SIDE; i++)
        for (int c = 0; c < 3; c++)
            planes[c * SIDE * SIDE + i] = t.pixels[3 * i + c];
    assert_int_equal(octet_session_set_tensor(session, 0, planes), OCTET_OK);
    forward(&t, NULL);
    struct comparison c = {.trial = &t};
    octet_session_observe(session, compare_layer, &c);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(c.seen, t.network->layer_count);
    if (c.worst > 2e-4)
        fail_msg("detector %d: values are off by %g", (int)kind, c.worst);
    oct_free(ctx, planes);
    octet_session_close(&session);
    octet_engine_free(&engine);
    close_trial(&t);
}

static void test_values_are_the_engine_s(void **state)
{
    (void)state;
    for (int kind = TEST_DETECTOR_SMALL; kind <= TEST_DETECTOR_FAMILY; kind++)
        if (kind != TEST_DETECTOR_MEDIUM)
            expect_values((enum test_detector)kind);
}

/* ---- back ---- */

/* A sum of all outputs, each times a number that is always the same. */
static double factor_of(size_t output, size_t at)
{
    return sin(1.0 + 12.9898 * (double)at + 78.233 * (double)output);
}

static size_t output_floats(const struct trial *t, int output)
{
    return oct_train_output_floats(t->plan, output);
}

/* What the last pass without codes left, beside the values of now. */
static double feature_loss(const struct trial *t)
{
    double loss = 0.0;
    for (int level = 0; level < t->network->head.output_count / 2; level++) {
        const int layer = oct_level_layer(t->plan, level);
        if (layer < 0)
            continue;
        const struct oct_layer_plan *l = &t->plan->layers[layer];
        const float *teacher = oct_train_feature(&t->pass, layer),
                    *values = t->pass.memory + l->values;
        double off = 0.0;
        for (size_t i = 0; i < l->output_floats; i++)
            off += pow((double)values[i] - (double)teacher[i], 2.0);
        loss += t->feature_weights[layer] * off / (double)l->output_floats;
    }
    return loss;
}

static double loss_of(struct trial *t)
{
    static const struct oct_quantization none[1];
    double loss = 0.0;
    forward(t, none);
    for (int o = 0; o < t->network->head.output_count; o++) {
        const float *values = oct_train_output(&t->pass, o);
        for (size_t i = 0; i < output_floats(t, o); i++)
            loss += factor_of((size_t)o, i) * (double)values[i];
    }
    return loss + feature_loss(t);
}

/* Leaves features of another picture to be compared with. */
static void teach(struct trial *t)
{
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        t->pixels[i] = 1.0f - t->pixels[i];
    forward(t, NULL);
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        t->pixels[i] = 1.0f - t->pixels[i];
}

static void find_gradients(struct trial *t)
{
    static const struct oct_quantization none[1];
    const struct oct_train_weights weights = {t->layers, none};
    const double loss = loss_of(t), features = feature_loss(t);
    struct oct_feature_match match = {t->feature_weights, 0.0};
    assert_true(isfinite(loss));
    for (int o = 0; o < t->network->head.output_count; o++) {
        float *gradient = oct_train_output_gradient(&t->pass, o);
        for (size_t i = 0; i < output_floats(t, o); i++)
            gradient[i] = (float)factor_of((size_t)o, i);
    }
    assert_int_equal(oct_train_backward(&t->pass, &weights, &match, t->gradients, t->scales),
                     OCTET_OK);
    assert_true(fabs(match.loss - features) <= 1e-4 * features);
}

/* The slope of the loss along a direction of a layer's weights or biases, by differences. */
static double slope_of(struct trial *t, int layer, float *values, const float *direction,
                       size_t count, float step)
{
    double loss[2];
    for (int way = 0; way < 2; way++) {
        const float to = way ? step : -step;
        for (size_t i = 0; i < count; i++)
            values[i] += to * direction[i];
        pack(t, layer);
        loss[way] = loss_of(t);
        for (size_t i = 0; i < count; i++)
            values[i] -= to * direction[i];
    }
    pack(t, layer);
    return (loss[1] - loss[0]) / (2.0 * (double)step);
}

struct disagreement {
    double difference, size; /* sums of squares over all layers */
};

static void compare_slopes(struct trial *t, int layer, bool of_bias, struct disagreement *d)
{
    const struct oct_layer *l = &t->network->layers[layer];
    const struct oct_layer_plan *plan = &t->plan->layers[layer];
    const size_t outputs = (size_t)t->network->tensors[l->output].channels;
    const size_t count = of_bias ? outputs : (size_t)oct_layer_weights(t->network, l);
    float *values, *gradient = oct_malloc(ctx, count, sizeof *gradient);
    memcpy(&values, of_bias ? &l->bias : &l->values, sizeof values); /* the test's own model */
    if (of_bias)
        memcpy(gradient, t->gradients + plan->bias_gradient, count * sizeof *gradient);
    else
        assert_int_equal(oct_convolution_unpack(plan->convolution, &t->pass.worker,
                                                t->gradients + plan->weight_gradient, gradient),
                         OCTET_OK);
    double norm = 0.0;
    for (size_t i = 0; i < count; i++)
        norm += (double)gradient[i] * (double)gradient[i];
    norm = sqrt(norm);
    t->largest = fmax(t->largest, norm);
    if (norm > 0.0) {
        double weights = 0.0;
        for (size_t i = 0; i < count; i++) {
            gradient[i] /= (float)norm;
            weights += (double)values[i] * (double)values[i];
        }
        const float step = (float)(2e-3 * sqrt(weights) + 1e-4);
        const double slope = slope_of(t, layer, values, gradient, count, step);
        d->difference += (slope - norm) * (slope - norm);
        d->size += norm * norm;
        /* small slopes drown in the rounding of the losses */
        if (fabs(slope - norm) > 0.05 * norm + 2e-3 * t->largest)
            fail_msg("layer %d, %s: slope %g, gradient %g", layer, of_bias ? "bias" : "weights",
                     slope, norm);
    }
    oct_free(ctx, gradient);
}

static void expect_gradients(enum test_detector kind)
{
    struct trial t = open_trial(kind, 5);
    struct disagreement d = {0.0, 0.0};
    for (int i = 0; i < t.network->layer_count; i++)
        t.feature_weights[i] = 10.0 + i;
    teach(&t);
    find_gradients(&t);
    const bool reads_concat = kind == TEST_DETECTOR_TINY || kind == TEST_DETECTOR_PRUNED;
    assert_int_equal(feature_loss(&t) > 0.0, !reads_concat);
    for (int i = t.network->layer_count - 1; i >= 0; i--) {
        if (!t.plan->layers[i].convolution)
            continue;
        compare_slopes(&t, i, false, &d);
        compare_slopes(&t, i, true, &d);
    }
    if (!(d.difference < 1e-3 * d.size))
        fail_msg("detector %d: gradients are off by %g", (int)kind, sqrt(d.difference / d.size));
    close_trial(&t);
}

static void test_gradients_are_slopes(void **state)
{
    (void)state;
    for (int kind = TEST_DETECTOR_SMALL; kind <= TEST_DETECTOR_FAMILY; kind++)
        if (kind != TEST_DETECTOR_MEDIUM)
            expect_gradients((enum test_detector)kind);
}

/* ---- what the teacher says of a batch ---- */

struct spread {
    double sum, squares, count;
};

static void add_spread(struct trial *t, int layer, struct spread *spread)
{
    const float *values = oct_train_feature(&t->pass, layer);
    for (size_t i = 0; i < t->plan->layers[layer].output_floats; i++) {
        spread->sum += (double)values[i];
        spread->squares += (double)values[i] * (double)values[i];
        spread->count++;
    }
}

static double confidence_of(struct trial *t)
{
    const struct oct_head *head = &t->network->head;
    double sum = 0.0;
    for (int o = 1; o < head->output_count; o += 2) {
        const float *logits = oct_train_output(&t->pass, o);
        for (size_t i = 0; i < output_floats(t, o); i += (size_t)head->class_count) {
            double highest = -INFINITY;
            for (int c = 0; c < head->class_count; c++)
                highest = fmax(highest, (double)logits[i + (size_t)c]);
            sum += 1.0 / (1.0 + exp(-highest));
        }
    }
    return sum;
}

static void test_survey(void **state)
{
    struct trial t = open_trial(TEST_DETECTOR_SMALL, 7);
    struct oct_feature_survey survey;
    struct spread spreads[OCT_HEAD_OUTPUTS_MAX / 2] = {{0.0, 0.0, 0.0}};
    double confidence = 0.0;
    (void)state;
    assert_int_equal(oct_feature_survey_open(ctx, t.plan, &survey), OCTET_OK);
    assert_int_equal(survey.layer_count, t.network->head.output_count / 2);
    for (int batch = 0; batch < 2; batch++) { /* of one picture, then of three */
        const int pictures = 1 + 2 * batch;
        memset(spreads, 0, sizeof spreads);
        confidence = 0.0;
        assert_int_equal(oct_feature_survey_begin(ctx, &survey, pictures), OCTET_OK);
        for (int i = 0; i < pictures; i++) {
            for (int p = 0; p < SIDE * SIDE * 3; p++)
                t.pixels[p] *= 0.7f;
            forward(&t, NULL);
            confidence += confidence_of(&t);
            for (int k = 0; k < survey.layer_count; k++)
                add_spread(&t, survey.layers[k], &spreads[k]);
            oct_feature_survey_add(&survey, i, &t.pass);
        }
        oct_feature_survey_weigh(&survey, 30.0);
        for (int k = 0; k < survey.layer_count; k++) {
            const double mean = spreads[k].sum / spreads[k].count;
            const double variance = spreads[k].squares / spreads[k].count - mean * mean;
            const double weight = 30.0 * fmax(confidence, 1.0) / pictures / variance;
            assert_true(fabs(survey.weights[survey.layers[k]] - weight) <= 1e-4 * weight);
        }
    }
    oct_feature_survey_close(ctx, &survey);
    close_trial(&t);
}

/* ---- */

static int open_all(void **state)
{
    (void)state;
    return octet_context_create(NULL, &ctx) || oct_onednn_open(ctx, &onednn);
}

static int close_all(void **state)
{
    (void)state;
    oct_onednn_close(ctx, &onednn);
    octet_context_free(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_the_engine_s),
        cmocka_unit_test(test_gradients_are_slopes),
        cmocka_unit_test(test_survey),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}

#else

int main(void)
{
    puts("skipped: built without oneDNN");
    return 77;
}

#endif
