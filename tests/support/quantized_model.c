/* SPDX-License-Identifier: Apache-2.0 */
/* The small detector quantised, loaded, built, or refused with a message. */
#include "quantized_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network_run.h"

static void take_warning(void *user, octet_log_level level, const char *line)
{
    struct test_quantized *f = user;
    if (level != OCTET_LOG_WARNING)
        return;
    f->warnings++;
    snprintf(f->warning, sizeof f->warning, "%s", line);
}

void test_quantized_begin(struct test_quantized *f)
{
    test_quantized_begin_for(f, &(struct test_quantizing){0});
}

void test_quantized_begin_for(struct test_quantized *f, const struct test_quantizing *how)
{
    memset(f, 0, sizeof *f);
    test_context_init(&f->test);
    f->test.context.log = take_warning;
    f->test.context.log_user = f;
    f->test.context.log_level = OCTET_LOG_WARNING;
    test_onnx_detector(&f->onnx, &(struct test_onnx_variant){.pooled = how->pooled});
}

octet_status test_quantized_load(struct test_quantized *f)
{
    size_t size;
    unsigned char *bytes = test_onnx_pack(&f->onnx, &size);
    const octet_status status =
        octet_model_load_memory(&f->test.context, bytes, size, "q.onnx", &f->model);
    free(bytes);
    return status;
}

void test_quantized_end(struct test_quantized *f)
{
    octet_model_free(&f->model);
    test_onnx_free(&f->onnx);
    assert_int_equal(f->test.live, 0);
}

octet_engine *test_quantized_build(struct test_quantized *f)
{
    octet_engine *engine;
    if (octet_build(&f->test.context, f->model, NULL, NULL, &engine) != OCTET_OK)
        fail_msg("%s", f->test.context.message);
    return engine;
}

float *test_quantized_picture(void)
{
    float *planes = test_planes(TEST_QUANTIZED_SIZE, TEST_QUANTIZED_SIZE, 5);
    for (int i = 0; i < 3 * TEST_QUANTIZED_SIZE * TEST_QUANTIZED_SIZE; i++)
        planes[i] = rintf(planes[i] * 255.0f) / 255.0f;
    return planes;
}

OctOnnx__TensorProto *test_quantized_initializer(struct test_quantized *f, const char *name)
{
    for (size_t i = 0; i < f->onnx.model.graph->n_initializer; i++)
        if (strcmp(f->onnx.model.graph->initializer[i]->name, name) == 0)
            return f->onnx.model.graph->initializer[i];
    fail_msg("no %s", name);
    return NULL;
}

void test_quantized_refuse(struct test_quantized *f, octet_status status, const char *text)
{
    const octet_status is = test_quantized_load(f);
    if (is != status || !strstr(f->test.context.message, text))
        fail_msg("status %d, message '%s': wanted '%s'", (int)is, f->test.context.message, text);
    test_quantized_end(f);
}

void test_quantized_starve(struct test_quantized *f)
{
    f->test.calls = 0;
    assert_int_equal(test_quantized_load(f), OCTET_OK);
    const int calls = f->test.calls;
    octet_model_free(&f->model);
    for (int at = 0; at < calls; at += 1 + at / 40) {
        f->test.calls = 0;
        f->test.fail_at = at;
        assert_int_not_equal(test_quantized_load(f), OCTET_OK);
        assert_null(f->model);
    }
    f->test.fail_at = -1;
}

float *test_quantized_expected(struct test_quantized *f, const struct test_quantizing *how,
                               const char *value, size_t wanted)
{
    struct test_quantizing emulated = *how;
    struct test_quantized other;
    size_t size, count;
    test_quantized_begin_for(&other, how);
    emulated.emulate = 1;
    emulated.qlinear = 0;
    test_onnx_quantize(&other.test.context, &other.onnx, &emulated);
    other.onnx.model.graph->output[0]->name = (char *)(uintptr_t)value;
    unsigned char *bytes = test_onnx_pack(&other.onnx, &size);
    float *planes = test_quantized_picture();
    float *values = test_graph_run(&f->test.context, bytes, size, planes, TEST_QUANTIZED_SIZE,
                                   TEST_QUANTIZED_SIZE, &count);
    assert_int_equal(count, wanted);
    free(bytes);
    free(planes);
    test_quantized_end(&other);
    return values;
}
