/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrations and statistics: the calls of octet/calibrate.h. */
#include <octet/calibrate.h>

#include <string.h>

#include "base/read_file.h"
#include "compiler/calibrate/calibration.h"
#include "compiler/imported_model.h"

void octet_calibration_defaults(octet_calibration_settings *settings)
{
    if (settings)
        memset(settings, 0, sizeof *settings);
}

octet_status octet_calibration_create(octet_context *context, const octet_model *model,
                                      const octet_calibration_settings *settings,
                                      octet_calibration **calibration)
{
    octet_calibration_settings defaults;
    octet_engine *engine;
    if (calibration)
        *calibration = NULL;
    if (!context || !model || !calibration)
        return oct_fail_null(context, __func__, "model and calibration");
    if (!settings) {
        octet_calibration_defaults(&defaults);
        settings = &defaults;
    }
    const octet_status status = oct_model_float_engine(context, model, &engine);
    if (status)
        return status;
    return oct_calibration_create(context, engine, model->hash, settings, calibration);
}

octet_status octet_calibration_add(octet_calibration *calibration, const octet_image *image)
{
    if (!calibration)
        return OCTET_INVALID_ARGUMENT;
    if (!image)
        return oct_fail_null(&calibration->own, __func__, "image");
    return oct_calibration_add(calibration, image);
}

const char *octet_calibration_message(const octet_calibration *calibration)
{
    return calibration ? calibration->own.message : "";
}

octet_status octet_calibration_finish(octet_calibration *calibration, octet_statistics **statistics)
{
    if (statistics)
        *statistics = NULL;
    if (!calibration || !statistics)
        return oct_fail_null(calibration ? &calibration->own : NULL, __func__, "statistics");
    const octet_status status = oct_calibration_flush(calibration);
    if (status)
        return status;
    if (calibration->views[0].part->image_count == 0)
        return oct_fail(&calibration->own, OCTET_INVALID_STATE, "no picture was calibrated on");
    return oct_statistics_copy(&calibration->own, calibration->statistics, statistics);
}

octet_status octet_calibration_restart(octet_calibration *calibration)
{
    if (!calibration)
        return OCTET_INVALID_ARGUMENT;
    oct_calibration_restart(calibration);
    return OCTET_OK;
}

void octet_calibration_free(octet_calibration **calibration)
{
    if (!calibration)
        return;
    oct_calibration_free(*calibration);
    *calibration = NULL;
}

octet_status octet_statistics_load(octet_context *context, const char *path,
                                   octet_statistics **statistics)
{
    if (statistics)
        *statistics = NULL;
    if (!context || !path || !statistics)
        return oct_fail_null(context, __func__, "path and statistics");
    struct oct_file file;
    octet_status status = oct_file_open(context, path, &file);
    if (status)
        return status;
    status = oct_statistics_read(context, file.bytes, file.size, path, statistics);
    oct_file_close(context, &file);
    return status;
}

octet_status octet_statistics_save(octet_context *context, const octet_statistics *statistics,
                                   const char *path)
{
    if (!context || !statistics || !path)
        return oct_fail_null(context, __func__, "statistics and path");
    return oct_statistics_write(context, statistics, path);
}

octet_status octet_statistics_set_note(octet_statistics *statistics, const char *note)
{
    if (!statistics || !note)
        return oct_fail_null(statistics ? &statistics->own : NULL, __func__, "note");
    return oct_statistics_set_note(statistics, note);
}

octet_status octet_statistics_merge(octet_statistics *statistics, const octet_statistics *other)
{
    if (!statistics || !other)
        return oct_fail_null(statistics ? &statistics->own : NULL, __func__, "other");
    return oct_statistics_merge(statistics, other);
}

octet_status octet_statistics_weigh(octet_statistics *statistics, const char *weights)
{
    return statistics ? oct_statistics_weigh(statistics, weights) : OCTET_INVALID_ARGUMENT;
}

const char *octet_statistics_message(const octet_statistics *statistics)
{
    return statistics ? statistics->own.message : "";
}

void octet_statistics_info_get(const octet_statistics *statistics, octet_statistics_info *info)
{
    if (!info)
        return;
    memset(info, 0, sizeof *info);
    if (!statistics)
        return;
    info->image_count = statistics->image_count;
    info->tensor_count = statistics->tensor_count;
    info->input_height = statistics->input_height;
    info->input_width = statistics->input_width;
    info->model_hash = statistics->model_hash;
    info->images_fingerprint = statistics->fingerprint_text;
    info->note = statistics->note ? statistics->note : "";
    info->part_count = statistics->part_count;
    info->weights = statistics->weights_text;
    info->shards = statistics->shards_text;
    info->shards_missing = statistics->missing_text;
}

octet_status octet_statistics_part(const octet_statistics *statistics, int index,
                                   octet_part_statistics *part)
{
    if (!statistics || !part || index < 0 || index >= statistics->part_count)
        return OCTET_INVALID_ARGUMENT;
    const struct oct_statistics_part *from = statistics->parts[index];
    *part = (octet_part_statistics){from->height, from->width, from->source, from->image_count,
                                    from->fingerprint_text};
    return OCTET_OK;
}

octet_status octet_statistics_tensor(const octet_statistics *statistics, int index,
                                     octet_tensor_statistics *tensor)
{
    if (!statistics || !tensor || index < 0 || index >= statistics->tensor_count)
        return OCTET_INVALID_ARGUMENT;
    oct_statistics_summary(statistics, index, tensor);
    return OCTET_OK;
}

void octet_statistics_free(octet_statistics **statistics)
{
    if (!statistics)
        return;
    oct_statistics_free(*statistics);
    *statistics = NULL;
}
