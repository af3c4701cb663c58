/* SPDX-License-Identifier: Apache-2.0 */
/* Building engines: the calls of octet/build.h. */
#include <octet/build.h>

#include <string.h>

#include "base/messages.h"
#include "compiler/compile.h"

void octet_build_defaults(octet_build_settings *settings)
{
    if (!settings)
        return;
    memset(settings, 0, sizeof *settings);
    settings->precision = OCTET_PRECISION_INT8;
    settings->weight_bits = 8;
}

octet_status octet_build(octet_context *context, const octet_model *model,
                         const octet_statistics *statistics, const octet_build_settings *settings,
                         octet_engine **engine)
{
    octet_build_settings defaults;
    if (engine)
        *engine = NULL;
    if (!context || (engine && !model))
        return oct_fail_null(context, __func__, "model");
    octet_build_defaults(&defaults);
    settings = settings ? settings : &defaults;
    const octet_status status = oct_compile_check(context, model, settings);
    return status || !engine ? status : oct_compile(context, model, statistics, settings, engine);
}

octet_status octet_build_select_layers(octet_context *context, const octet_model *model,
                                       const char *float_layers, unsigned char *selected)
{
    if (!context || !model || !selected)
        return oct_fail_null(context, __func__, !model ? "model" : "selected");
    return oct_compile_select(context, model, float_layers, selected);
}
