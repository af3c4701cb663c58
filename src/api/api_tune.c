/* SPDX-License-Identifier: Apache-2.0 */
/* Training: the calls of octet/tune.h. */
#include <octet/tune.h>

#include <string.h>

#include "train/tuning.h"

void octet_tune_defaults(octet_tune_settings *settings)
{
    if (!settings)
        return;
    memset(settings, 0, sizeof *settings);
    settings->epochs = 10.0;
    settings->batch = 8;
    settings->weight_rate = -1.0;
    settings->weight_bits = 8;
    settings->scale_jitter = -1;
    settings->scale_rate = 1e-3;
    settings->bias_rate = 1e-4;
}

octet_status octet_tune_create(octet_context *context, const octet_model *model,
                               const octet_statistics *statistics,
                               const octet_tune_settings *settings, octet_tuning **tuning)
{
    if (tuning)
        *tuning = NULL;
    if (!context || !settings || (tuning && (!model || !statistics)))
        return oct_fail_null(context, __func__, "model, statistics and settings");
    octet_status status = oct_tuning_check(context, settings);
    if (!status && model)
        status = oct_tuning_check_model(context, model, settings);
    return status || !tuning ? status
                             : oct_tuning_create(context, model, statistics, settings, tuning);
}

int octet_tune_next(const octet_tuning *tuning)
{
    return tuning ? oct_tuning_next(tuning) : -1;
}

octet_status octet_tune_set_boxes(octet_tuning *tuning, const octet_tune_box *boxes, int count)
{
    if (!tuning || (count && !boxes))
        return oct_fail_null(tuning ? &tuning->own : NULL, __func__, "boxes");
    return oct_tuning_set_boxes(tuning, boxes, count);
}

octet_status octet_tune_add(octet_tuning *tuning, const octet_image *image)
{
    if (!tuning || !image)
        return oct_fail_null(tuning ? &tuning->own : NULL, __func__, "image");
    return oct_tuning_add(tuning, image);
}

void octet_tune_info_get(const octet_tuning *tuning, octet_tune_info *info)
{
    if (!info)
        return;
    memset(info, 0, sizeof *info);
    if (tuning)
        oct_tuning_info(tuning, info);
}

const char *octet_tune_message(const octet_tuning *tuning)
{
    return tuning ? tuning->own.message : "";
}

void octet_tune_keep(octet_tuning *tuning)
{
    if (tuning)
        oct_tuning_keep(tuning);
}

octet_status octet_tune_return(octet_tuning *tuning)
{
    return tuning ? oct_tuning_return(tuning) : OCTET_INVALID_ARGUMENT;
}

octet_status octet_tune_engine(octet_tuning *tuning, octet_engine **engine)
{
    if (engine)
        *engine = NULL;
    if (!tuning || !engine)
        return oct_fail_null(tuning ? &tuning->own : NULL, __func__, "engine");
    return oct_tuning_engine(tuning, engine);
}

octet_status octet_tune_export(octet_tuning *tuning, const char *path, octet_export_info *info)
{
    if (!tuning || !path)
        return oct_fail_null(tuning ? &tuning->own : NULL, __func__, "path");
    return oct_tuning_export(tuning, path, info);
}

octet_status octet_tune_save(octet_tuning *tuning, const char *path, const char *note)
{
    if (!tuning || !path)
        return oct_fail_null(tuning ? &tuning->own : NULL, __func__, "path");
    return oct_tuning_save(tuning, path, note ? note : "");
}

octet_status octet_tune_load(octet_tuning *tuning, const char *path, const char **note)
{
    if (note)
        *note = "";
    if (!tuning || !path)
        return oct_fail_null(tuning ? &tuning->own : NULL, __func__, "path");
    return oct_tuning_load(tuning, path, note);
}

void octet_tune_free(octet_tuning **tuning)
{
    if (!tuning)
        return;
    oct_tuning_free(*tuning);
    *tuning = NULL;
}
