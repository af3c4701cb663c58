/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tensors lie in a GPU's memory. A buffer is a channels-last activation of a picture,
 * [height][width][channels], without borders. All buffers of a slot's picture lie together, apart
 * from those of other slots: pictures can be worked out beside each other. Every tensor that a
 * layer writes begins at a group of 16 bytes and is padded to 16 channels, concats are tensors
 * beside each other, and a tensor that was only enlarged by upsampling is not stored: convolutions
 * read through to what it was made of. Buffers share memory only where everything that touches one
 * is done, by the order that data alone gives, before anything writes the other: nothing ever waits
 * for memory.
 */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_GPU_LAYOUT_H
#define OCTET_RUNTIME_BACKEND_CUDA_GPU_LAYOUT_H

#include "network/network.h"
#include "runtime/backend/cuda/kernels/parameters.h"

#define OCT_GPU_CHANNELS 16 /* stored channels of a tensor are a multiple */

struct oct_gpu_buffer {
    enum oct_type type;
    int height, width, channels; /* stored: elements between pixels */
    bool outlives_run;           /* the picture and the head's tensors */
    size_t image_bytes;
    size_t offset; /* in the arena, of slot 0 */
};

struct oct_gpu_place {
    int buffer;  /* -1: it is not stored, or a view */
    int channel; /* stored position of its channel 0 */
};

/* A run of channels of a tensor that stand side by side in one buffer. */
struct oct_gpu_run {
    int buffer, position; /* stored, of the first one */
    int shift;            /* it is read at (y >> shift, x >> shift) */
    int leaf;             /* the tensor that was written */
    int channel, count;   /* of the tensor that is read */
};

struct oct_gpu_layout {
    const struct oct_network *network;
    int batch;
    int buffer_count;
    struct oct_gpu_buffer *buffers;
    struct oct_gpu_place *places;   /* [tensors] */
    struct oct_network_size *sizes; /* [tensors] */
    int *writers;                   /* [tensors]: the layer that writes it, or -1 */
    bool *read_through;             /* [layers]: upsampling that is not carried out */
    uint64_t *before;               /* [layers][words]: the layers that come before, as bits */
    size_t words;
    size_t slot_bytes; /* from slot to slot, of every buffer */
    size_t arena_bytes;
};

/* Plans memory for an input size and a batch. Everything is allocated from `arena`. Fails with
 * OCTET_BAD_SHAPE, out of memory. */
octet_status oct_gpu_layout_make(octet_context *ctx, struct oct_arena *arena,
                                 const struct oct_network *network, int height, int width,
                                 int batch, struct oct_gpu_layout *layout);

/* The runs that a tensor's channels are in, in order; NULL when out of memory. */
struct oct_gpu_run *oct_gpu_layout_runs(struct oct_arena *arena,
                                        const struct oct_gpu_layout *layout, int tensor,
                                        int *count);

/* Bytes of one picture of pixels of `pixel` bytes, and of the batch's; false where kernels, which
 * reach a picture's bytes with 32 bits, cannot have as many. */
bool oct_gpu_image_bytes(struct oct_network_size size, size_t pixel, int batch, size_t *image,
                         size_t *all);

/* Channels of one group of a type: 16, 8 or 4. */
static inline int oct_gpu_group_channels(enum oct_type type)
{
    return OCT_GPU_GROUP_BYTES / (int)oct_type_bytes(type);
}

/* Stored channels of a tensor that a layer writes, or of the picture. */
int oct_gpu_stored(const struct oct_network *network, int tensor);

/* Whether layer `first` is done before `second` begins. */
bool oct_gpu_layout_precedes(const struct oct_gpu_layout *layout, int first, int second);

#endif
