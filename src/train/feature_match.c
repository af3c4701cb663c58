/* SPDX-License-Identifier: Apache-2.0 */
/* Finds what the head reads, and compares it. */
#include "train/feature_match.h"

#include <math.h>

#include "train/distillation.h"

#define LEVELS_MAX (OCT_HEAD_OUTPUTS_MAX / 2)
#define VARIANCE_LEAST 1e-12

struct oct_surveyed_picture {
    double confidence;
    double sums[LEVELS_MAX], squares[LEVELS_MAX]; /* of the layers that are compared */
};

/* The layer that wrote all that a tensor is made of, or -1: several did, or the picture is it. */
static int only_writer(const struct oct_train_plan *plan, int tensor)
{
    const struct oct_reading *reading = &plan->readings[tensor];
    return reading->run_count == 1 ? plan->writer[reading->runs[0].tensor] : -1;
}

static int before(const struct oct_train_plan *plan, int layer)
{
    return layer < 0 ? -1 : only_writer(plan, plan->network->layers[layer].input);
}

int oct_level_layer(const struct oct_train_plan *plan, int level)
{
    const struct oct_head *head = &plan->network->head;
    const int boxes = only_writer(plan, head->outputs[2 * level].tensor);
    const int classes = only_writer(plan, head->outputs[2 * level + 1].tensor);
    for (int a = before(plan, boxes); a >= 0; a = before(plan, a))
        for (int b = before(plan, classes); b >= 0; b = before(plan, b))
            if (a == b)
                return a;
    return -1;
}

double oct_match_feature(const float *teacher, const float *values, size_t count, double weight,
                         float *gradient)
{
    const double by = weight / (double)count;
    const float slope = (float)(2.0 * by);
    double squares = 0.0;
    for (size_t i = 0; i < count; i++) {
        const float off = values[i] - teacher[i];
        squares += (double)off * (double)off;
        gradient[i] += slope * off;
    }
    return by * squares;
}

/* ---- a batch ---- */

octet_status oct_feature_survey_open(octet_context *ctx, const struct oct_train_plan *plan,
                                     struct oct_feature_survey *survey)
{
    *survey = (struct oct_feature_survey){.plan = plan};
    for (int i = 0; i < plan->network->layer_count; i++)
        if (plan->layers[i].feature != OCT_NOWHERE)
            survey->layers[survey->layer_count++] = i;
    survey->weights = oct_calloc(ctx, (size_t)plan->network->layer_count, sizeof(double));
    return survey->weights ? OCTET_OK : oct_fail_memory(ctx, "training");
}

void oct_feature_survey_close(octet_context *ctx, struct oct_feature_survey *survey)
{
    oct_free(ctx, survey->pictures);
    oct_free(ctx, survey->weights);
}

octet_status oct_feature_survey_begin(octet_context *ctx, struct oct_feature_survey *survey,
                                      int pictures)
{
    survey->picture_count = pictures;
    return oct_grow(ctx, &survey->pictures, &survey->room, (size_t)pictures,
                    sizeof *survey->pictures)
               ? OCTET_OK
               : oct_fail_memory(ctx, "training");
}

static double confidence_of(const struct oct_train_pass *pass)
{
    const struct oct_train_plan *plan = pass->plan;
    const struct oct_head *head = &plan->network->head;
    double sum = 0.0;
    for (int i = 1; i < head->output_count; i += 2)
        sum += oct_confidence(oct_train_output(pass, i),
                              oct_train_output_floats(plan, i) / (size_t)head->class_count,
                              head->class_count);
    return sum;
}

void oct_feature_survey_add(struct oct_feature_survey *survey, int picture,
                            const struct oct_train_pass *pass)
{
    struct oct_surveyed_picture *p = &survey->pictures[picture];
    *p = (struct oct_surveyed_picture){.confidence = confidence_of(pass)};
    for (int i = 0; i < survey->layer_count; i++) {
        const struct oct_layer_plan *l = &survey->plan->layers[survey->layers[i]];
        const float *values = oct_train_feature(pass, survey->layers[i]);
        for (size_t v = 0; v < l->output_floats; v++) {
            p->sums[i] += (double)values[v];
            p->squares[i] += (double)values[v] * (double)values[v];
        }
    }
}

static double variance_of(const struct oct_feature_survey *survey, int compared)
{
    const struct oct_layer_plan *l = &survey->plan->layers[survey->layers[compared]];
    const double count = (double)survey->picture_count * (double)l->output_floats;
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < survey->picture_count; i++) {
        sum += survey->pictures[i].sums[compared];
        squares += survey->pictures[i].squares[compared];
    }
    const double variance = squares / count - sum / count * (sum / count);
    return variance > VARIANCE_LEAST ? variance : VARIANCE_LEAST;
}

void oct_feature_survey_weigh(struct oct_feature_survey *survey, double weight)
{
    double confidence = 0.0;
    for (int i = 0; i < survey->picture_count; i++)
        confidence += survey->pictures[i].confidence;
    const double share = fmax(confidence, OCT_CONFIDENCE_LEAST) / survey->picture_count;
    for (int i = 0; i < survey->layer_count; i++)
        survey->weights[survey->layers[i]] = weight * share / variance_of(survey, i);
}
