/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an ONNX model that is lowered, calibrated on one picture, built in the precision
 * that the sum of the bytes chooses, and run: an error, or detections; never a crash, a leak or a
 * hang. Built for libFuzzer; with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <stdlib.h>

#include <octet/build.h>

#include "compiler/imported_model.h"
#include "fuzz.h"
#include "fuzz_onnx.h"
#include "fuzz_session.h"

#define MEMORY_MAX ((size_t)64 << 20) /* that one input may hold */
#define BLOCK_MAX ((size_t)16 << 20)  /* of it in one block */

static octet_status make_picture(octet_context *ctx, octet_image **image)
{
    enum { SIDE = 32 };
    static uint8_t pixels[SIDE * SIDE * 3];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 37 >> 3);
    return octet_image_copy_rgb(ctx, pixels, SIDE, SIDE, SIDE * 3, image);
}

static octet_status calibrate(octet_context *ctx, const octet_model *model,
                              const octet_image *image, octet_statistics **statistics)
{
    const int size = oct_network_stride(&model->network);
    const octet_calibration_settings settings = {.height = size, .width = size, .threads = 1};
    octet_calibration *calibration = NULL;
    octet_status status = octet_calibration_create(ctx, model, &settings, &calibration);
    if (status)
        return status;
    status = octet_calibration_add(calibration, image);
    if (!status)
        status = octet_calibration_finish(calibration, statistics);
    if (status && !octet_calibration_message(calibration)[0])
        abort();
    octet_calibration_free(&calibration);
    return status;
}

/* What is saved is read again. */
static void save_statistics(octet_context *ctx, octet_statistics **statistics)
{
    if (octet_statistics_save(ctx, *statistics, "a.stats") != OCTET_OK)
        return;
    octet_statistics_free(statistics);
    if (octet_statistics_load(ctx, "a.stats", statistics) == OCTET_BAD_FORMAT)
        abort();
}

static void save_engine(octet_context *ctx, octet_engine **engine)
{
    if (octet_engine_save(ctx, *engine, "a.octet") != OCTET_OK)
        return;
    octet_engine_free(engine);
    if (octet_engine_load(ctx, "a.octet", engine) == OCTET_BAD_FORMAT)
        abort();
}

/* A TensorRT cache of the statistics, to build from in their place; NULL where there is none. */
static octet_cache *make_cache(octet_context *ctx, const octet_statistics *statistics)
{
    octet_export_settings settings;
    octet_cache *cache = NULL;
    octet_export_defaults(&settings);
    settings.format = OCTET_EXPORT_TRT_CACHE;
    if (octet_export(ctx, "a.onnx", statistics, &settings, "a.cache", NULL) == OCTET_OK &&
        octet_cache_load(ctx, "a.cache", &cache) == OCTET_BAD_FORMAT)
        abort();
    return cache;
}

/* What the bits of a variant choose. */
static octet_build_settings choose(unsigned variant)
{
    static const octet_precision precisions[] = {OCTET_PRECISION_INT8, OCTET_PRECISION_BF16,
                                                 OCTET_PRECISION_FP32, OCTET_PRECISION_INT8};
    static const char *const calibrators[] = {"mse", "minmax", "percentile:99", "entropy",
                                              "minmax-trt"};
    static const char *const layers[] = {"none", "head", "0-1", "*"};
    octet_build_settings settings;
    octet_build_defaults(&settings);
    settings.precision = precisions[variant & 3];
    settings.weight_bits = (variant & 3) == 3 ? 4 : 8;
    settings.calibrator = calibrators[(variant >> 2) % 5];
    settings.float_layers = layers[variant >> 3 & 3];
    settings.float_precision = variant & 32 ? OCTET_PRECISION_BF16 : OCTET_PRECISION_FP32;
    return settings;
}

static void build(octet_context *ctx, const octet_model *model, const octet_image *image,
                  unsigned variant)
{
    octet_statistics *statistics = NULL;
    octet_engine *engine = NULL;
    octet_cache *cache = NULL;
    octet_build_settings settings = choose(variant);
    octet_info info;
    octet_status status = OCTET_OK;
    octet_model_info(model, &info);
    if (settings.precision == OCTET_PRECISION_INT8 && info.precision == OCTET_PRECISION_FP32)
        status = calibrate(ctx, model, image, &statistics);
    if (statistics && variant % 7 == 0)
        save_statistics(ctx, &statistics);
    if (statistics && variant % 5 == 0)
        settings.cache = cache = make_cache(ctx, statistics);
    if (!status && octet_build(ctx, model, cache ? NULL : statistics, &settings, &engine) &&
        (engine || !ctx->message[0]))
        abort();
    if (engine && variant % 3 == 0)
        save_engine(ctx, &engine);
    if (engine)
        fuzz_session(ctx, engine, image, variant % 11 ? 1 : (int)(variant / 11 % 3));
    octet_engine_free(&engine);
    octet_cache_free(&cache);
    octet_statistics_free(&statistics);
}

/* The model, and a file that the data of its tensors may be in. */
static void write_files(const uint8_t *data, size_t size)
{
    float weights[1024];
    fuzz_enter_folder();
    fuzz_write_file("a.onnx", data, size);
    if (access("weights.bin", F_OK) == 0)
        return;
    for (int i = 0; i < 1024; i++)
        weights[i] = (float)(i % 17 - 8) / 16.0f;
    fuzz_write_file("weights.bin", weights, sizeof weights);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_pool pool = {MEMORY_MAX, BLOCK_MAX, 0};
    octet_context ctx = fuzz_context(&pool);
    octet_model *model = NULL;
    octet_image *image = NULL;
    write_files(data, size);
    if (make_picture(&ctx, &image) != OCTET_OK)
        abort();
    if (octet_model_load(&ctx, "a.onnx", &model) == OCTET_OK &&
        fuzz_work(&ctx, &model->network, oct_network_stride(&model->network)) < FUZZ_WORK_MAX)
        build(&ctx, model, image, fuzz_sum(data, size));
    octet_model_free(&model);
    octet_image_free(&image);
    if (pool.live)
        abort();
    return 0;
}
