/* SPDX-License-Identifier: Apache-2.0 */
/* Raising a model to opset 13, the first one with codes for each channel. */
#ifndef OCTET_COMPILER_EXPORT_OPSET_H
#define OCTET_COMPILER_EXPORT_OPSET_H

#include "compiler/export/rewrite.h"

#define OCT_QDQ_OPSET_MIN 13

/*
 * Rewrites what changed its meaning from opset 11 to 13: attributes of Split, Squeeze, Unsqueeze,
 * ReduceSum and Dropout become inputs. Nothing is done from opset 13 on. Fails with
 * OCTET_UNSUPPORTED_MODEL, naming the node, for a Softmax over more than the last axis and for
 * nodes with graphs of their own. `graph` knows the shapes.
 */
octet_status oct_raise_opset(struct oct_rewrite *rewrite, const struct oct_graph *graph);

#endif
