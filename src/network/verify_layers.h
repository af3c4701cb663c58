/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of verification that go by operation, for the table of operations. */
#ifndef OCTET_NETWORK_VERIFY_LAYERS_H
#define OCTET_NETWORK_VERIFY_LAYERS_H

#include "network/network.h"

struct oct_verification {
    octet_context *ctx;
    const struct oct_network *network;
    const char *name;
    bool *written; /* by a layer that came before, or the input */
    bool *member;  /* of a concat */
};

/* "NAME: layer N ("...") WHY" with OCTET_BAD_FORMAT. */
octet_status oct_verify_bad_layer(const struct oct_verification *v, int layer, const char *why);

bool oct_verify_is_tensor(const struct oct_verification *v, int tensor);

/* True when everything that `tensor` is made of was written before. */
bool oct_verify_is_written(const struct oct_verification *v, int tensor);

octet_status oct_verify_convolution(const struct oct_verification *v, int layer);
octet_status oct_verify_move(const struct oct_verification *v, int layer);
octet_status oct_verify_pool(const struct oct_verification *v, int layer);
octet_status oct_verify_table(const struct oct_verification *v, int layer);
octet_status oct_verify_attention(const struct oct_verification *v, int layer);
octet_status oct_verify_window_max(const struct oct_verification *v, int layer);
octet_status oct_verify_window_mean(const struct oct_verification *v, int layer);
octet_status oct_verify_depth_to_space(const struct oct_verification *v, int layer);

#endif
