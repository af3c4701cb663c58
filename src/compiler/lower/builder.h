/* SPDX-License-Identifier: Apache-2.0 */
/* The one way in which lowering adds tensors and layers to a network. */
#ifndef OCTET_COMPILER_LOWER_BUILDER_H
#define OCTET_COMPILER_LOWER_BUILDER_H

#include "network/network.h"

struct oct_lowering {
    octet_context *ctx;
    struct oct_arena *arena;     /* of all that is added */
    struct oct_network *network; /* grows; its arrays may move when something is added */
    size_t tensor_room, layer_room;
    bool *grouped; /* [tensor_room]: member of a concat already */
};

/* Begins a network without tensors and layers; all else of `network` stays. The first
 * `tensors` and `layers` that are added move nothing. */
octet_status oct_lower_begin(struct oct_lowering *builder, octet_context *ctx,
                             struct oct_arena *arena, struct oct_network *network, size_t tensors,
                             size_t layers);

/* Each fails with OCTET_UNSUPPORTED_MODEL where a network would become larger than any may be. */
octet_status oct_lower_add_tensor(struct oct_lowering *builder, const struct oct_tensor *tensor,
                                  int *index);
octet_status oct_lower_add_layer(struct oct_lowering *builder, const struct oct_layer *layer);

/* A tensor that a layer is to write. A type of codes takes the quantisation, others have none. */
octet_status oct_lower_add_output(struct oct_lowering *builder, const char *name, int channels,
                                  enum oct_type type, struct oct_quantization quantization,
                                  int *index);

/* A layer that copies `input`, converting it where the type is another, and its output. Both have
 * the name. */
octet_status oct_lower_add_copy(struct oct_lowering *builder, int input, const char *name,
                                enum oct_type type, struct oct_quantization quantization,
                                int *output);

/* `*tensor` as a member of a concat: itself where it may lie in the concat's buffer and in no other
 * yet, or a copy. */
octet_status oct_lower_as_member(struct oct_lowering *builder, int *tensor);

#endif
