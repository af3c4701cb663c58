/* SPDX-License-Identifier: Apache-2.0 */
#include "calibration.h"

#include <stdlib.h>

#include "detector.h"
#include "pictures.h"
#include "progress.h"

#define AHEAD 3

int model_open(struct app *app, const char *path, octet_model **model)
{
    enum file_kind kind;
    int status = file_kind_of(app, path, &kind);
    if (status != STATUS_DONE)
        return status;
    if (kind != FILE_ONNX)
        return app_fail(app, "%s: %s; this needs the ONNX model", path,
                        kind == FILE_ENGINE ? "an engine or another safetensors file"
                                            : "calibration statistics");
    octet_status result = octet_model_load(app->context, path, model);
    if (result == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(app, result, octet_context_message(app->context));
}

static int collect(struct app *app, const struct calibration_request *request,
                   struct sources *sources)
{
    int status = sources_add(app, sources, request->images);
    if (status == STATUS_DONE && request->count)
        sources_sample(app, sources, (size_t)request->count, (uint64_t)request->seed);
    return status;
}

static void add_pictures(struct app *app, octet_calibration *calibration, struct pictures *pictures,
                         struct progress *progress, struct calibration_result *result)
{
    struct picture picture;
    while (!app_interrupted() && pictures_next(pictures, &picture)) {
        if (!picture.image) {
            app_fail(app, "%s", picture.message);
            result->failed++;
        } else if (octet_calibration_add(calibration, picture.image) != OCTET_OK) {
            app_fail(app, "%s: %s", picture.path, octet_calibration_message(calibration));
            result->failed++;
        } else {
            result->used++;
        }
        picture_free(&picture);
        progress_add(progress, 1);
    }
}

static int finish(struct app *app, octet_calibration *calibration, const char *images,
                  struct calibration_result *result)
{
    if (app_interrupted())
        return app_fail(app, "interrupted: nothing was written");
    if (result->used == 0)
        return app_fail(app, "%s: none of the pictures could be used", images);
    octet_status status = octet_calibration_finish(calibration, &result->statistics);
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(app, status, octet_calibration_message(calibration));
}

int calibration_run(struct app *app, const octet_model *model,
                    const struct calibration_request *request, struct calibration_result *result)
{
    struct sources sources = {0};
    struct pictures *pictures = NULL;
    octet_calibration *calibration = NULL;
    *result = (struct calibration_result){0};
    double start_ms = app_now_ms();
    int status = collect(app, request, &sources);
    if (status == STATUS_DONE) {
        octet_calibration_settings settings;
        octet_calibration_defaults(&settings);
        settings.height = request->size.height;
        settings.width = request->size.width;
        settings.threads = app->threads;
        settings.cpu = app->cpu;
        octet_status created =
            octet_calibration_create(app->context, model, &settings, &calibration);
        if (created != OCTET_OK)
            status = app_fail_library(app, created, octet_context_message(app->context));
    }
    if (status == STATUS_DONE)
        status = pictures_open(app, &sources, AHEAD, &pictures);
    if (status == STATUS_DONE) {
        struct progress progress;
        progress_start(&progress, app, "calibrating", sources.count);
        add_pictures(app, calibration, pictures, &progress, result);
        progress_finish(&progress);
        status = finish(app, calibration, request->images, result);
    }
    pictures_close(&pictures);
    octet_calibration_free(&calibration);
    sources_free(&sources);
    result->seconds = (app_now_ms() - start_ms) / 1e3;
    return status;
}

int calibration_verdict(struct app *app, const struct calibration_result *result)
{
    if (result->failed == 0)
        return STATUS_DONE;
    return app_fail(app, "%zu of %zu pictures were left out", result->failed,
                    result->used + result->failed);
}
