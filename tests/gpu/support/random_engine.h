/* SPDX-License-Identifier: Apache-2.0 */
/* Engines of random networks. */
#ifndef OCTET_TESTS_GPU_SUPPORT_RANDOM_ENGINE_H
#define OCTET_TESTS_GPU_SUPPORT_RANDOM_ENGINE_H

#include "runtime/engine/engine_contents.h"

/* An engine for inputs whose sides are multiples of 32, of the type that seed % 3 is; NULL where
 * what came out is not a valid network. Adds how many tables it has. */
octet_engine *random_engine(octet_context *ctx, uint64_t seed, int *tables);

#endif
