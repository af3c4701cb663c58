/* SPDX-License-Identifier: Apache-2.0 */
/* The contract between a program and the library: the binary one, where the message of a failure
 * is, and memory that changes hands. */
#include <dirent.h>
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
#include "small_detector.h"

static struct test_context test;

/* ---- The binary contract ---- */

/* Sizes of ABI version 1 with pointers of 64 bits. A test that fails here asks for one of two: keep
 * the struct as it was (there is reserved room), or raise OCTET_ABI_VERSION and write the new sizes
 * down. */
static const struct {
    const char *name;
    size_t bytes;
} sizes[] = {
    {"octet_build_settings", 80},
    {"octet_calibration_settings", 96},
    {"octet_statistics_info", 104},
    {"octet_input_size", 8},
    {"octet_part_statistics", 32},
    {"octet_tensor_statistics", 56},
    {"octet_allocator", 24},
    {"octet_context_settings", 112},
    {"octet_range_fit", 72},
    {"octet_shared_range", 88},
    {"octet_fit", 72},
    {"octet_drift_state", 64},
    {"octet_info", 144},
    {"octet_layer_info", 96},
    {"octet_truth_box", 72},
    {"octet_truth_image", 24},
    {"octet_evaluate_settings", 96},
    {"octet_evaluation", 120},
    {"octet_class_evaluation", 32},
    {"octet_agreement", 80},
    {"octet_candidate", 32},
    {"octet_export_settings", 96},
    {"octet_export_info", 88},
    {"octet_cache_entry", 40},
    {"octet_letterbox", 48},
    {"octet_gpu", 208},
    {"octet_gpu_peak", 64},
    {"octet_gpu_state", 280},
    {"octet_machine", 320},
    {"octet_port_info", 24},
    {"octet_session_settings", 96},
    {"octet_detection", 24},
    {"octet_detect_settings", 112},
    {"octet_tensor_view", 56},
    {"octet_frame", 104},
    {"octet_tune_settings", 152},
    {"octet_tune_box", 20},
    {"octet_tune_info", 104},
};
enum { ABI_OF_SIZES = 1, SIZE_COUNT = sizeof sizes / sizeof sizes[0] };

static void struct_sizes(void **state)
{
    (void)state;
    assert_int_equal(octet_abi_version(), OCTET_ABI_VERSION);
    assert_int_equal(octet_abi_version(), ABI_OF_SIZES);
    for (size_t i = 0; i < SIZE_COUNT && sizeof(void *) == 8; i++)
        if (octet_struct_bytes(sizes[i].name) != sizes[i].bytes)
            fail_msg("%s has %zu bytes, in ABI %d it has %zu", sizes[i].name,
                     octet_struct_bytes(sizes[i].name), ABI_OF_SIZES, sizes[i].bytes);
    assert_int_equal(octet_struct_bytes("octet_info"), sizeof(octet_info));
    assert_int_equal(octet_struct_bytes("octet_inf"), 0);
    assert_int_equal(octet_struct_bytes(""), 0);
    assert_int_equal(octet_struct_bytes(NULL), 0);
}

static bool is_listed(const char *name)
{
    for (size_t i = 0; i < SIZE_COUNT; i++)
        if (strcmp(sizes[i].name, name) == 0)
            return octet_struct_bytes(name) > 0;
    return false;
}

/* Every struct that a header spells out is in the library's list, and in the one above. */
static void all_structs(void **state)
{
    (void)state;
    char path[512], line[256], name[64];
    DIR *folder = opendir(OCTET_PROJECT_FOLDER "/include/octet");
    assert_non_null(folder);
    size_t structs = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!strstr(entry->d_name, ".h"))
            continue;
        snprintf(path, sizeof path, "%s/include/octet/%s", OCTET_PROJECT_FOLDER, entry->d_name);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        while (fgets(line, sizeof line, file))
            if (sscanf(line, "typedef struct %63[a-z0-9_] {", name) == 1 && strchr(line, '{')) {
                structs++;
                if (!is_listed(name))
                    fail_msg("%s: %s", entry->d_name, name);
            }
        fclose(file);
    }
    closedir(folder);
    assert_int_equal(structs, SIZE_COUNT);
}

static void old_callers(void **state)
{
    (void)state;
    octet_context *context = &test.context;
    const size_t bytes = sizeof(octet_context_settings);
    assert_int_equal(octet_context_create_abi(OCTET_ABI_VERSION + 1, bytes, NULL, &context),
                     OCTET_MISMATCH);
    assert_null(context);
    context = &test.context;
    assert_int_equal(octet_context_create_abi(OCTET_ABI_VERSION, bytes - 8, NULL, &context),
                     OCTET_MISMATCH);
    assert_null(context);
    assert_int_equal(octet_context_create_abi(OCTET_ABI_VERSION, bytes, NULL, NULL),
                     OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_context_create_abi(OCTET_ABI_VERSION, bytes, NULL, &context), OCTET_OK);
    octet_context_free(&context);
    assert_int_equal((octet_context_create)(NULL, &context), OCTET_OK); /* the function */
    octet_context_free(&context);
    octet_context_settings settings;
    octet_context_defaults(&settings);
    assert_int_equal(octet_context_create(&settings, &context), OCTET_OK); /* the macro */
    octet_context_free(&context);
    assert_int_equal(octet_context_create(NULL, NULL), OCTET_INVALID_ARGUMENT);
}

/* ---- Where messages are ---- */

/* Calls that take no context: in their handle, and not in the context. */
static void messages_of_handles(void **state)
{
    (void)state;
    octet_context *ctx = &test.context;
    octet_model *model = test_model(ctx, TEST_DETECTOR_TINY, 1);
    octet_engine *engine = test_engine(ctx, TEST_DETECTOR_TINY, OCTET_PRECISION_FP32);
    octet_statistics *statistics = test_statistics(ctx, model, 1, 1), *none;
    octet_calibration *calibration;
    octet_session *session;
    assert_int_equal(octet_calibration_create(ctx, model, NULL, &calibration), OCTET_OK);
    assert_int_equal(octet_session_open(ctx, engine, NULL, &session), OCTET_OK);
    ctx->message[0] = '\0';
    assert_int_equal(octet_calibration_finish(calibration, &none), OCTET_INVALID_STATE);
    assert_string_equal(octet_calibration_message(calibration), "no picture was calibrated on");
    assert_int_equal(octet_session_run(session), OCTET_INVALID_STATE);
    assert_string_equal(octet_session_message(session), "no slot has a picture to run");
    assert_int_equal(octet_statistics_set_note(statistics, "\xff"), OCTET_INVALID_ARGUMENT);
    assert_string_equal(octet_statistics_message(statistics), "the note is not UTF-8");
    assert_string_equal(ctx->message, "");
    /* and calls that take one: in it */
    assert_int_equal(octet_model_set_names(ctx, model, "one"), OCTET_MISMATCH);
    assert_non_null(strstr(octet_context_message(ctx), "1 class name"));
    assert_int_equal(octet_statistics_save(ctx, statistics, "/none/of/these"), OCTET_FILE_WRITE);
    assert_non_null(strstr(octet_context_message(ctx), "/none/of/these"));
    assert_string_equal(octet_statistics_message(statistics), "the note is not UTF-8");
    octet_session_close(&session);
    octet_calibration_free(&calibration);
    octet_statistics_free(&statistics);
    octet_engine_free(&engine);
    octet_model_free(&model);
}

/* Handles that share the message of the context that made them. */
static void messages_of_the_context(void **state)
{
    (void)state;
    octet_context *ctx = &test.context;
    octet_truth *truth;
    octet_detections *detections;
    assert_int_equal(octet_truth_create(ctx, &truth), OCTET_OK);
    assert_int_equal(octet_detections_create(ctx, &detections), OCTET_OK);
    assert_int_equal(octet_truth_add_class(truth, 1, NULL), OCTET_INVALID_ARGUMENT);
    assert_string_equal(octet_truth_message(truth), octet_context_message(ctx));
    assert_non_null(strstr(octet_truth_message(truth), "octet_truth_add_class"));
    assert_int_equal(octet_detections_save(detections, "/none/of/these"), OCTET_FILE_WRITE);
    assert_string_equal(octet_detections_message(detections), octet_context_message(ctx));
    assert_non_null(strstr(octet_detections_message(detections), "/none/of/these"));
    assert_string_equal(octet_truth_message(NULL), "");
    assert_string_equal(octet_detections_message(NULL), "");
    octet_truth_free(&truth);
    octet_detections_free(&detections);
}

/* ---- An engine in memory ---- */

static void engine_in_memory(void **state)
{
    (void)state;
    octet_context *ctx = &test.context;
    static const octet_precision precisions[] = {OCTET_PRECISION_FP32, OCTET_PRECISION_INT8};
    for (int i = 0; i < 2; i++) {
        octet_engine *engine = test_engine(ctx, TEST_DETECTOR_SMALL, precisions[i]), *again;
        size_t file_size, size;
        void *bytes;
        unsigned char *file = test_engine_bytes(ctx, engine, &file_size);
        assert_int_equal(octet_engine_save_memory(ctx, engine, &bytes, &size), OCTET_OK);
        assert_int_equal(size, file_size);
        assert_memory_equal(bytes, file, size);
        assert_int_equal(octet_engine_load_memory(ctx, bytes, size, "again", &again), OCTET_OK);
        octet_free(ctx, bytes);
        free(file);
        octet_engine_free(&again);
        octet_engine_free(&engine);
    }
    octet_free(ctx, NULL);
    octet_free(NULL, NULL);
}

static void engine_without_memory(void **state)
{
    (void)state;
    octet_context *ctx = &test.context;
    octet_engine *engine = test_engine(ctx, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    const int live = test.live;
    octet_status status;
    int failures = -1;
    do {
        void *bytes = &test;
        size_t size = 7;
        test.calls = 0;
        test.fail_at = ++failures;
        status = octet_engine_save_memory(ctx, engine, &bytes, &size);
        test.fail_at = -1;
        if (status == OCTET_OK) {
            octet_free(ctx, bytes);
        } else {
            assert_int_equal(status, OCTET_OUT_OF_MEMORY);
            assert_null(bytes);
            assert_int_equal(size, 0);
        }
        assert_int_equal(test.live, live);
    } while (status != OCTET_OK);
    assert_in_range(failures, 5, 500);
    void *bytes;
    size_t size;
    assert_int_equal(octet_engine_save_memory(ctx, NULL, &bytes, &size), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_engine_save_memory(ctx, engine, NULL, &size), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_engine_save_memory(ctx, engine, &bytes, NULL), OCTET_INVALID_ARGUMENT);
    assert_int_equal(octet_engine_save_memory(NULL, engine, &bytes, &size), OCTET_INVALID_ARGUMENT);
    octet_engine_free(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITHIN(struct_sizes, test),
        TEST_WITHIN(all_structs, test),
        TEST_WITHIN(old_callers, test),
        TEST_WITHIN(messages_of_handles, test),
        TEST_WITHIN(messages_of_the_context, test),
        TEST_WITHIN(engine_in_memory, test),
        TEST_WITHIN(engine_without_memory, test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
