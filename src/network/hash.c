/* SPDX-License-Identifier: Apache-2.0 */
/* What a network is recognised by: its structure and weights. */
#include <string.h>

#include "base/sha256.h"
#include "network/network.h"

static void add_tensor(struct oct_sha256 *sha, const struct oct_tensor *t)
{
    oct_sha256_add_int(sha, (int)t->kind);
    oct_sha256_add_int(sha, t->channels);
    oct_sha256_add_int(sha, t->parent);
    oct_sha256_add_int(sha, t->offset);
    for (int i = 0; i < t->member_count; i++)
        oct_sha256_add_int(sha, t->members[i]);
}

static void add_layer(struct oct_sha256 *sha, const struct oct_network *network,
                      const struct oct_layer *layer)
{
    const int numbers[] = {(int)layer->operation, layer->input,          layer->output,
                           layer->residual,       layer->kernel,         layer->stride,
                           layer->padding,        (int)layer->activation};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        oct_sha256_add_int(sha, numbers[i]);
    if (layer->uneven || layer->zeros) { /* which older networks have not */
        oct_sha256_add_int(sha, layer->uneven);
        oct_sha256_add_int(sha, layer->zeros);
    }
    if (layer->operation == OCT_ATTENTION) {
        oct_sha256_add_int(sha, layer->heads);
        oct_sha256_add_int(sha, layer->areas);
        oct_sha256_update(sha, &layer->factor, sizeof layer->factor);
    }
    if (layer->operation != OCT_CONVOLUTION)
        return;
    if (oct_is_depthwise(layer))
        oct_sha256_add_int(sha, layer->groups);
    if (oct_activation_row(layer->activation)->has_slope)
        oct_sha256_update(sha, &layer->slope, sizeof layer->slope);
    const size_t outputs = (size_t)network->tensors[layer->output].channels;
    oct_sha256_update(sha, layer->values,
                      (size_t)oct_layer_weights(network, layer) * sizeof *layer->values);
    oct_sha256_update(sha, layer->bias, outputs * sizeof *layer->bias);
}

void oct_network_hash(const struct oct_network *network, char hash[65])
{
    struct oct_sha256 sha;
    uint8_t digest[32];
    oct_sha256_init(&sha);
    for (int i = 0; i < network->tensor_count; i++)
        add_tensor(&sha, &network->tensors[i]);
    for (int i = 0; i < network->layer_count; i++)
        add_layer(&sha, network, &network->layers[i]);
    network->head.kind->hash(&network->head, &sha);
    oct_sha256_final(&sha, digest);
    oct_sha256_text(digest, hash);
}
