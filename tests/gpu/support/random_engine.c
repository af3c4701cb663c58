/* SPDX-License-Identifier: Apache-2.0 */
/* Weights, tables and a head for a random plan. */
#include "random_engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "random_plan.h"
#include "random_weights.h"
#include "runtime/head/heads.h"

static struct test_plan plan;
static int table_count;

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
    table_count++;
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
        output->quantization = layer->operation == OCT_WINDOW_MEAN
                                   ? random_quantization(&plan.random)
                                   : plan.tensors[leaf.tensor].quantization;
        if (is_codes && layer->operation == OCT_COPY &&
            oct_network_shift(&plan.network, layer->input) == 0 && test_int(&plan.random, 0, 1))
            make_table(arena, layer);
        return;
    }
    output->quantization = is_common ? common : random_quantization(&plan.random);
    const bool silu = output->type != OCT_TYPE_F32 && test_int(&plan.random, 0, 3) > 0;
    layer->activation = silu ? OCT_ACTIVATION_SILU : OCT_ACTIVATION_NONE;
    random_weights(arena, &plan.random, &plan.network, layer, output->channels);
}

octet_engine *random_engine(octet_context *ctx, uint64_t seed, int *tables)
{
    static const char *names[] = {"a", "b", "c", "d", "e"};
    struct oct_arena arena;
    octet_engine *engine;
    table_count = 0;
    test_plan_make(&plan, seed);
    oct_arena_init(&arena, ctx);
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
    assert_int_equal(oct_engine_create(ctx, &engine), OCTET_OK);
    if (oct_engine_set_network(ctx, engine, network, "random")) {
        oct_engine_free(engine);
        engine = NULL;
    } else {
        *tables += table_count;
    }
    oct_arena_clear(&arena);
    return engine;
}
