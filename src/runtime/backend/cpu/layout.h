/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tensors lie in the CPU backend's memory. A buffer is one channels-last activation with a
 * border of padding around it; concats share one buffer, so that writing a member is writing its
 * slice. Each member's channels are stored padded to a multiple of 4. Buffers whose lives do not
 * meet share bytes; the picture and the head's tensors keep their own.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_LAYOUT_H
#define OCTET_RUNTIME_BACKEND_CPU_LAYOUT_H

#include "network/network.h"
#include "runtime/backend/cpu/kernels/kernels.h"

struct oct_layout_buffer {
    enum oct_type type;
    int height, width; /* without the border */
    int border;        /* pixels on each side */
    int channels;      /* stored: elements between pixels */
    int first, last;   /* layers between which the contents live */
    /* the picture and the head's tensors outlive the run, one of each per picture */
    bool of_picture;
    size_t bytes, offset; /* in its region */
};

struct oct_layout_tensor {
    int buffer;
    /* stored position of its channel 0 within the pixel;
     * less oct_network_shift(), so that it is a multiple of 4 */
    int channel;
    int stored; /* stored channels, a multiple of 4 for LAYER and CONCAT */
};

struct oct_layout {
    int buffer_count;
    struct oct_layout_buffer *buffers;
    struct oct_layout_tensor *tensors; /* network->tensor_count */
    struct oct_network_size *sizes;    /* network->tensor_count */
    size_t picture_bytes;              /* region that each picture of a batch has of its own */
    size_t shared_bytes;               /* region in which pictures run one after another */
};

struct oct_layout_memory {
    void *picture, *shared; /* aligned to OCT_ALIGNMENT */
};

/* Plans memory for an input size. `half_storage`: how what the network has in BF16 is stored: so,
 * as F16, or as F32. Everything is allocated from `arena`. Fails with OCTET_BAD_SHAPE, out of
 * memory. */
octet_status oct_layout_make(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_network *network, int height, int width,
                             enum oct_type half_storage, struct oct_layout *layout);

/* Whether each picture has the tensor in a region of its own, where it outlives the run. */
bool oct_layout_of_picture(const struct oct_layout *layout, int tensor);

/* The type that a tensor is stored in. */
enum oct_type oct_layout_type(const struct oct_layout *layout, int tensor);

/* A tensor's view: data at pixel (0, 0), its channel 0 less oct_network_shift(). Scale and zero
 * point are those of its leaf, meaningful where the tensor is uniform. */
struct oct_view oct_layout_view(const struct oct_layout *layout, const struct oct_network *network,
                                const struct oct_layout_memory *memory, int tensor);

/* The stored position of its channel `channel`, relative to where the tensor's view begins. */
int oct_layout_position(const struct oct_layout *layout, const struct oct_network *network,
                        int tensor, int channel);

/* Stored channels from where the view begins to the last one, rounded up to a multiple of 4: what a
 * convolution reads. */
int oct_layout_extent(const struct oct_layout *layout, const struct oct_network *network,
                      int tensor);

#endif
