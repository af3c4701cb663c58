/* SPDX-License-Identifier: Apache-2.0 */
/* The small detector packed, imported, and looked at or refused. */
#include "import_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network_run.h"

static void keep_line(void *user, octet_log_level level, const char *line)
{
    struct test_import *t = user;
    const size_t length = strlen(t->log);
    if (level <= OCTET_LOG_INFO)
        snprintf(t->log + length, sizeof t->log - length, "%s\n", line);
}

void test_import_begin(struct test_import *t, const struct test_onnx_variant *variant)
{
    *t = (struct test_import){.log = ""};
    test_context_init(&t->test);
    t->test.context.log = keep_line;
    t->test.context.log_user = t;
    t->test.context.log_level = OCTET_LOG_INFO;
    test_onnx_detector(&t->onnx, variant);
}

octet_status test_import_run(struct test_import *t)
{
    size_t size;
    unsigned char *bytes = test_onnx_pack(&t->onnx, &size);
    octet_status status =
        oct_imported_from_bytes(&t->test.context, bytes, size, "small.onnx", &t->imported);
    free(bytes);
    return status;
}

void test_import_end(struct test_import *t)
{
    oct_imported_free(&t->test.context, t->imported);
    test_onnx_free(&t->onnx);
    assert_int_equal(t->test.live, 0);
}

void test_import_expect(struct test_import *t)
{
    if (test_import_run(t) != OCTET_OK)
        fail_msg("%s", t->test.context.message);
}

void test_import_refused(struct test_import *t, octet_status status, const char *part,
                         const char *other)
{
    octet_status is = test_import_run(t);
    const char *message = t->test.context.message;
    if (is != status || strncmp(message, "small.onnx: ", 12) != 0 || !strstr(message, part) ||
        (other && !strstr(message, other)))
        fail_msg("status %s, message '%s': wanted %s with '%s', '%s'", octet_status_name(is),
                 is ? message : "", octet_status_name(status), part, other ? other : "");
    assert_null(t->imported);
    test_import_end(t);
}

void test_import_allocations(const struct test_onnx_variant *variant)
{
    struct test_import t;
    size_t size;
    octet_status status = OCTET_OUT_OF_MEMORY;
    test_import_begin(&t, variant);
    unsigned char *bytes = test_onnx_pack(&t.onnx, &size);
    for (int n = 0; status; n++) {
        t.test.calls = 0;
        t.test.fail_at = n;
        status = oct_imported_from_bytes(&t.test.context, bytes, size, "small.onnx", &t.imported);
        if (status) {
            assert_int_equal(status, OCTET_OUT_OF_MEMORY);
            assert_non_null(strstr(t.test.context.message, "out of memory"));
            assert_int_equal(t.test.live, 0);
        }
    }
    assert_true(t.test.fail_at > 300);
    free(bytes);
    test_import_end(&t);
}

const struct oct_layer *test_import_layer(const struct test_import *t, const char *output)
{
    const struct oct_network *network = &t->imported->network;
    for (int l = 0; l < network->layer_count; l++)
        if (strcmp(network->tensors[network->layers[l].output].name, output) == 0)
            return &network->layers[l];
    fail_msg("no layer writes '%s'", output);
    return NULL;
}

void test_import_numbers(struct test_import *t, double score)
{
    enum { SIZE = 64 };
    const int classes = t->imported->network.head.class_count;
    size_t size, count;
    int anchors;
    unsigned char *bytes = test_onnx_pack(&t->onnx, &size);
    float *planes = test_planes(SIZE, SIZE, 5);
    float *wanted = test_graph_run(&t->test.context, bytes, size, planes, SIZE, SIZE, &count);
    float *is = test_network_run(&t->imported->network, planes, SIZE, SIZE, &anchors);
    assert_int_equal(count, (4 + classes) * anchors);
    test_compare_predictions(is, wanted, classes, anchors, 1e-3, score);
    free(bytes);
    free(planes);
    free(wanted);
    free(is);
}
