/* SPDX-License-Identifier: Apache-2.0 */
/* Small detectors with random weights, made without ONNX, as models and as engines. */
#ifndef OCTET_TESTS_SUPPORT_SMALL_DETECTOR_H
#define OCTET_TESTS_SUPPORT_SMALL_DETECTOR_H

#include <octet/build.h>
#include <octet/image.h>

#include "compiler/imported_model.h"
#include "runtime/engine/engine_contents.h"

enum test_detector {
    /* Three levels; backbone with residuals, slices and concats (of slices, of nested concats, of
     * tensors that stand in two of them), SPPF, upsampling, kernels of 1, 3 and 5, channels that
     * are no multiple of 4. 64x64, 5 classes, reg_max 8. */
    TEST_DETECTOR_SMALL,
    /* One level of stride 8: few bytes, for tests that damage every one. 32x32, 2 classes. */
    TEST_DETECTOR_TINY,
    /* One level of stride 8, with 3x3 convolutions of 32 to 128 channels: what kernels that
     * transform their input take, from 192x192 on. 32x32, 2 classes. */
    TEST_DETECTOR_WIDE,
    /* One level of stride 8: means and maxima of windows, with and without padding that counts, on
     * odd sizes as well, depth to space, convolutions whose padding differs between sides. 32x32,
     * 2 classes. */
    TEST_DETECTOR_POOLED,
    /* One level of stride 8, as pruning leaves them: slices that start at channels that are no
     * multiples of 4, which convolutions, a residual sum, a pool, upsampling and a concat read.
     * 32x32, 2 classes. */
    TEST_DETECTOR_PRUNED,
    /* One level of stride 8: depthwise convolutions of 1x1 to 7x7 and strides 1 and 2, over a
     * concat, a slice and channels that are no multiple of 4, with a residual; every activation.
     * 32x32, 2 classes. */
    TEST_DETECTOR_DEPTHWISE,
    /* YOLOv8m with all its layers and channels, of 5 classes: no small one. 320x320. */
    TEST_DETECTOR_MEDIUM,
    /* One level of stride 8, with attention over all of it and over two halves. 32x32, 2
     * classes. */
    TEST_DETECTOR_ATTENTION,
    /* The small one with YOLO26's head. */
    TEST_DETECTOR_DISTANCES,
    /* Three levels with what YOLO10, 11, 12 and 26 have beside YOLOv8, with its channels: attention
     * over a level in heads of 32 and 64 channels, and over four areas of one, convolutions of
     * each channel by itself in backbone, neck and head, YOLO26's head. 64x64, 5 classes. */
    TEST_DETECTOR_FAMILY
};

/* The calls below fail the running test where something does not work. */
struct oct_imported *test_network(octet_context *ctx, enum test_detector kind, uint64_t seed);

/* A model as octet_model_load() makes them, named "small.onnx"; freed with octet_model_free(). */
octet_model *test_model(octet_context *ctx, enum test_detector kind, uint64_t seed);

/* A picture of random smooth content. */
octet_image *test_picture(octet_context *ctx, int width, int height, uint64_t seed);

/* Statistics of `count` pictures with seeds first, first + 1, ... */
octet_statistics *test_statistics(octet_context *ctx, const octet_model *model, uint64_t first,
                                  int count);

/* The same at another input size than the model's. */
octet_statistics *test_statistics_at(octet_context *ctx, const octet_model *model, uint64_t first,
                                     int count, int height, int width);

/* An engine of a test_model(): FP32, or INT8 calibrated on three pictures. */
octet_engine *test_engine(octet_context *ctx, enum test_detector kind, octet_precision precision);

/* An INT8 one with weights of 4 bits. */
octet_engine *test_engine_few_bits(octet_context *ctx, enum test_detector kind);

/* An INT8 one of statistics at the model's size and at one twice as wide, with such scales. */
octet_engine *test_engine_of_sizes(octet_context *ctx, enum test_detector kind, const char *scales);

/* The bytes of the engine's file in malloc'd memory. */
unsigned char *test_engine_bytes(octet_context *ctx, const octet_engine *engine, size_t *size);

/* The engine's file has these bytes. */
void test_expect_engine(octet_context *ctx, const octet_engine *engine, const unsigned char *bytes,
                        size_t size);

/* Those of an INT8 test_engine(), with a text of its header replaced by one of the same length. */
unsigned char *test_engine_replaced(octet_context *ctx, enum test_detector kind, const char *from,
                                    const char *to, size_t *size);

#endif
