/* SPDX-License-Identifier: Apache-2.0 */
/* Real exports: what the network is, and that it computes what the file's graph computes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/import_pipeline.h"
#include "counting_context.h"
#include "data.h"
#include "network_run.h"
#include "random.h"

struct file {
    struct test_context test;
    unsigned char *bytes;
    size_t size;
    struct oct_imported *imported;
};

static void open_file(struct file *f, const char *name)
{
    char path[TEST_PATH_BYTES], relative[TEST_PATH_BYTES];
    *f = (struct file){.bytes = NULL};
    test_context_init(&f->test);
    snprintf(relative, sizeof relative, "models/%s", name);
    f->bytes = test_read_file(test_data_path(path, relative), &f->size);
}

static void close_file(struct file *f)
{
    oct_imported_free(&f->test.context, f->imported);
    free(f->bytes);
    assert_int_equal(f->test.live, 0);
}

static void import_file(struct file *f, const char *name)
{
    open_file(f, name);
    octet_status status =
        oct_imported_from_bytes(&f->test.context, f->bytes, f->size, name, &f->imported);
    if (status)
        fail_msg("%s", f->test.context.message);
}

struct expected {
    const char *file;
    int classes, height, width, fixed, opset;
    const char *first_name, *last_name;
    int stem_channels;
};

static const struct expected models[] = {
    {"yolov8n.onnx", 80, 640, 640, 1, 18, "person", "toothbrush", 16},
    {"yolov8n-op11.onnx", 80, 640, 640, 1, 11, "person", "toothbrush", 16},
    {"yolov8n-dynamic.onnx", 80, 640, 640, 0, 18, "person", "toothbrush", 16},
    {"yolov8s.onnx", 80, 640, 640, 1, 18, "person", "toothbrush", 32},
    {"neudet-yolov8n-224.onnx", 6, 224, 224, 1, 18, "crazing", "scratches", 16},
};

static void check_layers(const struct oct_imported *imported)
{
    int kinds[3] = {0}, silus = 0, residuals = 0;
    for (int l = 0; l < imported->network.layer_count; l++) {
        const struct oct_layer *layer = &imported->network.layers[l];
        kinds[layer->operation]++;
        silus += (int)layer->activation;
        residuals += layer->residual >= 0;
    }
    assert_int_equal(kinds[OCT_CONVOLUTION], 63);
    assert_int_equal(kinds[OCT_MAX_POOL], 3);
    assert_int_equal(kinds[OCT_UPSAMPLE], 2);
    assert_int_equal(silus, 57);
    assert_int_equal(residuals, 6);
    for (int t = 0; t < imported->network.tensor_count; t++) {
        const struct oct_tensor *tensor = &imported->network.tensors[t];
        int channels = 0;
        for (int m = 0; m < tensor->member_count; m++) {
            assert_int_not_equal(imported->network.tensors[tensor->members[m]].kind,
                                 OCT_TENSOR_SLICE);
            channels += imported->network.tensors[tensor->members[m]].channels;
        }
        if (tensor->kind == OCT_TENSOR_CONCAT)
            assert_int_equal(channels, tensor->channels);
    }
}

static void test_models(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        const struct expected *e = &models[i];
        struct file f;
        import_file(&f, e->file);
        const struct oct_imported *imported = f.imported;
        struct oct_network_size sizes[OCT_TENSORS_MAX];
        check_layers(imported);
        assert_int_equal(
            oct_network_sizes(&f.test.context, &imported->network, e->height, e->width, sizes),
            OCTET_OK);
        assert_int_equal(imported->network.head.class_count, e->classes);
        assert_string_equal(imported->network.class_names[0], e->first_name);
        assert_string_equal(imported->network.class_names[e->classes - 1], e->last_name);
        assert_int_equal(imported->network.input_height, e->height);
        assert_int_equal(imported->network.input_width, e->width);
        assert_int_equal(imported->network.size_is_fixed, e->fixed);
        assert_int_equal(imported->opset, e->opset);
        assert_int_equal(imported->network.head.of.yolov8.reg_max, 16);
        assert_false(imported->network.head.selection.is_own);
        assert_int_equal(imported->network.head.output_count, 6);
        for (int l = 0; l < 3; l++) {
            const struct oct_head_output *box = &imported->network.head.outputs[2 * l];
            const struct oct_head_output *classes = &imported->network.head.outputs[2 * l + 1];
            assert_int_equal(box->role, OCT_HEAD_BOX);
            assert_int_equal(box->stride, 8 << l);
            assert_int_equal(classes->stride, 8 << l);
            assert_int_equal(imported->network.tensors[box->tensor].channels, 64);
            assert_int_equal(imported->network.tensors[classes->tensor].channels, e->classes);
            assert_int_equal(sizes[box->tensor].width, e->width / box->stride);
        }
        assert_int_equal(imported->network.tensors[imported->network.layers[0].output].channels,
                         e->stem_channels);
        /* float rounding near 640 px, and one unit in the last place of a score near 1 */
        assert_true(imported->probe_box_difference_px < 5e-4);
        assert_true(imported->probe_score_difference < 2e-7);
        close_file(&f);
    }
}

/* The network against the file's graph run by the interpreter before any pass. Both sum in another
 * order: what float rounding makes of that stays under 0.01 px and 1e-4. */
static void compare(const char *name, int height, int width)
{
    struct file f;
    size_t count;
    int anchors;
    import_file(&f, name);
    float *planes = test_planes(height, width, 3);
    float *is = test_network_run(&f.imported->network, planes, height, width, &anchors);
    float *wanted = test_graph_run(&f.test.context, f.bytes, f.size, planes, height, width, &count);
    assert_int_equal(count, (4 + f.imported->network.head.class_count) * anchors);
    test_compare_predictions(is, wanted, f.imported->network.head.class_count, anchors, 0.01, 1e-4);
    free(planes);
    free(is);
    free(wanted);
    close_file(&f);
}

static void test_dynamic_numbers(void **state)
{
    (void)state;
    compare("yolov8n-dynamic.onnx", 64, 96);
}

static void test_fixed_numbers(void **state)
{
    (void)state;
    compare("neudet-yolov8n-224.onnx", 224, 224);
}

static void test_wrong_file(void **state)
{
    (void)state;
    struct file f;
    open_file(&f, "SHA256SUMS");
    assert_int_equal(oct_imported_from_bytes(&f.test.context, f.bytes, f.size, "SUMS", &f.imported),
                     OCTET_UNKNOWN_FORMAT);
    assert_string_equal(f.test.context.message, "SUMS: is a text file, not an ONNX model");
    close_file(&f);
}

/* A model cut short anywhere is refused with a message; one with a flipped byte may be read. */
static void test_damage(void **state)
{
    (void)state;
    struct file f;
    struct test_random random = test_random_of(23);
    open_file(&f, "neudet-yolov8n-224.onnx");
    for (int i = 0; i < 40; i++) {
        size_t length = i < 20 ? (size_t)i : f.size - 1 - f.size * (size_t)(i - 20) / 20;
        assert_int_not_equal(
            oct_imported_from_bytes(&f.test.context, f.bytes, length, "cut.onnx", &f.imported),
            OCTET_OK);
        assert_string_not_equal(f.test.context.message, "");
    }
    for (int i = 0; i < 60; i++) {
        size_t at = i % 2 ? test_bits(&random) % f.size : f.size - 1 - test_bits(&random) % 100000;
        unsigned char old = f.bytes[at];
        f.bytes[at] ^= (unsigned char)(1 + test_bits(&random) % 255);
        oct_imported_from_bytes(&f.test.context, f.bytes, f.size, "flipped.onnx", &f.imported);
        oct_imported_free(&f.test.context, f.imported);
        f.imported = NULL;
        f.bytes[at] = old;
        assert_int_equal(f.test.live, 0);
    }
    close_file(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),        cmocka_unit_test(test_dynamic_numbers),
        cmocka_unit_test(test_fixed_numbers), cmocka_unit_test(test_wrong_file),
        cmocka_unit_test(test_damage),
    };
    if (!test_data_present())
        return TEST_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
