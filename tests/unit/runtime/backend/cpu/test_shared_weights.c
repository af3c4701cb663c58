/* SPDX-License-Identifier: Apache-2.0 */
/* What sessions of one engine share: memory by an allocator that counts the engine's bytes, results
 * beside those of sessions that share nothing. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "random.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cpu/cpu_state.h"
#include "runtime/backend/cpu/features/features.h"
#include "small_detector.h"

/* ---- memory ---- */

enum { HEADER = 64 }; /* before each block: its size; keeps the alignment of octet's blocks */

/* Counts the bytes that live, from any thread. */
struct bytes {
    octet_context context;
    atomic_size_t live;
};

static struct bytes engine_bytes;         /* engines' context */
static struct test_context test;          /* sessions' */
static const int sides[] = {64, 192, 96}; /* at 192x192 other kernels fit the wide detector */
enum { SIDES = sizeof sides / sizeof sides[0] };

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    struct bytes *counted = user;
    void *memory = NULL;
    if (alignment > HEADER || posix_memalign(&memory, HEADER, HEADER + bytes) != 0)
        return NULL;
    memcpy(memory, &bytes, sizeof bytes);
    atomic_fetch_add(&counted->live, bytes);
    return (char *)memory + HEADER;
}

static void release(void *user, void *memory)
{
    struct bytes *counted = user;
    size_t bytes;
    memcpy(&bytes, (char *)memory - HEADER, sizeof bytes);
    atomic_fetch_sub(&counted->live, bytes);
    free((char *)memory - HEADER);
}

static int set_up(void **state)
{
    engine_bytes.context = (octet_context){.allocator = {allocate, release, &engine_bytes}};
    atomic_init(&engine_bytes.live, 0);
    return test_context_set_up(state);
}

/* Nothing may be left of either context. */
static int tear_down(void **state)
{
    return atomic_load(&engine_bytes.live) ? 1 : test_context_tear_down(state);
}

/* ---- sessions ---- */

static octet_engine *make_engine(octet_precision precision)
{
    return test_engine(&engine_bytes.context, TEST_DETECTOR_WIDE, precision);
}

static octet_session *open_session(octet_context *ctx, const octet_engine *engine, int side,
                                   const char *cpu)
{
    const octet_session_settings settings = {
        .height = side, .width = side, .batch = 1, .threads = 1, .cpu = cpu};
    return test_session_open(ctx, &oct_cpu_backend, engine, &settings);
}

static float *outputs_of(octet_session *session, const octet_engine *engine, const uint8_t *pixels,
                         size_t *count)
{
    assert_int_equal(octet_session_set_pixels(session, 0, pixels), OCTET_OK);
    test_session_run(session);
    return test_session_output(session, engine, 0, count);
}

/* What a session makes of a picture while it shares with others. */
struct expectation {
    uint8_t *pixels;
    float *values;
    size_t count;
};

static struct expectation expect(const octet_engine *engine, int side, const char *cpu)
{
    struct expectation e = {.pixels = test_picture_pixels(&test.context, side, side, 7)};
    octet_session *alone = open_session(&test.context, engine, side, cpu);
    e.values = outputs_of(alone, engine, e.pixels, &e.count);
    octet_session_close(&alone);
    return e;
}

static void check_outputs(octet_session *session, const octet_engine *engine,
                          const struct expectation *expected)
{
    size_t count;
    float *values = outputs_of(session, engine, expected->pixels, &count);
    assert_int_equal(count, expected->count);
    assert_memory_equal(values, expected->values, count * sizeof *values);
    free(values);
}

static void forget(struct expectation *e)
{
    free(e->pixels);
    free(e->values);
}

/* Bytes that open sessions add to the engine's. */
static size_t beyond(size_t empty)
{
    return atomic_load(&engine_bytes.live) - empty;
}

/* ---- tests ---- */

static void same_size(void **state)
{
    (void)state;
    static const octet_precision precisions[] = {OCTET_PRECISION_INT8, OCTET_PRECISION_FP32,
                                                 OCTET_PRECISION_BF16};
    for (int i = 0; i < 3; i++) {
        octet_engine *engine = make_engine(precisions[i]);
        const size_t empty = atomic_load(&engine_bytes.live);
        struct expectation expected = expect(engine, 64, NULL);
        assert_int_equal(beyond(empty), 0);
        octet_session *first = open_session(&test.context, engine, 64, NULL);
        const size_t one = beyond(empty);
        assert_true(one > octet_session_memory_bytes(first) / 10);
        octet_session *second = open_session(&test.context, engine, 64, NULL);
        assert_int_equal(beyond(empty), one);
        assert_int_equal(octet_session_memory_bytes(first), octet_session_memory_bytes(second));
        check_outputs(first, engine, &expected);
        octet_session_close(&first); /* it was the one that packed */
        assert_int_equal(beyond(empty), one);
        check_outputs(second, engine, &expected);
        octet_session_close(&second);
        assert_int_equal(beyond(empty), 0);
        forget(&expected);
        octet_engine_free(&engine);
    }
}

static struct oct_cpu *open_state(const octet_engine *engine, int side, const char *cpu)
{
    const struct oct_backend_request request = {
        .engine = engine, .height = side, .width = side, .batch = 1, .threads = 1, .cpu = cpu};
    void *state;
    assert_int_equal(oct_cpu_backend.open(&test.context, &request, &state), OCTET_OK);
    return state;
}

struct layers {
    int all, alike;
    size_t unlike_bytes; /* as the second state has them packed */
};

/* Convolutions of two states; those of one kernel have one pack, others do not. */
static struct layers compare(const struct oct_cpu *first, const struct oct_cpu *second)
{
    struct layers layers = {0};
    for (int i = 0; i < first->network->layer_count; i++) {
        const struct oct_step *a = &first->steps[i], *b = &second->steps[i];
        if (!a->kernel)
            continue;
        const bool alike = a->kernel == b->kernel;
        assert_int_equal(alike, a->jobs->conv.packed == b->jobs->conv.packed);
        assert_ptr_equal(a->jobs->conv.start, b->jobs->conv.start);
        layers.all++;
        layers.alike += alike;
        layers.unlike_bytes += alike ? 0 : oct_cpu_packed_bytes(b);
    }
    return layers;
}

/* What a block has beside packed weights. */
static size_t list_bytes(const octet_engine *engine)
{
    return sizeof(struct oct_pack_block) +
           (size_t)engine->network.layer_count * sizeof(struct oct_pack);
}

/* Layers of other kernels are packed beside the others, no more than these. */
static void check_pair(const octet_engine *engine, int side, const char *cpu, int other_side,
                       const char *other_cpu, struct layers *layers)
{
    const size_t empty = atomic_load(&engine_bytes.live);
    struct oct_cpu *first = open_state(engine, side, cpu);
    const size_t one = beyond(empty);
    struct oct_cpu *second = open_state(engine, other_side, other_cpu);
    *layers = compare(first, second);
    const size_t list = list_bytes(engine);
    const size_t more = layers->unlike_bytes ? layers->unlike_bytes + list : 0;
    assert_int_equal(beyond(empty), one + more);
    const size_t gone = layers->alike ? 0 : first->packed_bytes + list; /* nobody else holds it */
    oct_cpu_backend.close(first);
    assert_int_equal(beyond(empty), one + more - gone);
    oct_cpu_backend.close(second);
    assert_int_equal(beyond(empty), 0);
}

static void other_size(void **state)
{
    (void)state;
    octet_engine *engine = make_engine(OCTET_PRECISION_INT8);
    struct layers layers;
    check_pair(engine, 64, NULL, 192, NULL, &layers);
    if (oct_cpu_sets() & OCT_CPU_AVX2) /* else there may be one kernel for all sizes */
        assert_in_range(layers.alike, 1, layers.all - 1);
    check_pair(engine, 192, NULL, 64, NULL, &layers);
    check_pair(engine, 64, "ref", 192, "ref", &layers);
    assert_int_equal(layers.alike, layers.all);
    octet_engine_free(&engine);
}

static void other_kernels(void **state)
{
    (void)state;
    octet_engine *engine = make_engine(OCTET_PRECISION_INT8);
    struct layers layers;
    check_pair(engine, 64, "ref", 64, NULL, &layers);
    if (oct_cpu_sets() & OCT_CPU_AVX2)
        assert_int_equal(layers.alike, 0);
    check_pair(engine, 64, NULL, 64, "ref", &layers);
    check_pair(engine, 64, NULL, 64, NULL, &layers);
    assert_int_equal(layers.alike, layers.all);
    octet_engine_free(&engine);
}

/* The same bits in every order of opening and closing, of sizes and kernel sets beside each other;
 * memory comes to an end, too: what all of them need together. */
static void any_order(void **state)
{
    (void)state;
    enum { OPEN = 4, TURNS = 60 };
    static const char *const sets[] = {NULL, "ref"};
    octet_engine *engine = make_engine(OCTET_PRECISION_INT8);
    const size_t empty = atomic_load(&engine_bytes.live);
    struct expectation expected[SIDES][2];
    octet_session *open[OPEN] = {0};
    struct test_random random = {5};
    size_t most = 0;
    for (int i = 0; i < SIDES * 2; i++)
        expected[i / 2][i % 2] = expect(engine, sides[i / 2], sets[i % 2]);
    octet_session *all[SIDES * 2];
    for (int i = 0; i < SIDES * 2; i++)
        all[i] = open_session(&test.context, engine, sides[i / 2], sets[i % 2]);
    most = beyond(empty);
    for (int i = 0; i < SIDES * 2; i++)
        octet_session_close(&all[i]);
    const size_t lists = OPEN * list_bytes(engine);
    for (int turn = 0; turn < TURNS; turn++) {
        const int place = test_int(&random, 0, OPEN - 1), size = test_int(&random, 0, SIDES - 1);
        const int set = test_int(&random, 0, 1);
        octet_session_close(&open[place]);
        open[place] = open_session(&test.context, engine, sides[size], sets[set]);
        assert_true(beyond(empty) <= most + lists);
        check_outputs(open[place], engine, &expected[size][set]);
    }
    for (int i = 0; i < OPEN; i++)
        octet_session_close(&open[i]);
    assert_int_equal(beyond(empty), 0);
    for (int i = 0; i < SIDES * 2; i++)
        forget(&expected[i / 2][i % 2]);
    octet_engine_free(&engine);
}

/* As many shapes as a program may keep: open beside each other, closed in another order, each gives
 * the bits of a session of an engine that no other was opened on. */
static void shapes(void **state)
{
    (void)state;
    enum { SHAPES = 8 };
    static const int sizes[SHAPES][2] = {{192, 192}, {96, 192}, {128, 192}, {192, 96},
                                         {160, 192}, {64, 192}, {192, 160}, {32, 192}};
    static const int order[SHAPES] = {0, 5, 2, 7, 1, 6, 4, 3}; /* of closing */
    octet_engine *engine = make_engine(OCTET_PRECISION_INT8);
    const size_t empty = atomic_load(&engine_bytes.live);
    octet_session *open[SHAPES];
    float *values[SHAPES];
    uint8_t *pixels[SHAPES];
    size_t counts[SHAPES];
    for (int i = 0; i < SHAPES; i++) {
        const octet_session_settings settings = {
            .height = sizes[i][0], .width = sizes[i][1], .batch = 1, .threads = 1};
        octet_engine *fresh = make_engine(OCTET_PRECISION_INT8);
        octet_session *alone = test_session_open(&test.context, &oct_cpu_backend, fresh, &settings);
        pixels[i] = test_picture_pixels(&test.context, sizes[i][0], sizes[i][1], 7 + (uint64_t)i);
        values[i] = outputs_of(alone, fresh, pixels[i], &counts[i]);
        octet_session_close(&alone);
        octet_engine_free(&fresh);
    }
    for (int i = 0; i < SHAPES; i++) {
        const octet_session_settings settings = {
            .height = sizes[i][0], .width = sizes[i][1], .batch = 1, .threads = 1};
        open[i] = test_session_open(&test.context, &oct_cpu_backend, engine, &settings);
    }
    for (int closed = 0; closed < SHAPES; closed++) {
        for (int k = closed; k < SHAPES; k++) {
            const int i = order[k];
            const struct expectation expected = {pixels[i], values[i], counts[i]};
            check_outputs(open[i], engine, &expected);
        }
        octet_session_close(&open[order[closed]]);
    }
    assert_int_equal(beyond(empty), 0);
    for (int i = 0; i < SHAPES; i++) {
        free(pixels[i]);
        free(values[i]);
    }
    octet_engine_free(&engine);
}

/* ---- threads ---- */

enum { THREADS = 4, THREAD_TURNS = 12 };

struct camera {
    pthread_t thread;
    const octet_engine *engine;
    const struct expectation *expected; /* [SIDES] */
    int number, wrong;
};

/* Opens, runs and closes with a context of its own, which ends before the engine. */
static void *watch(void *user)
{
    struct camera *camera = user;
    octet_context *context;
    if (octet_context_create(NULL, &context))
        return NULL;
    for (int turn = 0; turn < THREAD_TURNS; turn++) {
        const int size = (turn + camera->number) % SIDES;
        const struct expectation *expected = &camera->expected[size];
        octet_session_settings settings;
        octet_session_defaults(&settings);
        settings.height = settings.width = sides[size];
        settings.threads = 1;
        settings.cpu = (turn / 2 + camera->number) % 2 ? "ref" : NULL;
        float *values = malloc(expected->count * sizeof *values);
        octet_session *session = NULL;
        const bool ran = values &&
                         !octet_session_open(context, camera->engine, &settings, &session) &&
                         !octet_session_set_pixels(session, 0, expected->pixels) &&
                         !octet_session_run(session) && !octet_session_output(session, 0, values);
        if (!ran || memcmp(values, expected->values, expected->count * sizeof *values) != 0)
            camera->wrong++;
        octet_session_close(&session);
        free(values);
    }
    octet_context_free(&context);
    return camera;
}

static void threads(void **state)
{
    (void)state;
    octet_engine *engine = make_engine(OCTET_PRECISION_INT8);
    const size_t empty = atomic_load(&engine_bytes.live);
    struct expectation expected[SIDES];
    struct camera cameras[THREADS];
    for (int i = 0; i < SIDES; i++)
        expected[i] = expect(engine, sides[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        cameras[i] = (struct camera){.engine = engine, .expected = expected, .number = i};
        assert_int_equal(pthread_create(&cameras[i].thread, NULL, watch, &cameras[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *done;
        assert_int_equal(pthread_join(cameras[i].thread, &done), 0);
        assert_ptr_equal(done, &cameras[i]);
        assert_int_equal(cameras[i].wrong, 0);
    }
    assert_int_equal(beyond(empty), 0);
    for (int i = 0; i < SIDES; i++)
        forget(&expected[i]);
    octet_engine_free(&engine);
}

/* ---- failures ---- */

/* Opens a session with one allocation of the engine's and the sessions' common context after the
 * other failing, while another is open, or none: nothing changes, and then it works. */
static void check_failures(octet_engine *engine, octet_session *other,
                           const struct expectation *expected)
{
    const octet_session_settings settings = {.height = 192, .width = 192, .batch = 1, .threads = 1};
    const int live = test.live;
    octet_session *session = NULL;
    octet_status status = OCTET_OUT_OF_MEMORY;
    int failures = 0;
    for (; status; failures++) {
        test.fail_at = test.calls + failures;
        status = oct_session_open(&test.context, &oct_cpu_backend, 0, engine, &settings, &session);
        test.fail_at = -1;
        if (!status)
            break;
        assert_int_equal(status, OCTET_OUT_OF_MEMORY);
        assert_null(session);
        assert_int_equal(test.live, live);
    }
    assert_true(failures > 8);
    check_outputs(session, engine, &expected[1]);
    if (other)
        check_outputs(other, engine, &expected[0]);
    octet_session_close(&session);
    assert_int_equal(test.live, live);
}

static void failures(void **state)
{
    (void)state;
    octet_engine *engine = test_engine(&test.context, TEST_DETECTOR_WIDE, OCTET_PRECISION_INT8);
    struct expectation expected[2] = {expect(engine, 64, NULL), expect(engine, 192, NULL)};
    check_failures(engine, NULL, expected);
    octet_session *other = open_session(&test.context, engine, 64, NULL);
    check_failures(engine, other, expected);
    octet_session_close(&other);
    forget(&expected[0]);
    forget(&expected[1]);
    octet_engine_free(&engine);
}

#define TEST(function) cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, &test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(same_size), TEST(other_size), TEST(other_kernels), TEST(any_order),
        TEST(shapes),    TEST(threads),    TEST(failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
