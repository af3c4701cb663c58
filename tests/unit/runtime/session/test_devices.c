/* SPDX-License-Identifier: Apache-2.0 */
/* Where sessions run: what is taken for a device, and sessions and calibrations on a GPU, for which
 * a stand-in (tests/stand_in) is found. */
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
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cuda_library.h"
#include "runtime/session/find_backend.h"
#include "small_detector.h"

static struct test_context test;

static const struct oct_backend *stand_in(void)
{
    const struct oct_cuda_library *library;
    if (oct_cuda_library_open(&test.context, &library))
        fail_msg("%s", test.context.message);
    return library->backend;
}

static void words(void **state)
{
    (void)state;
    const struct oct_backend *cuda = stand_in();
    const struct {
        const char *device;
        const struct oct_backend *backend; /* NULL: refused */
        int index;
    } cases[] = {
        {NULL, &oct_cpu_backend, 0},
        {"cpu", &oct_cpu_backend, 0},
        {"cuda", cuda, 0},
        {"cuda:0", cuda, 0},
        {"cuda:7", cuda, 7},
        {"cuda:63", cuda, 63},
        {"cuda:07", cuda, 7},
        {"auto", cuda, 0},
        {"", NULL, 0},
        {"CPU", NULL, 0},
        {"cpu:0", NULL, 0},
        {"cuda:", NULL, 0},
        {"cuda:64", NULL, 0},
        {"cuda:-1", NULL, 0},
        {"cuda:+1", NULL, 0},
        {"cuda: 1", NULL, 0},
        {"cuda:1x", NULL, 0},
        {"cuda:100", NULL, 0},
        {"cudas", NULL, 0},
        {"cuda0", NULL, 0},
        {"gpu", NULL, 0},
        {"cpu,cuda", NULL, 0},
        {"auto:0", NULL, 0},
        {" cpu", NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct oct_backend *found = cuda;
        int index = -1;
        test.context.message[0] = '\0';
        const octet_status status =
            oct_backend_find(&test.context, cases[i].device, &found, &index);
        if (status != (cases[i].backend ? OCTET_OK : OCTET_INVALID_ARGUMENT) ||
            found != cases[i].backend || (found && index != cases[i].index))
            fail_msg("\"%s\": %s, GPU %d", cases[i].device, octet_status_name(status), index);
        int number = 99;
        const bool is_device = octet_machine_device(cases[i].device, &number) == OCTET_OK;
        if (is_device != (found != NULL) || number != (found == cuda ? cases[i].index : -1))
            fail_msg("\"%s\": told as %d", cases[i].device, number);
        if (!found != (strstr(test.context.message, "must be cpu, cuda, cuda:N") != NULL))
            fail_msg("\"%s\": '%s'", cases[i].device, test.context.message);
    }
    assert_string_equal(cuda->name, "cuda");
}

static void opened_once(void **state)
{
    (void)state;
    assert_ptr_equal(stand_in(), stand_in());
}

static void gpu(void **state)
{
    (void)state;
    octet_gpu gpu;
    memset(&gpu, 0xff, sizeof gpu);
    assert_int_equal(octet_machine_gpu(&test.context, 0, &gpu), OCTET_OK);
    assert_string_equal(gpu.name, "Stand-in GPU");
    assert_int_equal(gpu.compute_major, 9);
    assert_int_equal(gpu.compute_minor, 0);
    assert_int_equal(gpu.multiprocessors, 132);
    assert_int_equal(gpu.integrated, 0);
    assert_int_equal(gpu.driver_version, 12040);
    memset(&gpu, 0xff, sizeof gpu);
    assert_int_equal(octet_machine_gpu(&test.context, 1, &gpu), OCTET_UNSUPPORTED_DEVICE);
    assert_string_equal(test.context.message, "GPU 1 is not there: the stand-in has one");
    assert_int_equal(gpu.driver_version, 12040); /* what could be found out */
    assert_string_equal(gpu.name, "");
    static const int out[] = {-1, OCTET_GPUS_MAX};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(octet_machine_gpu(&test.context, out[i], &gpu), OCTET_INVALID_ARGUMENT);
    assert_string_equal(test.context.message, "GPU 64: must be 0 to 63");
}

static void gpu_at_work(void **state)
{
    (void)state;
    octet_gpu_peak peak;
    octet_gpu_state told;
    memset(&peak, 0xff, sizeof peak);
    memset(&told, 0xff, sizeof told);
    assert_int_equal(octet_machine_gpu_peak(&test.context, 0, &peak), OCTET_OK);
    assert_true(peak.int8_gmacs == 640000 && peak.bf16_gmacs == 320000);
    assert_true(peak.fp32_gmacs == 32000);
    assert_int_equal(peak.clock_khz, 1755000);
    assert_int_equal(octet_machine_gpu_state(&test.context, 0, &told), OCTET_OK);
    assert_int_equal(told.clock_khz, 1752400);
    assert_int_equal(told.clock_limit_khz, 0);
    assert_int_equal(told.power_mode, -1);
    assert_string_equal(told.held_down_by, "the power limit");
    assert_int_equal(octet_machine_gpu_peak(&test.context, 1, &peak), OCTET_UNSUPPORTED_DEVICE);
    assert_int_equal(octet_machine_gpu_state(&test.context, 1, &told), OCTET_UNSUPPORTED_DEVICE);
    assert_string_equal(test.context.message, "GPU 1 is not there: the stand-in has one");
    assert_int_equal(octet_machine_gpu_peak(&test.context, 64, &peak), OCTET_INVALID_ARGUMENT);
    assert_true(peak.int8_gmacs == 0);
    assert_int_equal(octet_machine_gpu_state(&test.context, -1, &told), OCTET_INVALID_ARGUMENT);
    assert_int_equal(told.power_mode, -1);
}

/* The stand-in's output is the CPU's to the bit. */
static void session(void **state)
{
    (void)state;
    static const char *const devices[] = {NULL, "cpu", "cuda", "auto"};
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    octet_image *image = test_picture(&test.context, 90, 70, 5);
    float *expected = NULL;
    size_t count, expected_count = 0;
    for (size_t i = 0; i < 4; i++) {
        const bool cuda = i >= 2;
        octet_session_settings settings;
        octet_session *session;
        octet_session_defaults(&settings);
        assert_null(settings.device);
        settings.device = devices[i];
        if (octet_session_open(&test.context, engine, &settings, &session) != OCTET_OK)
            fail_msg("%s", test.context.message);
        assert_string_equal(octet_session_device(session), cuda ? "cuda" : "cpu");
        assert_int_equal(strcmp(octet_session_cpu(session), "standin") == 0, cuda);
        assert_int_equal(octet_session_set_image(session, 0, image), OCTET_OK);
        test_session_run(session);
        float *output = test_session_output(session, engine, 0, &count);
        if (expected) {
            assert_int_equal(count, expected_count);
            assert_memory_equal(output, expected, count * sizeof *output);
            free(output);
        } else {
            expected = output;
            expected_count = count;
        }
        octet_session_close(&session);
    }
    free(expected);
    octet_image_free(&image);
    octet_engine_free(&engine);
}

static void no_session(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_TINY, OCTET_PRECISION_INT8);
    octet_session_settings settings;
    octet_session *session = (octet_session *)&test;
    octet_session_defaults(&settings);
    settings.device = "cuda:1";
    assert_int_equal(octet_session_open(&test.context, engine, &settings, &session),
                     OCTET_UNSUPPORTED_DEVICE);
    assert_null(session);
    assert_string_equal(test.context.message, "GPU 1 is not there: the stand-in has one");
    settings.device = "gpu";
    assert_int_equal(octet_session_open(&test.context, engine, &settings, &session),
                     OCTET_INVALID_ARGUMENT);
    assert_string_equal(test.context.message,
                        "device \"gpu\": must be cpu, cuda, cuda:N (N from 0 to 63) or auto");
    assert_string_equal(octet_session_device(NULL), "");
    octet_engine_free(&engine);
}

static void calibration(void **state)
{
    (void)state;
    octet_model *model = test_model(&test.context, TEST_DETECTOR_TINY, 1);
    octet_image *image = test_picture(&test.context, 32, 32, 1);
    octet_calibration_settings settings;
    octet_calibration *calibration;
    octet_calibration_defaults(&settings);
    assert_null(settings.device);
    settings.device = "cuda:1";
    assert_int_equal(octet_calibration_create(&test.context, model, &settings, &calibration),
                     OCTET_UNSUPPORTED_DEVICE);
    assert_null(calibration);
    settings.device = "nvidia";
    assert_int_equal(octet_calibration_create(&test.context, model, &settings, &calibration),
                     OCTET_INVALID_ARGUMENT);
    octet_statistics *statistics;
    settings.device = "cuda";
    if (octet_calibration_create(&test.context, model, &settings, &calibration) != OCTET_OK)
        fail_msg("%s", test.context.message);
    assert_int_equal(octet_calibration_add(calibration, image), OCTET_OK);
    assert_int_equal(octet_calibration_finish(calibration, &statistics), OCTET_OK);
    octet_statistics_info info;
    octet_statistics_info_get(statistics, &info);
    assert_int_equal(info.image_count, 1);
    octet_statistics_free(&statistics);
    octet_calibration_free(&calibration);
    octet_image_free(&image);
    octet_model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_WITHIN(words, test),       TEST_WITHIN(opened_once, test),
        TEST_WITHIN(gpu, test),         TEST_WITHIN(gpu_at_work, test),
        TEST_WITHIN(session, test),     TEST_WITHIN(no_session, test),
        TEST_WITHIN(calibration, test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
