/* SPDX-License-Identifier: Apache-2.0 */
/* The driver: a model, and what gives it scales, become an engine. */
#ifndef OCTET_COMPILER_COMPILE_H
#define OCTET_COMPILER_COMPILE_H

#include <octet/build.h>

#include "compiler/lower/lower.h"

/* Refuses settings that no engine can be made by, or that name layers which the model does not
 * have; without a model (NULL) their form alone is looked at. */
octet_status oct_compile_check(octet_context *ctx, const octet_model *model,
                               const octet_build_settings *settings);

/* Sets selected[layer] ([layers of the model]; may be NULL) to whether the words mean the layer. */
octet_status oct_compile_select(octet_context *ctx, const octet_model *model, const char *words,
                                unsigned char *selected);

/* What statistics, or a cache, and settings that passed the check make an INT8 engine with; memory
 * is from `arena`, and the statistics are referred to. */
octet_status oct_compile_scheme(octet_context *ctx, struct oct_arena *arena,
                                const octet_model *model, const octet_statistics *statistics,
                                const octet_build_settings *settings, struct oct_scheme *scheme);

/* Makes an engine by settings that passed the check. On failure `*engine` is NULL. */
octet_status oct_compile(octet_context *ctx, const octet_model *model,
                         const octet_statistics *statistics, const octet_build_settings *settings,
                         octet_engine **engine);

/* An INT8 engine by such a scheme, of which `training` tells in the engine's provenance. */
octet_status oct_compile_trained(octet_context *ctx, const octet_model *model,
                                 const octet_statistics *statistics,
                                 const octet_build_settings *settings,
                                 const struct oct_scheme *scheme, const char *training,
                                 octet_engine **engine);

#endif
