/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_random [SEED [CASES [NETWORKS]]]: random convolutions and attentions of every kernel,
 * `CASES` each, against the plain evaluation, and random networks and small detectors against the
 * CPU's, on whichever libcuda.so.1 the system finds: a GPU's, or the stand-in. Codes to the bit.
 * Says how often each kernel was tried; one that was not is a failure. gpu_random kernels: their
 * names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "gpu/support/random_attention.h"
#include "gpu/support/random_conv.h"
#include "gpu/support/random_engine.h"
#include "gpu/support/session_record.h"
#include "gpu/support/stand_in_driver.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cuda/cuda_backend.h"
#include "runtime/backend/cuda/gpu_head.h"
#include "small_detector.h"

/* Sums in other orders, in single precision, over up to 40 layers. */
#define FLOAT_TOLERANCE 1e-3
/* Tensors are rounded to 8 bits one layer after another, by both or by one of the two: 0.015 was
 * measured. */
#define HALF_TOLERANCE 0.06

static struct test_context test;
/* Open and entered while a test runs: sessions share the process' context, which so stays. */
static struct oct_gpu_device device;
static struct kernel_tally tally;
static uint64_t seed = 1;
static int cases = 4, networks = 60;

static int set_up(void **state)
{
    const int failed = test_context_set_up(state) ||
                       oct_gpu_device_open(&test.context, 0, &device) ||
                       oct_gpu_device_enter(&device);
    if (failed)
        print_error("%s\n", test.context.message);
    return failed;
}

static int tear_down(void **state)
{
    oct_gpu_device_leave(&device);
    oct_gpu_device_close(&device);
    return test_context_tear_down(state);
}

/* ---- convolutions ---- */

static void convolutions(void **state)
{
    (void)state;
    int count;
    const struct conv_finish *finishes = conv_finishes(&count);
    struct conv_trial trial = {&test.context, &device, test_random_of(seed), &tally, 0};
    print_message("    %s, seed %llu\n", device.facts.name, (unsigned long long)seed);
    for (int i = 0; i < count; i++)
        conv_trial_tiles(&trial, &finishes[i], cases);
    conv_trial_pixels(&trial, 4 * cases);
    conv_trial_floats(&trial, 4 * cases);
    conv_trial_depthwise(&trial, 2 * cases);
    attention_trial(&trial, cases);
    assert_true(trial.chunked > 10);
}

/* ---- networks ---- */

struct run {
    int height, width, batch;
    uint64_t seed;
};

/* Kernels of a session, but for those that convolutions() counts. */
static void count_kernels(const octet_engine *engine, const struct run *run)
{
    static const char *const of_head[] = {"head_clear", "head_gather", "head_boxes"};
    struct oct_gpu_plan plan;
    struct oct_gpu_head head;
    struct oct_arena arena;
    oct_arena_init(&arena, &test.context);
    if (oct_gpu_plan_make(&test.context, &arena, &engine->network, run->height, run->width,
                          run->batch, &device.limits, &plan))
        fail_msg("%s", test.context.message);
    for (int i = 0; i < plan.step_count; i++)
        if (plan.steps[i].kind != OCT_GPU_DEPTHWISE && plan.steps[i].kind != OCT_GPU_ATTENTION &&
            strncmp(plan.steps[i].kernel, "conv_", 5) != 0)
            kernel_tally_add(&tally, plan.steps[i].kernel);
    for (int i = 0; i < 3 && oct_gpu_head_plan(&plan, &head); i++)
        kernel_tally_add(&tally, of_head[i]);
    kernel_tally_add(&tally, "letterbox");
    if (run->batch > 1) /* session_fill() */
        kernel_tally_add(&tally, "letterbox_yuv");
    if (run->batch > 2)
        kernel_tally_add(&tally, "planes");
    oct_arena_clear(&arena);
}

static octet_session *open_session(const struct oct_backend *backend, const octet_engine *engine,
                                   const struct run *run)
{
    const octet_session_settings settings = {
        .height = run->height, .width = run->width, .batch = run->batch, .threads = 1};
    octet_session *session = test_session_open(&test.context, backend, engine, &settings);
    session_fill(&test.context, session, run->batch, run->seed);
    return session;
}

/* Without a tolerance (less than 0) runs are compared with each other alone. */
static void check_engine(const octet_engine *engine, const struct run *run, double tolerance)
{
    static struct session_record wanted, is;
    octet_session *cuda = open_session(&oct_cuda_backend, engine, run);
    session_record_take(&is, cuda, engine, run->batch);
    session_record_expect(&is, cuda, engine);
    octet_session_close(&cuda);
    if (tolerance >= 0.0) {
        octet_session *cpu = open_session(&oct_cpu_backend, engine, run);
        session_record_take(&wanted, cpu, engine, run->batch);
        session_record_compare(&is, &wanted, tolerance);
        octet_session_close(&cpu);
        session_record_free(&wanted);
    }
    session_record_free(&is);
    count_kernels(engine, run);
}

static struct run any_run(struct test_random *random)
{
    return (struct run){.height = 32 * test_int(random, 1, 2),
                        .width = 32 * test_int(random, 1, 3),
                        .batch = test_int(random, 1, RECORD_SLOTS),
                        .seed = test_bits(random)};
}

static void random_networks(void **state)
{
    (void)state;
    /* BF16 is what a CPU's kernels may not store of such networks */
    static const double tolerances[] = {
        [OCT_TYPE_U8] = 0.0, [OCT_TYPE_F32] = FLOAT_TOLERANCE, [OCT_TYPE_BF16] = -1.0};
    struct test_random random = test_random_of(seed + 1000);
    int done = 0, tables = 0;
    for (int i = 0; i < networks; i++) {
        octet_engine *engine = random_engine(&test.context, 1000 * seed + (uint64_t)i + 1, &tables);
        const struct run run = any_run(&random);
        if (!engine)
            continue;
        check_engine(engine, &run, tolerances[engine->network.tensors[0].type]);
        octet_engine_free(&engine);
        done++;
    }
    print_message("    %d networks, %d tables\n", done, tables);
    assert_true(2 * done >= networks);
}

static void detectors(void **state)
{
    (void)state;
    static const struct {
        octet_precision precision;
        double tolerance;
    } rows[] = {{OCTET_PRECISION_INT8, 0.0},
                {OCTET_PRECISION_FP32, FLOAT_TOLERANCE},
                {OCTET_PRECISION_BF16, HALF_TOLERANCE}};
    struct test_random random = test_random_of(seed + 2000);
    static const enum test_detector kinds[] = {TEST_DETECTOR_SMALL,     TEST_DETECTOR_TINY,
                                               TEST_DETECTOR_WIDE,      TEST_DETECTOR_PRUNED,
                                               TEST_DETECTOR_DISTANCES, TEST_DETECTOR_DEPTHWISE,
                                               TEST_DETECTOR_ATTENTION, TEST_DETECTOR_FAMILY};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (int i = 0; i < 3; i++) {
            octet_engine *engine = test_engine(&test.context, kinds[k], rows[i].precision);
            const struct run run = any_run(&random);
            check_engine(engine, &run, rows[i].tolerance);
            octet_engine_free(&engine);
        }
}

/* ---- */

static void every_kernel(void **state)
{
    (void)state;
    assert_true(kernel_tally_print(&tally));
}

static int print_kernels(void)
{
    for (int i = 0; i < tally.count; i++)
        puts(tally.names[i]);
    return 0;
}

#define TEST(function) cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, &test)

int main(int argc, char **argv)
{
    const struct CMUnitTest convolutions_alone[] = {TEST(convolutions)};
    const struct CMUnitTest all[] = {TEST(convolutions), TEST(random_networks), TEST(detectors),
                                     cmocka_unit_test(every_kernel)};
    kernel_tally_init(&tally);
    if (argc > 1 && strcmp(argv[1], "kernels") == 0)
        return print_kernels();
    seed = argc > 1 ? strtoull(argv[1], NULL, 10) : seed;
    cases = argc > 2 ? atoi(argv[2]) : cases;
    networks = argc > 3 ? atoi(argv[3]) : networks;
    if (!seed || cases < 1 || networks < 0) {
        fprintf(stderr, "usage: gpu_random [SEED [CASES [NETWORKS]]]\n");
        return 2;
    }
    if (!stand_in_open_any()) {
        fprintf(stderr, "skipped: no libcuda.so.1\n");
        return 77;
    }
    const int failed = networks ? cmocka_run_group_tests(all, NULL, NULL)
                                : cmocka_run_group_tests(convolutions_alone, NULL, NULL);
    return !stand_in_close_clean() || failed;
}
