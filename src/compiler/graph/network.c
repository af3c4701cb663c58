/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/graph/network.h"

void oct_network_free(octet_context *ctx, struct oct_network *network)
{
    if (!network)
        return;
    oct_arena_clear(&network->arena);
    oct_free(ctx, network);
}
