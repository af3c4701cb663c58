/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of exports: a model's file and statistics become a file for TensorRT, ONNX Runtime or
 * OpenVINO. */
#ifndef OCTET_COMPILER_EXPORT_MODEL_H
#define OCTET_COMPILER_EXPORT_MODEL_H

#include <octet/export.h>

#include "compiler/export/recipe.h"
#include "compiler/imported_model.h"

/* Refuses settings that no export can be made by. */
octet_status oct_export_check(octet_context *ctx, const octet_export_settings *settings);

/* See octet_export(): checks the settings, reads `model`, writes `path`. `info` may be NULL. */
octet_status oct_export_model(octet_context *ctx, const char *model,
                              const octet_statistics *statistics,
                              const octet_export_settings *settings, const char *path,
                              octet_export_info *info);

/* Writes a model's own file with Q and DQ by a recipe that has `trained`; `training` tells of that
 * in the file. `info` may be NULL. */
octet_status oct_export_trained(octet_context *ctx, const octet_model *model,
                                const octet_statistics *statistics, const struct oct_recipe *recipe,
                                const char *training, const char *path, octet_export_info *info);

#endif
