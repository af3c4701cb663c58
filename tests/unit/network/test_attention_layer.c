/* SPDX-License-Identifier: Apache-2.0 */
/* An attention in a network: what is verified, told, hashed and filed, and who refuses to run
 * it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/octet.h>

#include "counting_context.h"
#include "folder.h"
#include "small_detector.h"

static struct test_context test;

static struct oct_layer *first_attention(struct oct_network *network, int *index)
{
    for (*index = 0; *index < network->layer_count; ++*index)
        if (network->layers[*index].operation == OCT_ATTENTION)
            return &network->layers[*index];
    fail_msg("there is no attention");
    return NULL;
}

/* Numbers of a layer, and of the tensors that it reads and writes, made wrong one at a time. */
static void verified(void **state)
{
    (void)state;
    octet_engine *engine =
        test_engine(&test.context, TEST_DETECTOR_ATTENTION, OCTET_PRECISION_INT8);
    struct oct_network *network = &engine->network;
    int index;
    struct oct_layer *layer = first_attention(network, &index);
    struct oct_tensor *input = &network->tensors[layer->input];
    const struct oct_layer good = *layer;
    const struct oct_tensor whole = *input;
    static const char *const messages[] = {"heads cannot have",
                                           "heads cannot have",
                                           "heads cannot have",
                                           "areas",
                                           "areas",
                                           "factor",
                                           "factor",
                                           "factor",
                                           "other channels",
                                           "other channels",
                                           "q, k and v",
                                           "q, k and v",
                                           "heads cannot have"};
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        const struct oct_layer wrong[] = {[0] = {.heads = 0},
                                          [1] = {.heads = 3},
                                          [2] = {.heads = -2},
                                          [3] = {.areas = 0},
                                          [4] = {.areas = OCT_AREAS_MAX + 1},
                                          [5] = {.factor = 0},
                                          [6] = {.factor = -1.0f},
                                          [7] = {.factor = NAN},
                                          [8] = {.residual = 1},
                                          [9] = {.activation = OCT_ACTIVATION_SILU}};
        *layer = good;
        *input = whole;
        if (i < 3)
            layer->heads = wrong[i].heads;
        else if (i < 5)
            layer->areas = wrong[i].areas;
        else if (i < 8)
            layer->factor = wrong[i].factor;
        else if (i == 8)
            layer->residual = wrong[i].residual;
        else if (i == 9)
            layer->activation = wrong[i].activation;
        else if (i == 10)
            layer->input = input->members[0];
        else if (i == 11) {
            input->member_count = 2;
            input->channels -= network->tensors[input->members[2]].channels;
        } else { /* k of more channels than q: v in its place */
            input->members[1] = whole.members[2];
            input->members[2] = whole.members[1];
        }
        assert_int_equal(oct_network_verify(&test.context, network, "x"), OCTET_BAD_FORMAT);
        if (!strstr(test.context.message, messages[i]) || !strstr(test.context.message, "layer "))
            fail_msg("%zu: %s", i, test.context.message);
    }
    *layer = good;
    *input = whole;
    assert_int_equal(oct_network_verify(&test.context, network, "x"), OCTET_OK);
    octet_engine_free(&engine);
}

static void told(void **state)
{
    (void)state;
    octet_engine *engine =
        test_engine(&test.context, TEST_DETECTOR_ATTENTION, OCTET_PRECISION_INT8);
    octet_layer_info layer;
    int index;
    first_attention(&engine->network, &index);
    assert_int_equal(octet_engine_layer(engine, index, &layer), OCTET_OK);
    assert_string_equal(layer.operation, "Attention");
    assert_int_equal(layer.precision, OCTET_PRECISION_INT8);
    assert_int_equal(layer.multiply_adds, 2 * 16 * 16 * (4 + 12)); /* of 4x4 pixels */
    assert_int_equal(layer.weight_bytes, 0);
    octet_engine_free(&engine);
}

static void hashed(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_ATTENTION, 7);
    int index;
    struct oct_layer *layer = first_attention(&model->network, &index);
    const struct oct_layer good = *layer;
    char was[65], is[65];
    oct_network_hash(&model->network, was);
    for (int i = 0; i < 3; i++) {
        *layer = good;
        layer->heads += i == 0;
        layer->areas += i == 1;
        layer->factor *= i == 2 ? 2.0f : 1.0f;
        oct_network_hash(&model->network, is);
        assert_string_not_equal(is, was);
    }
    octet_model_free(&model);
}

/* Version 3 has it, version 2 does not. */
static void filed(void **state)
{
    (void)state;
    char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];
    size_t size;
    int index;
    octet_engine *engine =
        test_engine(&test.context, TEST_DETECTOR_ATTENTION, OCTET_PRECISION_INT8);
    octet_engine *loaded;
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    char *version = memmem(bytes, size, "octet.version\":\"3\"", 18);
    assert_non_null(version);
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/a.octet", folder);
    test_write_file(path, bytes, size);
    assert_int_equal(octet_engine_load(&test.context, path, &loaded), OCTET_OK);
    const struct oct_layer *from = first_attention(&engine->network, &index);
    const struct oct_layer *to = &loaded->network.layers[index];
    assert_int_equal(to->operation, OCT_ATTENTION);
    assert_int_equal(to->heads, from->heads);
    assert_int_equal(to->areas, from->areas);
    assert_true(to->factor == from->factor);
    octet_engine_free(&loaded);
    static const struct {
        const char *from, *to, *message;
    } cases[] = {{"octet.version\":\"3\"", "octet.version\":\"2\"", ""},
                 {"\\\"heads\\\":2", "\\\"heads\\\":0", "heads"},
                 {"\\\"areas\\\":1", "\\\"areaz\\\":1", "areas"},
                 {"\\\"factor\\\":0", "\\\"factor\\\":-", "\"octet.plan\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t length = strlen(cases[i].from);
        unsigned char *at = memmem(bytes, size, cases[i].from, length);
        if (!at)
            fail_msg("the file has no %s", cases[i].from);
        memcpy(at, cases[i].to, length);
        test_write_file(path, bytes, size);
        memcpy(at, cases[i].from, length);
        assert_int_equal(octet_engine_load(&test.context, path, &loaded), OCTET_BAD_FORMAT);
        if (i < 3 && !strstr(test.context.message, cases[i].message))
            fail_msg("%s: %s", cases[i].to, test.context.message);
    }
    free(bytes);
    test_folder_remove(folder);
    octet_engine_free(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITHIN(verified, test),
        TEST_WITHIN(told, test),
        TEST_WITHIN(hashed, test),
        TEST_WITHIN(filed, test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
