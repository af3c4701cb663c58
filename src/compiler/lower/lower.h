/* SPDX-License-Identifier: Apache-2.0 */
/* From the network to the engine's plan, first in float, then quantised. */
#ifndef OCTET_COMPILER_LOWER_LOWER_H
#define OCTET_COMPILER_LOWER_LOWER_H

#include "compiler/graph/network.h"
#include "compiler/quantize/activation.h"
#include "runtime/engine/plan.h"

/* The float plan. Names and weights are shared with the network, the rest is allocated from
 * `arena`. A member of a concat that cannot lie in its buffer (a slice, or a member of another one)
 * is copied by a layer of its own. */
octet_status oct_lower_float(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_network *network, struct oct_plan *plan);

/* The INT8 plan of a float plan: `codings` has one entry for each tensor of the plan; those of
 * layers' outputs are used, pools, upsampling and copies pass their input's on, the head's last
 * convolutions give floats. Fails with OCTET_UNSUPPORTED_MODEL where a layer would have to change
 * scale but cannot. */
octet_status oct_lower_int8(octet_context *ctx, struct oct_arena *arena,
                            const struct oct_plan *from, const struct oct_coding *codings,
                            struct oct_plan *plan);

/* SHA-256 of a float plan's structure and weights, as 64 hexadecimal digits and a NUL: what
 * statistics belong to. */
void oct_plan_hash(const struct oct_plan *plan, char hash[65]);

#endif
