/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OCTET_COMPILER_EXPORT_TRT_CODINGS_H
#define OCTET_COMPILER_EXPORT_TRT_CODINGS_H

#include "compiler/export/trt_cache.h"

/*
 * Codings of a network's tensors ([tensors]) from a calibration cache. Convolutions that read a
 * tensor without a usable scale are marked in `is_float` ([layers]), and so are those that read
 * what shares memory with it. Everything that is wrong with the cache is logged as a warning, a
 * scale that clips the picture as well. Fails with OCTET_MISMATCH when the cache has none of the
 * network's tensors.
 */
octet_status oct_cache_codings(octet_context *ctx, struct oct_arena *arena,
                               const struct oct_network *network, const octet_cache *cache,
                               struct oct_quantization *codings, bool *is_float);

#endif
