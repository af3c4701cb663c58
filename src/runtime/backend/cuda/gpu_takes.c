/* SPDX-License-Identifier: Apache-2.0 */
/* Which networks run on GPUs: those for all of whose layers there are kernels. */
#include "network/operations.h"
#include "runtime/backend/cuda/cuda_state.h"

/* What no kernel does, or NULL. */
static const char *lacking(const struct oct_layer *layer)
{
    if (layer->operation == OCT_ATTENTION)
        return "attentions do";
    return NULL;
}

octet_status oct_cuda_takes(octet_context *ctx, const struct oct_network *network)
{
    for (int i = 0; i < network->layer_count; i++) {
        const char *what = lacking(&network->layers[i]);
        if (what)
            return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE,
                            "layer \"%.200s\": %s not run on GPUs; use the CPU",
                            network->layers[i].name, what);
    }
    return OCTET_OK;
}
