/* SPDX-License-Identifier: Apache-2.0 */
/* Attention as a pass puts it together: of batch x (q, k, v) x height x width, see struct
 * oct_layer. */
#include <math.h>

#include "compiler/graph/operators.h"

struct heads {
    int64_t count, areas, key, value; /* channels of a head */
    float factor;
};

static bool heads_of(const struct oct_call *call, struct heads *heads)
{
    const struct oct_array *input = call->inputs[0];
    *heads = (struct heads){
        oct_node_int(call->node, "heads", 1), oct_node_int(call->node, "areas", 1),
        oct_node_int(call->node, "key_channels", 1), 0, oct_node_float(call->node, "factor", 1.0f)};
    if (input->type != OCT_DATA_FLOAT || input->rank != 4)
        return false;
    heads->value = input->dims[1] / heads->count - 2 * heads->key;
    return heads->value > 0 && (heads->value + 2 * heads->key) * heads->count == input->dims[1] &&
           input->dims[2] * input->dims[3] % heads->areas == 0;
}

octet_status oct_infer_attention(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    struct heads heads;
    if (!heads_of(call, &heads))
        return oct_call_bad(call, "its heads do not fit the input");
    return oct_call_shape(
        call, 0, OCT_DATA_FLOAT, 4,
        (int64_t[]){input->dims[0], heads.count * heads.value, input->dims[2], input->dims[3]});
}

/* One query: planes of q, k and v from its head's first channel on, pixels of its area. */
static void attend(const struct heads *heads, const float *const planes[3], int64_t plane,
                   int64_t pixel, float *y)
{
    const int64_t count = plane / heads->areas, begin = pixel / count * count;
    double sum = 0.0, highest = -INFINITY;
    for (int64_t c = 0; c < heads->value; c++)
        y[c * plane + pixel] = 0.0f;
    for (int turn = 0; turn < 2; turn++) {
        for (int64_t j = begin; j < begin + count; j++) {
            double score = 0.0;
            for (int64_t t = 0; t < heads->key; t++)
                score += (double)planes[0][t * plane + pixel] * planes[1][t * plane + j];
            score *= heads->factor;
            if (turn == 0) {
                highest = score > highest ? score : highest;
                continue;
            }
            const double weight = exp(score - highest);
            sum += weight;
            for (int64_t c = 0; c < heads->value; c++)
                y[c * plane + pixel] += (float)(weight * planes[2][c * plane + j]);
        }
    }
    for (int64_t c = 0; c < heads->value; c++)
        y[c * plane + pixel] = (float)(y[c * plane + pixel] / sum);
}

octet_status oct_evaluate_attention(struct oct_call *call)
{
    const struct oct_array *input = call->inputs[0];
    const int64_t plane = input->dims[2] * input->dims[3], each = input->dims[1] * plane;
    struct heads heads;
    heads_of(call, &heads);
    for (int64_t image = 0; image < input->dims[0]; image++) {
        const float *from = oct_floats(input) + image * each;
        float *to = oct_floats(&call->outputs[0]) + image * heads.count * heads.value * plane;
        for (int64_t h = 0; h < heads.count; h++) {
            const float *const planes[3] = {
                from + h * heads.key * plane, from + (heads.count + h) * heads.key * plane,
                from + (2 * heads.count * heads.key + h * heads.value) * plane};
            for (int64_t pixel = 0; pixel < plane; pixel++)
                attend(&heads, planes, plane, pixel, to + h * heads.value * plane);
        }
    }
    return OCTET_OK;
}
