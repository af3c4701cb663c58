/* SPDX-License-Identifier: Apache-2.0 */
/* What each step waits for: the steps before it in its layer, or those that write what the layer
 * reads. Memory asks for no more (gpu_layout.h). */
#include "runtime/backend/cuda/gpu_plan.h"

/* Layers whose last steps write channels of a tensor, appended to `layers` where they are not in it
 * yet. */
static void add_writers(const struct oct_gpu_plan *plan, int tensor, int *layers, int *count)
{
    const struct oct_network *network = plan->network;
    for (int c = 0; c < network->tensors[tensor].channels; c++) {
        struct oct_network_channel at = oct_network_resolve(network, tensor, c);
        int writer = plan->layout.writers[at.tensor];
        while (writer >= 0 && plan->layout.read_through[writer]) {
            at = oct_network_resolve(network, network->layers[writer].input, at.channel);
            writer = plan->layout.writers[at.tensor];
        }
        bool known = writer < 0;
        for (int i = 0; i < *count && !known; i++)
            known = layers[i] == writer;
        if (!known)
            layers[(*count)++] = writer;
    }
}

/* Those that no other one among them comes after. */
static int keep_last(const struct oct_gpu_plan *plan, int *layers, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        bool needed = true;
        for (int k = 0; k < count && needed; k++)
            needed = !oct_gpu_layout_precedes(&plan->layout, layers[i], layers[k]);
        if (needed)
            layers[kept++] = layers[i];
    }
    return kept;
}

static octet_status set_waits(struct oct_gpu_plan *plan, int index, const int *steps, int count)
{
    struct oct_gpu_step *step = &plan->steps[index];
    step->waits = oct_arena_calloc(plan->arena, (size_t)count, sizeof *step->waits);
    if (!step->waits)
        return oct_fail_memory(plan->ctx, "the plan");
    step->wait_count = count;
    for (int i = 0; i < count; i++)
        step->waits[i] = steps[i];
    return OCTET_OK;
}

octet_status oct_gpu_plan_order(struct oct_gpu_plan *plan)
{
    const struct oct_network *network = plan->network;
    int *writers = oct_arena_calloc(plan->arena, (size_t)network->layer_count + 1, sizeof *writers);
    octet_status status = writers ? OCTET_OK : oct_fail_memory(plan->ctx, "the plan");
    for (int i = 0; i < plan->step_count && !status; i++) {
        const struct oct_layer *layer = &network->layers[plan->steps[i].layer];
        if (i > 0 && plan->steps[i - 1].layer == plan->steps[i].layer) {
            const int before = i - 1;
            status = set_waits(plan, i, &before, 1);
            continue;
        }
        int count = 0;
        add_writers(plan, layer->input, writers, &count);
        if (layer->residual >= 0)
            add_writers(plan, layer->residual, writers, &count);
        count = keep_last(plan, writers, count);
        for (int k = 0; k < count; k++)
            writers[k] = plan->last_steps[writers[k]];
        status = set_waits(plan, i, writers, count);
    }
    return status;
}
