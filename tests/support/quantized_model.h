/* SPDX-License-Identifier: Apache-2.0 */
/* The small detector, quantised, on its way to a model and an engine. All fail the running test
 * where something does not work. */
#ifndef OCTET_TESTS_SUPPORT_QUANTIZED_MODEL_H
#define OCTET_TESTS_SUPPORT_QUANTIZED_MODEL_H

#include <octet/build.h>

#include "counting_context.h"
#include "onnx_quantize.h"

enum { TEST_QUANTIZED_SIZE = 64 };

struct test_quantized {
    struct test_context test;
    struct test_onnx onnx;
    octet_model *model;
    int warnings;
    char warning[512];
};

/* A plain detector, and no model yet; warnings of all that follows are counted. */
void test_quantized_begin(struct test_quantized *f);
/* The same, as the quantising wants it. */
void test_quantized_begin_for(struct test_quantized *f, const struct test_quantizing *how);
octet_status test_quantized_load(struct test_quantized *f);
/* Frees model and file; fails where a block is left. */
void test_quantized_end(struct test_quantized *f);

octet_engine *test_quantized_build(struct test_quantized *f);

/* Planes of values that bytes have, in malloc'd memory. */
float *test_quantized_picture(void);

OctOnnx__TensorProto *test_quantized_initializer(struct test_quantized *f, const char *name);

/* Loading must end in that status, with the text in the message; ends the fixture. */
void test_quantized_refuse(struct test_quantized *f, octet_status status, const char *text);

/* Every allocation that fails while loading ends in an error without a leak. */
void test_quantized_starve(struct test_quantized *f);

/* The same model in float operators that round alike, run by the interpreter: a value of it. */
float *test_quantized_expected(struct test_quantized *f, const struct test_quantizing *how,
                               const char *value, size_t wanted);

#endif
