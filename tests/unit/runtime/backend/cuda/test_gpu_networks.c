/* SPDX-License-Identifier: Apache-2.0 */
/* Random networks on the CUDA backend beside the CPU's: views of all kinds, moves and tables of
 * them, of the picture too; INT8 to the bit, and every float the same in every order of a graph. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "gpu/support/random_engine.h"
#include "gpu/support/session_record.h"
#include "gpu/support/stand_in_driver.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cuda/cuda_backend.h"

/* Sums in other orders, in single precision, over up to 40 layers. */
#define FLOAT_TOLERANCE 1e-3

enum { SEEDS = 24, SLOTS = 1, ORDERS = 2 };

static struct test_context test;
static const struct stand_in_driver *driver;

static int set_up(void **state)
{
    driver = stand_in_open();
    return test_context_set_up(state);
}

static int tear_down(void **state)
{
    return stand_in_close_clean() ? test_context_tear_down(state) : 1;
}

static octet_session *open_session(const struct oct_backend *backend, const octet_engine *engine,
                                   uint64_t seed)
{
    const octet_session_settings settings = {
        .height = 32, .width = 32, .batch = SLOTS, .threads = 1};
    octet_session *session = test_session_open(&test.context, backend, engine, &settings);
    session_fill(&test.context, session, SLOTS, seed);
    return session;
}

static void check_engine(const octet_engine *engine, uint64_t seed)
{
    static struct session_record wanted, is;
    const enum oct_type type = engine->network.tensors[0].type;
    driver->set_seed(seed);
    octet_session *cuda = open_session(&oct_cuda_backend, engine, seed);
    session_record_take(&is, cuda, engine, SLOTS);
    for (int i = 0; i < ORDERS; i++)
        session_record_expect(&is, cuda, engine);
    octet_session_close(&cuda);
    if (type != OCT_TYPE_BF16) { /* which a CPU's kernels may not store */
        octet_session *cpu = open_session(&oct_cpu_backend, engine, seed);
        session_record_take(&wanted, cpu, engine, SLOTS);
        session_record_compare(&is, &wanted, type == OCT_TYPE_U8 ? 0.0 : FLOAT_TOLERANCE);
        octet_session_close(&cpu);
        session_record_free(&wanted);
    }
    session_record_free(&is);
}

static void random_networks(void **state)
{
    (void)state;
    int done[3] = {0}, tables = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        octet_engine *engine = random_engine(&test.context, seed, &tables);
        if (!engine)
            continue;
        check_engine(engine, seed);
        if (driver->complaint()[0])
            fail_msg("seed %d: %s", (int)seed, driver->complaint());
        done[engine->network.tensors[0].type]++;
        octet_engine_free(&engine);
    }
    print_message("    %d, %d, %d networks, %d tables\n", done[0], done[1], done[2], tables);
    assert_true(done[0] > SEEDS / 6 && done[1] > SEEDS / 6 && done[2] > SEEDS / 6);
    assert_true(tables > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate_setup_teardown(random_networks, set_up, tear_down, &test)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
