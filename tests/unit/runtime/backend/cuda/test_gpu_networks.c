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
#include "gpu/support/random_weights.h"
#include "gpu/support/session_record.h"
#include "gpu/support/stand_in_driver.h"
#include "random_plan.h"
#include "run_session.h"
#include "runtime/backend/cpu/cpu_backend.h"
#include "runtime/backend/cuda/cuda_backend.h"
#include "runtime/head/heads.h"
#include "small_detector.h"

/* Sums in other orders, in single precision, over up to 40 layers. */
#define FLOAT_TOLERANCE 1e-3

enum { SEEDS = 24, SLOTS = 1, ORDERS = 2 };

static struct test_context test;
static const struct stand_in_driver *driver;
static struct test_plan plan;
static int tables;

static int set_up(void **state)
{
    driver = stand_in_open();
    return test_context_set_up(state);
}

static int tear_down(void **state)
{
    return stand_in_close_clean() ? test_context_tear_down(state) : 1;
}

/* ---- networks ---- */

/* Something that a layer may add to its output; -1: nothing fits. */
static int find_residual(const struct oct_layer *layer)
{
    const struct oct_network *network = &plan.network;
    int leaf;
    for (int i = 0; i < layer->output; i++)
        if (network->tensors[i].channels == network->tensors[layer->output].channels &&
            plan.factor[i] == plan.factor[layer->output] && oct_network_contiguous(network, i) &&
            oct_network_shift(network, i) == 0 && oct_network_uniform(network, i, &leaf))
            return i;
    return -1;
}

/* A copy becomes a table. */
static void make_table(struct oct_arena *arena, struct oct_layer *layer)
{
    layer->operation = OCT_TABLE;
    layer->table = random_floats(arena, &plan.random, OCT_TABLE_ENTRIES, 3.0f);
    layer->residual = find_residual(layer);
    plan.tensors[layer->output].quantization = random_quantization(&plan.random);
    tables++;
}

static void fill_layer(struct oct_arena *arena, struct oct_layer *layer,
                       struct oct_quantization common, bool is_common)
{
    struct oct_tensor *output = &plan.tensors[layer->output];
    const struct oct_network_channel leaf = oct_network_resolve(&plan.network, layer->input, 0);
    const bool is_codes = plan.tensors[0].type == OCT_TYPE_U8;
    int uniform;
    if (layer->residual >= 0 && !oct_network_uniform(&plan.network, layer->residual, &uniform))
        layer->residual = -1;
    if (layer->operation != OCT_CONVOLUTION) {
        output->quantization = plan.tensors[leaf.tensor].quantization;
        if (is_codes && layer->operation == OCT_COPY &&
            oct_network_shift(&plan.network, layer->input) == 0 && test_int(&plan.random, 0, 1))
            make_table(arena, layer);
        return;
    }
    output->quantization = is_common ? common : random_quantization(&plan.random);
    layer->silu = output->type != OCT_TYPE_F32 && test_int(&plan.random, 0, 3) > 0;
    random_weights(arena, &plan.random, &plan.network, layer, output->channels);
}

/* An engine of a random network; NULL where what came out is not a valid one. */
static octet_engine *make_engine(uint64_t seed)
{
    static const char *names[] = {"a", "b", "c", "d", "e"};
    struct oct_arena arena;
    octet_engine *engine;
    test_plan_make(&plan, seed);
    oct_arena_init(&arena, &test.context);
    struct oct_network *network = &plan.network;
    const struct oct_quantization common = random_quantization(&plan.random);
    const bool is_common = seed / 3 % 4 > 0;
    plan.tensors[0].quantization = (struct oct_quantization){1.0f / 255.0f, 0};
    for (int i = 0; i < network->layer_count; i++)
        fill_layer(&arena, &plan.layers[i], common, is_common);
    network->head.kind = &oct_head_yolov8;
    network->head.class_count = 5;
    network->head.of.yolov8.reg_max = 2;
    network->class_names = names;
    network->description = "random";
    network->input_height = network->input_width = 32;
    assert_int_equal(oct_engine_create(&test.context, &engine), OCTET_OK);
    if (oct_engine_set_network(&test.context, engine, network, "random")) {
        oct_engine_free(engine);
        engine = NULL;
    }
    oct_arena_clear(&arena);
    return engine;
}

/* ---- runs ---- */

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
    int done[3] = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        octet_engine *engine = make_engine(seed);
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
