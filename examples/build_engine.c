/* SPDX-License-Identifier: Apache-2.0 */
/* Makes an INT8 engine of an ONNX model, calibrated with the given pictures.
 *   usage: build_engine MODEL.onnx ENGINE.octet PICTURE... */
#include <stdio.h>

#include <octet/octet.h>

/* Prints what went wrong; `message` is the line that the failed call's handle holds. */
static octet_status report(octet_status status, const char *message)
{
    if (status != OCTET_OK)
        fprintf(stderr, "build_engine: %s\n", message[0] ? message : octet_status_text(status));
    return status;
}

/* Adds one picture's statistics. */
static octet_status add_picture(octet_context *context, octet_calibration *calibration,
                                const char *path)
{
    octet_image *image = NULL;
    octet_status status = octet_image_load(context, path, &image);
    if (status != OCTET_OK)
        return report(status, octet_context_message(context));
    status = octet_calibration_add(calibration, image);
    octet_image_free(&image);
    return report(status, octet_calibration_message(calibration));
}

/* Runs all pictures through the float model; the caller owns the statistics. */
static octet_status calibrate(octet_context *context, const octet_model *model, char **pictures,
                              int count, octet_statistics **statistics)
{
    octet_calibration *calibration = NULL;
    octet_status status = octet_calibration_create(context, model, NULL, &calibration);
    if (status != OCTET_OK)
        return report(status, octet_context_message(context));
    for (int i = 0; i < count && status == OCTET_OK; i++)
        status = add_picture(context, calibration, pictures[i]);
    if (status == OCTET_OK) {
        status = octet_calibration_finish(calibration, statistics);
        report(status, octet_calibration_message(calibration));
    }
    octet_calibration_free(&calibration);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: build_engine MODEL.onnx ENGINE.octet PICTURE...\n");
        return 2;
    }
    octet_context *context = NULL;
    octet_model *model = NULL;
    octet_statistics *statistics = NULL;
    octet_engine *engine = NULL;
    octet_build_settings settings;
    octet_build_defaults(&settings);
    octet_status status = octet_context_create(NULL, &context);
    if (status != OCTET_OK) {
        report(status, "");
        return 1;
    }
    status = octet_model_load(context, argv[1], &model);
    report(status, octet_context_message(context));
    if (status == OCTET_OK)
        status = calibrate(context, model, argv + 3, argc - 3, &statistics);
    if (status == OCTET_OK) {
        status = octet_build(context, model, statistics, &settings, &engine);
        if (status == OCTET_OK)
            status = octet_engine_save(context, engine, argv[2]);
        report(status, octet_context_message(context));
    }
    if (status == OCTET_OK)
        printf("%s: made from %d pictures\n", argv[2], argc - 3);
    octet_engine_free(&engine);
    octet_statistics_free(&statistics);
    octet_model_free(&model);
    octet_context_free(&context);
    return status == OCTET_OK ? 0 : 1;
}
