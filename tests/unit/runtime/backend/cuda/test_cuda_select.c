/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes that the GPU has found are those of the CPU to the bit, whatever is asked for, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "gpu/support/session_record.h"
#include "gpu/support/stand_in_driver.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cuda/cuda_backend.h"
#include "small_detector.h"

enum { SLOTS = 3, BOXES = 2000 };

static struct test_context test;
static const struct stand_in_driver *driver;
static octet_engine *engine;
static octet_session *cpu, *cuda;

static int set_up(void **state)
{
    const int failed = test_context_set_up(state);
    driver = stand_in_open();
    engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    return failed;
}

static int tear_down(void **state)
{
    octet_session_close(&cpu);
    octet_session_close(&cuda);
    octet_engine_free(&engine);
    return stand_in_close_clean() ? test_context_tear_down(state) : 1;
}

static void open_both(int size, int batch)
{
    const octet_session_settings settings = {
        .height = size, .width = size, .batch = batch, .threads = 1};
    cpu = test_session_open(&test.context, &oct_cpu_backend, engine, &settings);
    cuda = test_session_open(&test.context, &oct_cuda_backend, engine, &settings);
}

static void run_both(int batch, uint64_t seed)
{
    session_fill(&test.context, cpu, batch, seed);
    session_fill(&test.context, cuda, batch, seed);
    test_session_run(cpu);
    test_session_run(cuda);
}

/* Returns how many boxes there are. */
static int expect_same(int slot, const octet_detect_settings *settings)
{
    static octet_detection wanted[BOXES], is[BOXES];
    int wanted_count, count;
    assert_int_equal(octet_session_detect(cpu, slot, settings, wanted, BOXES, &wanted_count),
                     OCTET_OK);
    if (octet_session_detect(cuda, slot, settings, is, BOXES, &count))
        fail_msg("%s", octet_session_message(cuda));
    assert_int_equal(count, wanted_count);
    assert_memory_equal(is, wanted, (size_t)count * sizeof *is);
    return count;
}

/* Asked for one after another and in turns, of slots that were run at once and alone. */
static void settings_change(void **state)
{
    (void)state;
    static const double confidences[] = {0.3, 0.05, 0.5, 0.0, 0.9, 0.25};
    static const int classes[] = {1, 3};
    octet_detect_settings settings;
    int boxes = 0;
    open_both(64, SLOTS);
    for (int run = 0; run < 8; run++) {
        driver->set_seed((uint64_t)(run + 1));
        run_both(run == 2 ? 1 : SLOTS, (uint64_t)run);
        for (int i = 0; i <= 24; i++) { /* the last are the first: the next run has their boxes */
            octet_detect_defaults(&settings);
            settings.confidence = confidences[i % 6];
            settings.multi_label = i / 6 % 2;
            settings.class_agnostic = i % 2;
            settings.classes = i / 12 % 2 ? classes : NULL;
            settings.class_count = i / 12 % 2 ? 2 : 0;
            for (int slot = 0; slot < SLOTS; slot++)
                boxes += expect_same((slot + i) % SLOTS, &settings);
        }
    }
    assert_true(boxes > 100);
}

/* More candidates than the GPU has room for: the host selects. */
static void very_many(void **state)
{
    (void)state;
    octet_detect_settings settings;
    octet_detect_defaults(&settings);
    settings.confidence = 0.0;
    settings.multi_label = 1;
    settings.max_detections = BOXES;
    open_both(256, 1);
    run_both(1, 3);
    assert_true(5 * octet_session_anchor_count(cuda) > 4096);
    assert_true(expect_same(0, &settings) > 100);
    settings.confidence = 0.4;
    expect_same(0, &settings);
}

/* Another head. */
static void distances(void **state)
{
    octet_engine_free(&engine);
    engine = test_engine(&test.context, TEST_DETECTOR_DISTANCES, OCTET_PRECISION_INT8);
    settings_change(state);
}

#define TEST(function) cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, &test)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(settings_change), TEST(very_many), TEST(distances)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
