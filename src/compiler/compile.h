/* SPDX-License-Identifier: Apache-2.0 */
/* The driver: a model, and what gives it scales, become an engine. */
#ifndef OCTET_COMPILER_COMPILE_H
#define OCTET_COMPILER_COMPILE_H

#include <octet/build.h>

/* Refuses settings that no engine can be made by, or that name layers which the model does not
 * have; without a model (NULL) their form alone is looked at. */
octet_status oct_compile_check(octet_context *ctx, const octet_model *model,
                               const octet_build_settings *settings);

/* Sets selected[layer] ([layers of the model]; may be NULL) to whether the words mean the layer. */
octet_status oct_compile_select(octet_context *ctx, const octet_model *model, const char *words,
                                unsigned char *selected);

/* Makes an engine by settings that passed the check. On failure `*engine` is NULL. */
octet_status oct_compile(octet_context *ctx, const octet_model *model,
                         const octet_statistics *statistics, const octet_build_settings *settings,
                         octet_engine **engine);

#endif
