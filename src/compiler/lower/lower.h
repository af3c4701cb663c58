/* SPDX-License-Identifier: Apache-2.0 */
/* From the network to the engine's network, first in float, then quantised. */
#ifndef OCTET_COMPILER_LOWER_LOWER_H
#define OCTET_COMPILER_LOWER_LOWER_H

#include "compiler/graph/imported.h"
#include "compiler/quantize/activation.h"
#include "compiler/quantize/weights.h"
#include "network/network.h"

/* The float network. Names and weights are shared with the network, the rest is allocated from
 * `arena`. A member of a concat that cannot lie in its buffer (a slice, or a member of another one)
 * is copied by a layer of its own. `*sources` ([layers of `network`], may be NULL): the layer of
 * `from` that each is; -1: a copy. */
octet_status oct_lower_float(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_network *from, struct oct_network *network,
                             const int **sources);

/* What training made of a convolution: as struct oct_layer has it, see quantize/weights.h for what
 * the codes stand for. */
struct oct_trained_layer {
    const int8_t *codes; /* NULL: its weights stayed values */
    const float *scales, *biases, *values;
};

/* What a network is quantised with. */
struct oct_scheme {
    const struct oct_quantization *codings; /* [tensors]; those of layers' outputs are used */
    /* [tensors], each of [channels]. NULL, or NULL for a tensor: not known, its channels count
     * alike and biases are not corrected for it. */
    const struct oct_moments *const *moments;
    const bool *is_float; /* [layers]: convolutions that stay float; NULL: none */
    /* [layers]: of convolutions, in place of codes that are found here; or NULL */
    const struct oct_trained_layer *trained;
    /* A network of codings whose scales differ by a factor in each of oct_group_scales(), lowered
     * with all else alike: its weights' codes are taken. NULL: they are found */
    const struct oct_network *like;
    bool bf16; /* they are BF16 rather than FP32, but for the head's outputs */
    /* Of weights' codes: 8 (or 0), or 4. Then it is 8 for convolutions that read the picture, whose
     * error nothing behind makes good, for those that write the network's outputs, and for
     * depthwise ones, which have few weights. */
    int weight_bits;
};

/*
 * The INT8 network of a float network. Max pools, upsampling and copies pass their input's coding
 * on, the head's last convolutions give floats. A convolution writes the type that readers want;
 * where they differ, copies convert, added behind the tensors of `from` and before the first layer
 * that reads them. Fails with OCTET_UNSUPPORTED_MODEL where a layer would have to change scale but
 * cannot.
 */
octet_status oct_lower_int8(octet_context *ctx, struct oct_arena *arena,
                            const struct oct_network *from, const struct oct_scheme *quantization,
                            struct oct_network *network);

/* What became of the convolutions of a network that brings grids of its own. */
struct oct_grids_kept {
    int int8; /* run in 8 bits, with the file's own scales */
    int own;  /* run in float because the file does */
    int lost; /* quantised in the file, but run in float here, by the same values */
};

/*
 * The network of a network with grids of its own (is_quantised), which computes what the file says
 * up to the rounding of float sums: convolutions between grids run in 8 bits with the file's codes
 * and scales; where the file rounds before or in a SiLU, the rest is a table of its codes; all else
 * is float. Weights that are floats are shared with the network, the rest is allocated from
 * `arena`.
 */
octet_status oct_lower_grids(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_imported *imported, struct oct_network *network,
                             struct oct_grids_kept *kept);

/* The type of each tensor of a network whose layers `is_float` (see above) are to stay float,
 * chosen so that few conversions are needed; members and slices have one type with what they lie
 * in. */
octet_status oct_choose_types(octet_context *ctx, struct oct_arena *arena,
                              const struct oct_network *network, const bool *is_float,
                              enum oct_type *types);

/* The tensors that must be of one type because views join them: to each, the lowest of them. */
void oct_group_tensors(const struct oct_network *network, int *group);

/* The same, and what max pools, upsampling and copies pass on is in one group, too: the tensors
 * whose scales keep their ratios where the weights' codes do. */
void oct_group_scales(const struct oct_network *network, int *group);

/* Marks the groups that stay FP32 in a BF16 network, at their lowest tensors: the head's outputs,
 * and what pools and copies join to them. */
void oct_choose_bf16(const struct oct_network *network, const int *group, bool *is_float);

/* Rounds a convolution's weights to BF16. */
octet_status oct_round_weights(octet_context *ctx, struct oct_arena *arena,
                               const struct oct_network *network, struct oct_layer *layer);

/* The BF16 network of a float network: weights and tensors rounded to bf16, biases and the head's
 * outputs left float. */
octet_status oct_lower_bf16(octet_context *ctx, struct oct_arena *arena,
                            const struct oct_network *from, struct oct_network *network);

/*
 * Marks the convolutions that `text` names: NULL or "none", or words with commas between:
 *   "head"         those that only feed one level of the head; "head.box" and "head.cls" its
 *                  branches of boxes and classes
 *   "neck"         those of the rest that come of something that was made larger again
 *   "stem"         those of the rest that read more than a quarter of the picture's side
 *   "backbone"     the rest
 *   "12", "3-7"    a layer's number, or a range of them, in the network's order
 *   anything else  a glob (fnmatch) on the name of the layer or of its output
 * OCTET_INVALID_ARGUMENT for what is no such text, OCTET_MISMATCH for a word that no convolution
 * matches. With `network` NULL only the text is checked.
 */
octet_status oct_select_float_layers(octet_context *ctx, const struct oct_network *network,
                                     const char *text, bool *is_float);

#endif
