/* SPDX-License-Identifier: Apache-2.0 */
/* The model handle, shared by the desk side's public calls. */
#ifndef OCTET_COMPILER_IMPORTED_MODEL_H
#define OCTET_COMPILER_IMPORTED_MODEL_H

#include <octet/calibrate.h>

#include "compiler/calibrate/statistics.h"
#include "compiler/graph/imported.h"
#include "compiler/onnx/onnx_model.h"
#include "network/network.h"

struct octet_model {
    struct octet_context own;
    struct oct_arena arena;
    struct oct_imported *imported;
    struct oct_network network; /* float; shares the network's weights */
    const int *sources;         /* [network layers]: imported->network's; -1: a copy */
    /* INT8, with the scales of a file that is quantised itself; layer_count 0: none */
    struct oct_network own_network;
    char hash[65];    /* see oct_network_hash() */
    const char *name; /* the file's */
};

/* What the model is shown as, and runs as:
 * the network with its own scales, or the float network. */
static inline const struct oct_network *oct_model_plan(const octet_model *model)
{
    return model->own_network.layer_count ? &model->own_network : &model->network;
}

/* Reads a model from an ONNX file's bytes, or from a file and those beside it that hold its data.
 * On failure `*model` is NULL. */
octet_status oct_model_from_bytes(octet_context *ctx, const void *bytes, size_t size,
                                  const char *name, octet_model **model);
octet_status oct_model_from_file(octet_context *ctx, const char *path, octet_model **model);
void oct_model_free(octet_model *model);

/* See octet_model_set_names(). */
octet_status oct_model_set_names(octet_context *ctx, octet_model *model, const char *text);

/* Fills in a zeroed info. */
void oct_model_describe(const octet_model *model, octet_info *info);

/* An engine of the model's float network, with copies of the weights. */
octet_status oct_model_float_engine(octet_context *ctx, const octet_model *model,
                                    octet_engine **engine);

/* OCTET_MISMATCH unless the statistics (NULL: OCTET_INVALID_ARGUMENT) are of this model. */
octet_status oct_model_check_statistics(octet_context *ctx, const octet_model *model,
                                        const octet_statistics *statistics);

#endif
