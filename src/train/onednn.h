/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oneDNN, whose convolutions training works with: a library that is opened when something is
 * trained. A build without its headers has no_onednn.c, whose oct_onednn_open() says so.
 */
#ifndef OCTET_TRAIN_ONEDNN_H
#define OCTET_TRAIN_ONEDNN_H

#include "base/memory.h"

#ifdef OCTET_HAS_ONEDNN

#include <oneapi/dnnl/dnnl.h>

#define OCT_ONEDNN_FUNCTIONS(DO)                                                                   \
    DO(dnnl_dilated_convolution_backward_data_desc_init)                                           \
    DO(dnnl_dilated_convolution_backward_weights_desc_init)                                        \
    DO(dnnl_dilated_convolution_forward_desc_init)                                                 \
    DO(dnnl_engine_create)                                                                         \
    DO(dnnl_engine_destroy)                                                                        \
    DO(dnnl_memory_create)                                                                         \
    DO(dnnl_memory_desc_get_size)                                                                  \
    DO(dnnl_memory_desc_init_by_tag)                                                               \
    DO(dnnl_memory_destroy)                                                                        \
    DO(dnnl_primitive_attr_create)                                                                 \
    DO(dnnl_primitive_attr_destroy)                                                                \
    DO(dnnl_primitive_attr_set_scratchpad_mode)                                                    \
    DO(dnnl_primitive_create)                                                                      \
    DO(dnnl_primitive_desc_create)                                                                 \
    DO(dnnl_primitive_desc_destroy)                                                                \
    DO(dnnl_primitive_desc_query_md)                                                               \
    DO(dnnl_primitive_destroy)                                                                     \
    DO(dnnl_primitive_execute)                                                                     \
    DO(dnnl_reorder_primitive_desc_create)                                                         \
    DO(dnnl_stream_create)                                                                         \
    DO(dnnl_stream_destroy)                                                                        \
    DO(dnnl_stream_wait)                                                                           \
    DO(dnnl_version)

#define OCT_ONEDNN_DECLARE(name) __typeof__(name) *name;

struct oct_onednn {
    OCT_ONEDNN_FUNCTIONS(OCT_ONEDNN_DECLARE)
    void *library;
    dnnl_engine_t engine;
    dnnl_primitive_attr_t attributes; /* scratch is the caller's: see oct_onednn_worker */
    /* of its OpenMP, for the calling thread; or NULL */
    void (*omp_set_num_threads)(int count);
    int (*omp_get_max_threads)(void);
};

#endif

struct oct_onednn;

/* What a thread that calls oneDNN has. */
struct oct_onednn_worker {
    const struct oct_onednn *onednn;
    struct dnnl_stream *stream;
    void *scratch; /* of as many bytes as the primitives that it runs need */
};

/* `scratch` is the caller's. */
octet_status oct_onednn_worker_open(octet_context *ctx, const struct oct_onednn *onednn,
                                    void *scratch, struct oct_onednn_worker *worker);
/* Between these, oneDNN starts no threads of its own in what the calling thread makes and runs. */
int oct_onednn_enter(const struct oct_onednn *onednn);
void oct_onednn_leave(const struct oct_onednn *onednn, int before);
void oct_onednn_worker_close(struct oct_onednn_worker *worker);

/* Fails with OCTET_UNSUPPORTED_DEVICE where the library is not there, with its package. */
octet_status oct_onednn_open(octet_context *ctx, struct oct_onednn **onednn);
void oct_onednn_close(octet_context *ctx, struct oct_onednn **onednn);

#endif
