/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/sha256.h"
#include "compiler/lower/lower.h"

static void add_int(struct oct_sha256 *sha, int value)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)((unsigned)value >> 8),
                              (uint8_t)((unsigned)value >> 16), (uint8_t)((unsigned)value >> 24)};
    oct_sha256_update(sha, bytes, sizeof bytes);
}

static void add_tensor(struct oct_sha256 *sha, const struct oct_plan_tensor *t)
{
    add_int(sha, (int)t->kind);
    add_int(sha, t->channels);
    add_int(sha, t->parent);
    add_int(sha, t->offset);
    for (int i = 0; i < t->member_count; i++)
        add_int(sha, t->members[i]);
}

static void add_layer(struct oct_sha256 *sha, const struct oct_plan *plan,
                      const struct oct_plan_layer *layer)
{
    const int numbers[] = {(int)layer->operation, layer->input,  layer->output,  layer->residual,
                           layer->kernel,         layer->stride, layer->padding, layer->silu};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        add_int(sha, numbers[i]);
    if (layer->operation != OCT_PLAN_CONVOLUTION)
        return;
    const size_t outputs = (size_t)plan->tensors[layer->output].channels;
    oct_sha256_update(sha, layer->values,
                      (size_t)oct_plan_layer_weights(plan, layer) * sizeof *layer->values);
    oct_sha256_update(sha, layer->bias, outputs * sizeof *layer->bias);
}

void oct_plan_hash(const struct oct_plan *plan, char hash[65])
{
    struct oct_sha256 sha;
    uint8_t digest[32];
    oct_sha256_init(&sha);
    for (int i = 0; i < plan->tensor_count; i++)
        add_tensor(&sha, &plan->tensors[i]);
    for (int i = 0; i < plan->layer_count; i++)
        add_layer(&sha, plan, &plan->layers[i]);
    for (int i = 0; i < plan->level_count; i++) {
        add_int(&sha, plan->levels[i].box_tensor);
        add_int(&sha, plan->levels[i].class_tensor);
        add_int(&sha, plan->levels[i].stride);
    }
    add_int(&sha, plan->reg_max);
    oct_sha256_final(&sha, digest);
    for (int i = 0; i < 32; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}
