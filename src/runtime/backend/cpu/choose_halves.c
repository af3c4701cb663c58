/* SPDX-License-Identifier: Apache-2.0 */
/* IEEE's half reaches 65,504, bfloat16 as far as floats do: a network whose weights are too large
 * for it is stored in floats. */
#include <math.h>

#include "runtime/backend/cpu/cpu_state.h"

/* Transformed weights (winograd_halves.h) are up to 2.2 times as large, and what they are
 * multiplied with up to 28 times as large as the input: of the half's range, weights take what
 * leaves the sums some. Those of trained detectors are below 100. */
#define WEIGHT_MOST 4096.0f

static bool fits(const struct oct_network *network, const struct oct_layer *layer)
{
    const struct oct_tensor *tensors = network->tensors;
    if (!layer->bf16)
        return true;
    const size_t outputs = (size_t)tensors[layer->output].channels;
    const size_t count = oct_layer_weights(network, layer);
    for (size_t i = 0; i < outputs; i++)
        if (fabsf(layer->bias[i]) > WEIGHT_MOST)
            return false;
    for (size_t i = 0; i < count; i++)
        if (fabsf(oct_bf16_value(layer->bf16[i])) > WEIGHT_MOST)
            return false;
    return true;
}

void oct_cpu_choose_halves(struct oct_cpu *cpu)
{
    for (int i = 0; i < cpu->network->layer_count && cpu->kernels.half_storage == OCT_TYPE_F16; i++)
        if (!fits(cpu->network, &cpu->network->layers[i])) {
            cpu->kernels.half_storage = OCT_TYPE_F32;
            cpu->kernels.half_set = NULL;
        }
}
