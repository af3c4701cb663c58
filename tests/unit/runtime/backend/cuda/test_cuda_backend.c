/* SPDX-License-Identifier: Apache-2.0 */
/* Small detectors on the CUDA backend, over the stand-in of the driver, beside the CPU's: INT8 to
 * the bit, float within rounding; whatever the size, the batch, the GPU and the order of a graph. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "gpu/session_record.h"
#include "gpu/stand_in_driver.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cuda/cuda_backend.h"
#include "small_detector.h"

/* Sums in other orders, in single precision, over 20 layers; as test_cpu_backend has it. */
#define FLOAT_TOLERANCE 2e-4
/* Tensors are rounded to 8 bits one layer after another, by both or by one of the two. */
#define HALF_TOLERANCE 0.03

static struct test_context test;
static const struct stand_in_driver *driver;

static int set_up(void **state)
{
    driver = stand_in_open();
    return test_context_set_up(state);
}

/* Nothing may be left, and nothing have been refused. */
static int tear_down(void **state)
{
    struct stand_in_counts counts;
    driver->get_counts(&counts);
    if (driver->complaint()[0])
        print_error("the driver: %s\n", driver->complaint());
    const bool clean = !driver->complaint()[0] && counts.leaked == 0 && counts.retained == 0 &&
                       counts.depth == 0 && counts.allocations == 0;
    stand_in_close();
    return clean ? test_context_tear_down(state) : 1;
}

struct run {
    int height, width, batch, orders;
    double tolerance;
};

static octet_session *open_session(const struct oct_backend *backend, const octet_engine *engine,
                                   const struct run *run)
{
    const octet_session_settings settings = {
        .height = run->height, .width = run->width, .batch = run->batch, .threads = 1};
    octet_session *session = test_session_open(&test.context, backend, engine, &settings);
    session_fill(&test.context, session, run->batch, (uint64_t)(run->height + run->width));
    return session;
}

static void check(const octet_engine *engine, struct run run)
{
    static struct session_record wanted, is;
    octet_session *cpu = open_session(&oct_cpu_backend, engine, &run);
    session_record_take(&wanted, cpu, engine, run.batch);
    octet_session_close(&cpu);
    octet_session *cuda = open_session(&oct_cuda_backend, engine, &run);
    session_record_take(&is, cuda, engine, run.batch);
    session_record_compare(&is, &wanted, run.tolerance);
    for (int i = 0; i < run.orders; i++) {
        driver->set_seed((uint64_t)(i + 2));
        session_record_expect(&is, cuda, engine);
    }
    octet_session_close(&cuda);
    session_record_free(&wanted);
    session_record_free(&is);
}

static void int8_of(enum test_detector kind, const struct run *runs, size_t count)
{
    octet_engine *engine = test_engine(&test.context, kind, OCTET_PRECISION_INT8);
    for (size_t i = 0; i < count; i++)
        check(engine, runs[i]);
    octet_engine_free(&engine);
}

static void int8_small(void **state)
{
    (void)state;
    static const struct run runs[] = {{32, 32, 1, 10, 0.0}, {96, 64, 3, 10, 0.0}};
    int8_of(TEST_DETECTOR_SMALL, runs, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate_setup_teardown(int8_small, set_up, tear_down, &test)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
