/* SPDX-License-Identifier: Apache-2.0 */
/* Engine files: what was saved is loaded, and what is damaged is refused or harmless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <octet/session.h>

#include "base/read_file.h"
#include "counting_context.h"
#include "data.h"
#include "folder.h"
#include "random.h"
#include "runtime/container/safetensors.h"
#include "runtime/head/heads.h"
#include "small_detector.h"

static struct test_context test;

/* Loads a copy of the very size, so that a sanitizer sees a read past its end. */
static octet_status load(const unsigned char *bytes, size_t size, octet_engine **engine)
{
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    test.context.message[0] = '\0';
    const octet_status status =
        octet_engine_load_memory(&test.context, copy, size, "file.octet", engine);
    free(copy);
    if (status) {
        assert_null(*engine);
        assert_non_null(strstr(test.context.message, "file.octet"));
        assert_null(strchr(test.context.message, '\n'));
    }
    return status;
}

static void same_layer(const struct oct_network *a, const struct oct_network *b, int index)
{
    const struct oct_layer *from = &a->layers[index], *to = &b->layers[index];
    assert_string_equal(from->name, to->name);
    assert_int_equal(from->operation, to->operation);
    assert_int_equal(from->input, to->input);
    assert_int_equal(from->output, to->output);
    assert_int_equal(from->residual, to->residual);
    if (from->operation == OCT_MAX_POOL)
        assert_int_equal(from->kernel, to->kernel);
    if (from->operation != OCT_CONVOLUTION)
        return;
    assert_int_equal(from->kernel, to->kernel);
    assert_int_equal(from->stride, to->stride);
    assert_int_equal(from->padding, to->padding);
    assert_int_equal(from->activation, to->activation);
    assert_true(from->slope == to->slope);
    assert_int_equal(oct_is_depthwise(from), oct_is_depthwise(to));
    const size_t weights = (size_t)oct_layer_weights(a, from);
    const size_t outputs = (size_t)a->tensors[from->output].channels;
    assert_memory_equal(from->bias, to->bias, outputs * sizeof(float));
    assert_int_equal(from->codes != NULL, to->codes != NULL);
    assert_int_equal(from->values != NULL, to->values != NULL);
    assert_int_equal(from->bf16 != NULL, to->bf16 != NULL);
    if (from->codes) {
        assert_memory_equal(from->codes, to->codes, weights);
        assert_memory_equal(from->scale, to->scale, outputs * sizeof(float));
    } else if (from->bf16) {
        assert_memory_equal(from->bf16, to->bf16, weights * sizeof(uint16_t));
    } else {
        assert_memory_equal(from->values, to->values, weights * sizeof(float));
    }
}

static void same_plan(const struct oct_network *a, const struct oct_network *b)
{
    assert_int_equal(a->tensor_count, b->tensor_count);
    assert_int_equal(a->layer_count, b->layer_count);
    assert_ptr_equal(a->head.kind, b->head.kind);
    assert_int_equal(a->head.output_count, b->head.output_count);
    assert_int_equal(a->head.class_count, b->head.class_count);
    assert_memory_equal(&a->head.of, &b->head.of, sizeof a->head.of);
    assert_int_equal(a->input_height, b->input_height);
    assert_int_equal(a->input_width, b->input_width);
    assert_int_equal(a->size_is_fixed, b->size_is_fixed);
    assert_string_equal(a->description, b->description);
    assert_memory_equal(a->head.outputs, b->head.outputs,
                        (size_t)a->head.output_count * sizeof *a->head.outputs);
    for (int i = 0; i < a->head.class_count; i++)
        assert_string_equal(a->class_names[i], b->class_names[i]);
    for (int i = 0; i < a->tensor_count; i++) {
        const struct oct_tensor *from = &a->tensors[i], *to = &b->tensors[i];
        assert_string_equal(from->name, to->name);
        assert_int_equal(from->kind, to->kind);
        assert_int_equal(from->type, to->type);
        assert_int_equal(from->channels, to->channels);
        if (from->kind == OCT_TENSOR_SLICE) {
            assert_int_equal(from->parent, to->parent);
            assert_int_equal(from->offset, to->offset);
        } else if (from->kind == OCT_TENSOR_CONCAT) {
            assert_int_equal(from->member_count, to->member_count);
            assert_memory_equal(from->members, to->members,
                                (size_t)from->member_count * sizeof(int));
        } else if (from->type == OCT_TYPE_U8) {
            assert_true(oct_same_quantization(from->quantization, to->quantization));
        }
    }
    for (int i = 0; i < a->layer_count; i++)
        same_layer(a, b, i);
}

static void round_trip(void **state)
{
    (void)state;
    static const octet_precision precisions[] = {OCTET_PRECISION_FP32, OCTET_PRECISION_INT8,
                                                 OCTET_PRECISION_BF16, OCTET_PRECISION_INT8,
                                                 OCTET_PRECISION_BF16};
    static const enum test_detector kinds[] = {TEST_DETECTOR_SMALL, TEST_DETECTOR_SMALL,
                                               TEST_DETECTOR_SMALL, TEST_DETECTOR_DEPTHWISE,
                                               TEST_DETECTOR_DEPTHWISE};
    static const char *const versions[] = {"1", "1", "2", "3", "3"};
    for (int i = 0; i < 5; i++) {
        const enum test_detector kind = kinds[i];
        octet_engine *engine = test_engine(&test.context, kind, precisions[i]);
        size_t size;
        unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
        octet_engine *loaded;
        char key[32];
        const int length = snprintf(key, sizeof key, "octet.version\":\"%s\"", versions[i]);
        assert_non_null(memmem(bytes, size, key, (size_t)length));
        assert_int_equal(load(bytes, size, &loaded), OCTET_OK);
        same_plan(&engine->network, &loaded->network);
        assert_int_equal(engine->provenance_count, loaded->provenance_count);
        for (int i = 0; i < engine->provenance_count; i++) {
            assert_string_equal(engine->provenance_keys[i], loaded->provenance_keys[i]);
            assert_string_equal(engine->provenance_values[i], loaded->provenance_values[i]);
        }
        test_expect_engine(&test.context, loaded, bytes, size);
        free(bytes);
        octet_engine_free(&loaded);
        octet_engine_free(&engine);
    }
}

static void from_path(void **state)
{
    (void)state;
    char folder[TEST_FOLDER_BYTES], path[TEST_FOLDER_BYTES + 16];
    test_folder_create(folder);
    snprintf(path, sizeof path, "%s/a.octet", folder);
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    octet_engine *loaded;
    assert_int_equal(octet_engine_load(&test.context, path, &loaded), OCTET_FILE_NOT_FOUND);
    assert_null(loaded);
    assert_int_equal(octet_engine_save(&test.context, engine, path), OCTET_OK);
    assert_int_equal(octet_engine_load(&test.context, path, &loaded), OCTET_OK);
    same_plan(&engine->network, &loaded->network);
    octet_engine_free(&loaded);
    test_write_file(path, "", 0);
    assert_int_equal(octet_engine_load(&test.context, path, &loaded), OCTET_UNKNOWN_FORMAT);
    test_write_file(path, "\xff\xd8\xff\xe0 a picture, not an engine", 30);
    assert_int_equal(octet_engine_load(&test.context, path, &loaded), OCTET_UNKNOWN_FORMAT);
    assert_non_null(strstr(test.context.message, path));
    assert_int_equal(octet_engine_load(&test.context, folder, &loaded), OCTET_FILE_ACCESS);
    test_folder_remove(folder);
    octet_engine_free(&engine);
}

static void describe(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    octet_info info;
    octet_engine_info(engine, &info);
    assert_string_equal(info.name, "a detector of random weights");
    assert_int_equal(info.precision, OCTET_PRECISION_INT8);
    assert_int_equal(info.class_count, 5);
    assert_int_equal(info.stride_max, 32);
    assert_int_equal(info.input_height, 64);
    assert_int_equal(info.layer_count, engine->network.layer_count);
    assert_string_equal(octet_engine_class_name(engine, 4), "cat");
    assert_string_equal(octet_engine_class_name(engine, 5), "");
    assert_string_equal(octet_engine_class_name(engine, -1), "");
    int64_t macs = 0, bytes = 0;
    octet_layer_info layer;
    for (int i = 0; i < info.layer_count; i++) {
        assert_int_equal(octet_engine_layer(engine, i, &layer), OCTET_OK);
        macs += layer.multiply_adds;
        bytes += layer.weight_bytes;
    }
    assert_int_equal(macs, info.multiply_adds);
    assert_int_equal(bytes, info.weight_bytes);
    assert_int_equal(octet_engine_layer(engine, 0, &layer), OCTET_OK);
    assert_string_equal(layer.operation, "Conv");
    assert_string_equal(layer.fused, "SiLU");
    assert_int_equal(layer.input_channels, 3);
    assert_int_equal(layer.output_height, 32);
    assert_int_equal(layer.multiply_adds, 3 * 8 * 9 * 32 * 32);
    assert_int_equal(octet_engine_layer(engine, -1, &layer), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_engine_layer(engine, info.layer_count, &layer), OCTET_INVALID_ARGUMENT);
    const char *key, *text;
    assert_int_equal(octet_engine_provenance(engine, 0, &key, &text), 1);
    assert_string_equal(key, "octet");
    assert_string_equal(text, octet_version());
    assert_int_equal(octet_engine_provenance(engine, 9, &key, &text), 0);
    octet_engine_free(&engine);
}

/* Half the weights' bytes; the head's outputs are float; an old octet refuses the file. */
static void half(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_BF16);
    octet_engine *whole = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_FP32);
    octet_info info, of_whole;
    octet_engine_info(engine, &info);
    octet_engine_info(whole, &of_whole);
    assert_int_equal(info.precision, OCTET_PRECISION_BF16);
    int64_t biases = 0;
    for (int i = 0; i < info.layer_count; i++) {
        const struct oct_layer *layer = &engine->network.layers[i];
        octet_layer_info of;
        assert_int_equal(octet_engine_layer(engine, i, &of), OCTET_OK);
        assert_int_equal(of.precision, OCTET_PRECISION_BF16);
        if (layer->operation == OCT_CONVOLUTION)
            biases += engine->network.tensors[layer->output].channels;
    }
    assert_int_equal(of_whole.weight_bytes - info.weight_bytes, 2 * (info.weight_count - biases));
    const struct oct_head *head = &engine->network.head;
    for (int i = 0; i < head->output_count; i++)
        assert_int_equal(engine->network.tensors[head->outputs[i].tensor].type, OCT_TYPE_F32);
    size_t size;
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    octet_engine_free(&engine);
    octet_engine_free(&whole);
    char *version = memmem(bytes, size, "octet.version\":\"2\"", 18);
    assert_non_null(version);
    version[16] = '1';
    assert_int_equal(load(bytes, size, &engine), OCTET_BAD_FORMAT);
    assert_non_null(strstr(test.context.message, "neither u8 nor f32"));
    version[16] = '6';
    assert_int_equal(load(bytes, size, &engine), OCTET_UNSUPPORTED_VERSION);
    assert_non_null(strstr(test.context.message, "version 6"));
    free(bytes);
}

/* A head that is not YOLOv8's is named in a file of the third version, and in no older one. */
static void heads(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *message;
    } damages[] = {
        {"\\\"head\\\":\\\"distances\\\"", "\\\"head\\\":\\\"distanzes\\\"",
         "\"head\" is none that is known: \"distanzes\""},
        {"\\\"head\\\":\\\"distances\\\"", "\\\"hexd\\\":\\\"distances\\\"", "\"reg_max\""},
        {"octet.version\":\"3\"", "octet.version\":\"2\"", "\"head\""},
        {"octet.version\":\"3\"", "octet.version\":\"1\"", "\"head\""},
    };
    octet_engine *engine =
                     test_engine(&test.context, TEST_DETECTOR_DISTANCES, OCTET_PRECISION_INT8),
                 *loaded;
    size_t size;
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    assert_int_equal(load(bytes, size, &loaded), OCTET_OK);
    const struct oct_head *head = &loaded->network.head;
    assert_ptr_equal(head->kind, &oct_head_yolo26);
    assert_int_equal(head->output_count, 6);
    for (int i = 0; i < head->output_count; i++) {
        const struct oct_tensor *tensor = &loaded->network.tensors[head->outputs[i].tensor];
        assert_int_equal(tensor->channels, i % 2 ? 5 : 4);
        assert_int_equal(tensor->type, OCT_TYPE_F32);
    }
    test_expect_engine(&test.context, loaded, bytes, size);
    octet_engine_free(&loaded);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        unsigned char *at = memmem(bytes, size, damages[i].from, strlen(damages[i].from));
        assert_non_null(at);
        memcpy(at, damages[i].to, strlen(damages[i].to));
        assert_int_equal(load(bytes, size, &loaded), OCTET_BAD_FORMAT);
        if (!strstr(test.context.message, damages[i].message))
            fail_msg("%s", test.context.message);
        memcpy(at, damages[i].from, strlen(damages[i].from));
    }
    free(bytes);
    /* other channels than a side's distance each, and other outputs than pairs */
    struct oct_network *network = &engine->network;
    network->head.output_count = 5;
    assert_int_equal(oct_network_verify(&test.context, network, "x"), OCTET_BAD_FORMAT);
    network->head.output_count = 6;
    assert_int_equal(oct_network_verify(&test.context, network, "x"), OCTET_OK);
    const struct oct_head_output boxes = network->head.outputs[2];
    network->head.outputs[2].tensor = network->head.outputs[3].tensor;
    assert_int_equal(oct_network_verify(&test.context, network, "x"), OCTET_BAD_FORMAT);
    network->head.outputs[2] = boxes;
    network->head.kind = &oct_head_yolov8; /* without bins */
    assert_int_equal(oct_network_verify(&test.context, network, "x"), OCTET_BAD_FORMAT);
    octet_engine_free(&engine);
}

static void truncation(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    size_t size;
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    octet_engine_free(&engine);
    for (size_t length = 0; length < size; length += length < 64 || size - length < 64 ? 1 : 17) {
        const octet_status status = load(bytes, length, &engine);
        if (status != OCTET_BAD_FORMAT && (status != OCTET_UNKNOWN_FORMAT || length >= 8))
            fail_msg("cut to %zu of %zu bytes: %s", length, size, octet_status_name(status));
    }
    free(bytes);
}

/* Refuses to give away more than a limit, so that damage cannot ask for the machine's memory. */
static void *limited(void *user, size_t bytes, size_t alignment)
{
    octet_allocator all;
    (void)user;
    oct_allocator_default(&all);
    return bytes > 16u << 20 ? NULL : all.allocate(NULL, bytes, alignment);
}

static void released(void *user, void *memory)
{
    (void)user;
    free(memory);
}

/* An engine that was loaded opens (or says why not) and runs. */
static void use(const octet_engine *engine)
{
    octet_context ctx = test.context;
    ctx.allocator = (octet_allocator){limited, released, NULL};
    octet_info info;
    octet_engine_info(engine, &info);
    const octet_session_settings settings = {
        .height = info.stride_max, .width = info.stride_max, .batch = 1, .threads = 1};
    octet_session *session;
    if (octet_session_open(&ctx, engine, &settings, &session) != OCTET_OK) {
        assert_null(session);
        assert_true(ctx.message[0]);
        return;
    }
    octet_detection boxes[20];
    int count;
    uint8_t *pixels = calloc((size_t)info.stride_max * (size_t)info.stride_max, 3);
    assert_non_null(pixels);
    assert_int_equal(octet_session_set_pixels(session, 0, pixels), OCTET_OK);
    free(pixels);
    assert_int_equal(octet_session_run(session), OCTET_OK);
    assert_int_equal(octet_session_detect(session, 0, NULL, boxes, 20, &count), OCTET_OK);
    octet_session_close(&session);
}

/* The file with `spaces` more behind its header, so that its tensors lie elsewhere. */
static unsigned char *shift_tensors(const unsigned char *bytes, size_t size, size_t spaces)
{
    uint64_t header = 0;
    unsigned char *shifted = malloc(size + spaces);
    assert_non_null(shifted);
    memcpy(&header, bytes, 8);
    const size_t data = 8 + (size_t)header;
    memcpy(shifted, bytes, data);
    memset(shifted + data, ' ', spaces);
    memcpy(shifted + data + spaces, bytes + data, size - data);
    header += spaces;
    memcpy(shifted, &header, 8);
    return shifted;
}

static void assert_aligned(const void *weights, size_t bytes)
{
    assert_int_equal((uintptr_t)weights % bytes, 0);
}

/* Other programs may write headers of any length: weights that would be read from odd addresses are
 * copied, all others stay where the file has them. */
static void unaligned(void **state)
{
    (void)state;
    static const octet_precision precisions[] = {OCTET_PRECISION_FP32, OCTET_PRECISION_INT8,
                                                 OCTET_PRECISION_BF16};
    for (int i = 0; i < 3; i++) {
        octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, precisions[i]);
        size_t size;
        unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
        for (size_t spaces = 1; spaces < 8; spaces++) {
            unsigned char *shifted = shift_tensors(bytes, size, spaces);
            octet_engine *loaded;
            assert_int_equal(load(shifted, size + spaces, &loaded), OCTET_OK);
            free(shifted);
            for (int l = 0; l < loaded->network.layer_count; l++) {
                const struct oct_layer *layer = &loaded->network.layers[l];
                assert_aligned(layer->values, sizeof *layer->values);
                assert_aligned(layer->bf16, sizeof *layer->bf16);
                assert_aligned(layer->scale, sizeof *layer->scale);
                assert_aligned(layer->bias, sizeof *layer->bias);
            }
            same_plan(&engine->network, &loaded->network);
            use(loaded);
            octet_engine_free(&loaded);
        }
        free(bytes);
        octet_engine_free(&engine);
    }
}

static octet_engine *tiny(octet_precision precision)
{
    return test_engine(&test.context, TEST_DETECTOR_TINY, precision);
}

/* Takes the engine. How many of its damaged files were loaded all the same. */
static int damage(octet_engine *engine, int rounds, uint64_t seed)
{
    size_t size;
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    octet_engine_free(&engine);
    struct test_random random = test_random_of(seed);
    unsigned char *copy = malloc(size);
    assert_non_null(copy);
    uint64_t header = 0;
    memcpy(&header, bytes, 8);
    int loaded = 0;
    for (int round = 0; round < rounds; round++) {
        memcpy(copy, bytes, size);
        /* mostly the header; a digit for a digit leaves it JSON */
        for (int flips = test_int(&random, 1, 3); flips > 0; flips--) {
            const bool in_header = test_int(&random, 0, 3) > 0;
            unsigned char *at =
                &copy[test_int(&random, 0, in_header ? (int)header + 7 : (int)size - 1)];
            if (*at >= '0' && *at <= '9' && test_int(&random, 0, 7))
                *at = (unsigned char)('0' + test_int(&random, 0, 9));
            else if (test_int(&random, 0, in_header ? 9 : 1) == 0)
                *at = (unsigned char)test_bits(&random);
        }
        if (load(copy, size, &engine) == OCTET_OK) {
            use(engine);
            octet_engine_free(&engine);
            loaded++;
        }
    }
    free(copy);
    free(bytes);
    return loaded;
}

static void random_damage(void **state)
{
    (void)state;
    assert_in_range(damage(tiny(OCTET_PRECISION_INT8), 4000, 1), 100, 3900);
    assert_in_range(damage(tiny(OCTET_PRECISION_FP32), 2000, 2), 100, 1900);
    assert_in_range(damage(tiny(OCTET_PRECISION_BF16), 2000, 3), 100, 1900);
    octet_engine *few_bits = test_engine_few_bits(&test.context, TEST_DETECTOR_TINY);
    assert_in_range(damage(few_bits, 2000, 4), 100, 1900);
}

/* The engine's file with a text of its header replaced by another of the same length. */
static octet_status load_replaced(const char *from, const char *to)
{
    octet_engine *engine;
    size_t size;
    unsigned char *bytes = test_engine_replaced(&test.context, TEST_DETECTOR_TINY, from, to, &size);
    const octet_status status = load(bytes, size, &engine);
    octet_engine_free(&engine);
    free(bytes);
    return status;
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        octet_status status;
        const char *message;
    } cases[] = {
        {"octet.version\":\"1\"", "octet.version\":\"6\"", OCTET_UNSUPPORTED_VERSION, "version 6"},
        {"octet.version\":\"1\"", "octet.version\":\"0\"", OCTET_UNSUPPORTED_VERSION, "version 0"},
        {"octet.version\":\"1\"", "octet.versioN\":\"1\"", OCTET_UNSUPPORTED_VERSION, "(none)"},
        {"octet.kind\":\"engine", "octet.kind\":\"emgine", OCTET_UNKNOWN_FORMAT, "emgine"},
        {"octet.kind\":\"engine", "octet.kinD\":\"engine", OCTET_UNKNOWN_FORMAT, "safetensors"},
        {"octet.plan", "octet.plaM", OCTET_BAD_FORMAT, "plaM"},
        {"letterbox", "letterbux", OCTET_UNSUPPORTED_VERSION, "preprocessing"},
        {"\\\"pad\\\":114", "\\\"pad\\\":115", OCTET_UNSUPPORTED_VERSION, "preprocessing"},
        {"\\\"channels\\\":\\\"RGB", "\\\"channels\\\":\\\"BGR", OCTET_UNSUPPORTED_VERSION,
         "preprocessing"},
        {"\\\"op\\\":\\\"conv", "\\\"op\\\":\\\"cone", OCTET_BAD_FORMAT, "cone"},
        {"layer.000.bias", "layer.999.bias", OCTET_BAD_FORMAT, "layer.000.bias"},
        {"\\\"height\\\":32", "\\\"height\\\":33", OCTET_BAD_FORMAT, "input size"},
        {"\\\"reg_max\\\":2", "\\\"reg_max\\\":3", OCTET_BAD_FORMAT, "head"},
        {"\\\"type\\\":\\\"u8", "\\\"type\\\":\\\"u9", OCTET_BAD_FORMAT, "type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const octet_status status = load_replaced(cases[i].from, cases[i].to);
        if (status != cases[i].status || !strstr(test.context.message, cases[i].message))
            fail_msg("%s: %s: %s", cases[i].to, octet_status_name(status), test.context.message);
    }
}

/* Names that are not UTF-8 or that JSON must escape do not stop an engine from being saved. */
static void odd_names(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    engine->network.class_names[0] = "\xff\xfe";
    engine->network.class_names[1] = "quote \" back \\ line \n";
    engine->network.tensors[1].name = "\xc3\x28";
    size_t size;
    unsigned char *bytes = test_engine_bytes(&test.context, engine, &size);
    octet_engine *loaded;
    assert_int_equal(load(bytes, size, &loaded), OCTET_OK);
    assert_string_equal(loaded->network.class_names[1], "quote \" back \\ line \n");
    octet_engine_free(&loaded);
    octet_engine_free(&engine);
    free(bytes);
}

static void arguments(void **state)
{
    (void)state;
    octet_engine *engine;
    assert_int_equal(octet_engine_load(NULL, "x", &engine), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_engine_load(&test.context, NULL, &engine), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_engine_load(&test.context, "x", NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_engine_load_memory(&test.context, NULL, 0, "x", &engine),
                     OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_engine_save(&test.context, NULL, "x"), OCTET_INVALID_ARGUMENT);
    octet_info info;
    octet_engine_info(NULL, &info);
    assert_int_equal(info.layer_count, 0);
    octet_engine_info(NULL, NULL);
    assert_string_equal(octet_engine_class_name(NULL, 0), "");
    octet_engine_free(NULL);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(round_trip), TEST(from_path),  TEST(describe),  TEST(half),
        TEST(heads),      TEST(truncation), TEST(unaligned), TEST(random_damage),
        TEST(refusals),   TEST(odd_names),  TEST(arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
