/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the outputs of networks. */
#include "insight/output_distance.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "app/allocate.h"

#define SCORE_LEAST 0.01f /* of cells whose boxes are looked at */

/* Where a cell's row begins to overlap another's, and by how much; at most the smaller side. */
static float shared_side(float a, float a_side, float b, float b_side)
{
    const float low = fmaxf(a - a_side / 2, b - b_side / 2);
    const float high = fminf(a + a_side / 2, b + b_side / 2);
    return fmaxf(0.0f, high - low);
}

static float overlap(const float *a, const float *b, size_t anchors)
{
    const float both = shared_side(a[0], a[2 * anchors], b[0], b[2 * anchors]) *
                       shared_side(a[anchors], a[3 * anchors], b[anchors], b[3 * anchors]);
    const float all = a[2 * anchors] * a[3 * anchors] + b[2 * anchors] * b[3 * anchors] - both;
    return all > 0 ? both / all : 1.0f;
}

void output_distance_add(struct output_distance *distance, const float *output,
                         const float *reference)
{
    const size_t anchors = (size_t)distance->anchors;
    float *best = app_alloc(anchors, sizeof *best);
    for (int row = OUTPUT_BOX_ROWS; row < distance->rows; row++) {
        const float *is = &output[(size_t)row * anchors];
        const float *should = &reference[(size_t)row * anchors];
        float sum = 0, squares = 0;
        for (size_t i = 0; i < anchors; i++) {
            sum += (is[i] - should[i]) * (is[i] - should[i]);
            squares += should[i] * should[i];
            best[i] = should[i] > best[i] ? should[i] : best[i];
        }
        distance->error += (double)sum;
        distance->signal += (double)squares;
    }
    for (size_t i = 0; i < anchors; i++) {
        if (best[i] < SCORE_LEAST)
            continue;
        const float missing = 1 - overlap(&output[i], &reference[i], anchors);
        distance->error += (double)(best[i] * best[i] * missing * missing);
    }
    free(best);
}
