/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of one engine on the CUDA backend, over the stand-in of the driver: what they share on
 * the GPU, what they do not, and that nobody notices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "folder.h"
#include "gpu/support/session_record.h"
#include "gpu/support/stand_in_driver.h"
#include "run_session.h"
#include "runtime/backend/cuda/cuda_backend.h"
#include "small_detector.h"

enum { OUT_OF_MEMORY = 2 };

static struct test_context test;
static const struct stand_in_driver *driver;
static octet_engine *engine;
static const char *cache; /* a folder, or NULL */

static int set_up(void **state)
{
    const int failed = test_context_set_up(state);
    driver = stand_in_open();
    engine = test_engine(&test.context, TEST_DETECTOR_SMALL, OCTET_PRECISION_INT8);
    cache = NULL;
    return failed;
}

static int tear_down(void **state)
{
    octet_engine_free(&engine);
    return stand_in_close_clean() ? test_context_tear_down(state) : 1;
}

static struct stand_in_counts counts(void)
{
    struct stand_in_counts now;
    driver->get_counts(&now);
    return now;
}

static octet_session *open_on(int device, int height, int batch)
{
    const octet_session_settings settings = {
        .height = height, .width = 64, .batch = batch, .threads = 1, .cache = cache};
    octet_session *session;
    if (oct_session_open(&test.context, &oct_cuda_backend, device, engine, &settings, &session))
        fail_msg("%s", test.context.message);
    return session;
}

/* What one more session takes: allocations on the GPU, trials of tiles, bytes copied there. */
struct cost {
    int allocations, launches;
    size_t bytes;
};

static octet_session *open_at_cost(int device, int height, int batch, struct cost *cost)
{
    const struct stand_in_counts before = counts();
    octet_session *session = open_on(device, height, batch);
    const struct stand_in_counts after = counts();
    *cost = (struct cost){after.allocations - before.allocations, after.launches - before.launches,
                          after.bytes_in - before.bytes_in};
    return session;
}

/* The results of two sessions are the record's, which was taken of one alone. */
static void expect_record(const struct session_record *record, octet_session *session)
{
    session_fill(&test.context, session, record->slots, 3);
    session_record_expect(record, session, engine);
}

static void same(void **state)
{
    (void)state;
    static struct session_record record;
    struct cost first, second;
    octet_session *alone = open_on(0, 64, 2);
    session_fill(&test.context, alone, 2, 3);
    session_record_take(&record, alone, engine, 2);
    octet_session_close(&alone);
    assert_int_equal(counts().allocations, 0);
    octet_session *sessions[2] = {open_at_cost(0, 64, 2, &first), NULL};
    sessions[1] = open_at_cost(0, 64, 2, &second);
    assert_int_equal(second.allocations, first.allocations - 1);
    assert_true(first.launches > 100);
    assert_int_equal(second.launches, 0); /* no tile is tried out */
    assert_true(first.bytes > 10000 && second.bytes < first.bytes / 10);
    assert_int_equal(octet_session_memory_bytes(sessions[0]),
                     octet_session_memory_bytes(sessions[1]));
    expect_record(&record, sessions[0]);
    expect_record(&record, sessions[1]);
    octet_session_close(&sessions[0]); /* whose weights they were */
    expect_record(&record, sessions[1]);
    sessions[0] = open_at_cost(0, 64, 2, &second);
    assert_int_equal(second.launches, 0);
    octet_session_close(&sessions[1]);
    expect_record(&record, sessions[0]);
    octet_session_close(&sessions[0]);
    session_record_free(&record);
    assert_int_equal(counts().allocations, 0);
}

/* Of another size, batch or GPU; closed in another order than opened. */
static void others(void **state)
{
    (void)state;
    static const struct {
        int device, height, batch;
    } kinds[] = {{0, 64, 1}, {0, 32, 1}, {0, 64, 2}, {1, 64, 1}};
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    const struct stand_in_gpu two[] = {stand_in_orin, stand_in_orin};
    octet_session *sessions[KINDS], *again[KINDS];
    struct cost cost;
    driver->set_gpus(2, two);
    for (int i = 0; i < KINDS; i++) {
        sessions[i] = open_at_cost(kinds[i].device, kinds[i].height, kinds[i].batch, &cost);
        assert_true(cost.launches > 0);
    }
    for (int i = 0; i < KINDS; i++) {
        again[i] = open_at_cost(kinds[i].device, kinds[i].height, kinds[i].batch, &cost);
        assert_int_equal(cost.launches, 0);
    }
    for (int i = 0; i < KINDS; i++)
        octet_session_close(&sessions[(i + 1) % KINDS]);
    for (int i = 0; i < KINDS; i++) {
        session_fill(&test.context, again[i], kinds[i].batch, 3);
        test_session_run(again[i]);
        octet_session_close(&again[i]);
    }
    assert_int_equal(counts().allocations, 0);
}

/* A session that has its tiles from another keeps them in its folder all the same. */
static void remembered(void **state)
{
    (void)state;
    char folder[TEST_FOLDER_BYTES];
    struct cost cost;
    test_folder_create(folder);
    octet_session *first = open_on(0, 64, 1);
    cache = folder;
    octet_session *second = open_at_cost(0, 64, 1, &cost);
    assert_int_equal(cost.launches, 0);
    assert_int_equal(test_folder_count(folder), 1);
    octet_session_close(&first);
    octet_session_close(&second);
    octet_session *third = open_at_cost(0, 64, 1, &cost);
    assert_int_equal(cost.launches, 0);
    octet_session_close(&third);
    test_folder_remove(folder);
}

/* Every call of opening a second session fails in turn; the first one goes on. */
static void second_fails(void **state)
{
    (void)state;
    static struct session_record record;
    octet_session *first = open_on(0, 64, 1), *second;
    const octet_session_settings settings = {.height = 64, .width = 64, .batch = 1, .threads = 1};
    session_fill(&test.context, first, 1, 3);
    session_record_take(&record, first, engine, 1);
    const int live = test.live, allocations = counts().allocations;
    int call = 0;
    for (;; call++) {
        driver->fail_call(call, OUT_OF_MEMORY, false);
        const octet_status status =
            oct_session_open(&test.context, &oct_cuda_backend, 0, engine, &settings, &second);
        driver->fail_call(-1, 0, false);
        if (!status)
            break;
        assert_null(second);
        assert_int_equal(test.live, live);
        assert_int_equal(counts().allocations, allocations);
        expect_record(&record, first);
    }
    assert_true(call > 50);
    expect_record(&record, second);
    octet_session_close(&first);
    expect_record(&record, second);
    octet_session_close(&second);
    session_record_free(&record);
}

#define TEST(function) cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, &test)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(same), TEST(others), TEST(remembered),
                                       TEST(second_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
