/* SPDX-License-Identifier: Apache-2.0 */
/* Plans for a GPU of random networks: their steps, run over a map that knows who wrote which bytes
 * last, read what they should in every order that their waits allow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "gpu/support/step_accesses.h"
#include "random_plan.h"
#include "runtime/backend/cuda/gpu_plan.h"

enum { BATCH = 2, UNIT = 16, PLANS = 300, ORDERS = 6, STEPS_MAX = 400 };
enum { NOBODY = -1, PICTURE = -2 };

static struct test_context test;
static const struct oct_gpu_limits limits = {8, 166912, 167936};

/* ---- the map ---- */

struct map {
    const struct oct_gpu_plan *plan;
    size_t units;
    int16_t *owners; /* of 16 bytes each: the step that wrote them last */
    uint32_t read;   /* a digest of whose bytes the step reads */
    bool known[STEPS_MAX];
    uint32_t digests[STEPS_MAX]; /* in the plan's own order */
};

typedef void visit(struct map *map, int step, size_t unit);

static void each_unit(struct map *map, int step, const struct step_access *a, visit *visit)
{
    for (int image = 0; image < BATCH; image++)
        for (int y = 0; y < a->height; y++)
            for (int x = 0; x < a->width; x++) {
                const size_t first = (size_t)a->data + (size_t)image * (size_t)a->image +
                                     (size_t)y * (size_t)a->row + (size_t)x * (size_t)a->pixel;
                assert_true(first + (size_t)a->bytes <= map->plan->layout.arena_bytes);
                for (size_t unit = first / UNIT; unit * UNIT < first + (size_t)a->bytes; unit++)
                    visit(map, step, unit);
            }
}

static void write_unit(struct map *map, int step, size_t unit)
{
    map->owners[unit] = (int16_t)step;
}

/* Whether what a layer wrote belongs to a tensor that layer `reader` reads. */
static bool is_read(const struct oct_gpu_plan *plan, int tensor, int writer)
{
    const struct oct_network *network = plan->network;
    for (int c = 0; tensor >= 0 && c < network->tensors[tensor].channels; c++) {
        struct oct_network_channel at = oct_network_resolve(network, tensor, c);
        int from = plan->layout.writers[at.tensor];
        while (from >= 0 && plan->layout.read_through[from]) {
            at = oct_network_resolve(network, network->layers[from].input, at.channel);
            from = plan->layout.writers[at.tensor];
        }
        if (from == writer)
            return true;
    }
    return false;
}

/* Whether the step is the layer's: some layers have steps, some steps (of a chain) layers. */
static bool wrote_layer(const struct oct_gpu_plan *plan, int step, int layer)
{
    return plan->steps[step].layer == layer || plan->last_steps[layer] == step;
}

static bool may_read(const struct oct_gpu_plan *plan, int step, int owner)
{
    const struct oct_layer *layer = &plan->network->layers[plan->steps[step].layer];
    if (owner == PICTURE)
        return is_read(plan, layer->input, -1) || is_read(plan, layer->residual, -1);
    if (owner == NOBODY)
        return false;
    if (plan->steps[owner].layer == plan->steps[step].layer)
        return true; /* a copy for the layer itself */
    for (int i = 0; i < plan->network->layer_count; i++)
        if (wrote_layer(plan, owner, i) &&
            (is_read(plan, layer->input, i) || is_read(plan, layer->residual, i)))
            return true;
    return false;
}

static void read_unit(struct map *map, int step, size_t unit)
{
    (void)step;
    map->read = (map->read ^ (uint32_t)(map->owners[unit] + 3)) * 16777619u;
}

static void check_unit(struct map *map, int step, size_t unit)
{
    static int last_step, last_owner = NOBODY; /* asked over and over */
    const int owner = map->owners[unit];
    if (step != last_step || owner != last_owner)
        if (!may_read(map->plan, step, owner))
            fail_msg("step %d (%s, layer %d) reads bytes of step %d", step,
                     map->plan->steps[step].kernel, map->plan->steps[step].layer, owner);
    last_step = step;
    last_owner = owner;
    read_unit(map, step, unit);
}

static void run_step(struct map *map, int step)
{
    const struct step_accesses a = step_accesses_of(&map->plan->steps[step]);
    map->read = 2166136261u;
    for (int i = 0; i < a.read_count; i++)
        each_unit(map, step, &a.reads[i], map->known[step] ? read_unit : check_unit);
    for (int i = 0; i < a.write_count; i++)
        each_unit(map, step, &a.writes[i], write_unit);
    if (map->known[step] && map->read != map->digests[step])
        fail_msg("step %d (%s) reads other bytes in another order", step,
                 map->plan->steps[step].kernel);
    map->known[step] = true;
    map->digests[step] = map->read;
}

/* ---- orders ---- */

static void put_picture(struct map *map)
{
    const struct oct_gpu_layout *layout = &map->plan->layout;
    const struct oct_gpu_buffer *b = &layout->buffers[layout->places[0].buffer];
    for (size_t slot = 0; slot < BATCH; slot++) {
        const size_t first = b->offset + slot * layout->slot_bytes;
        for (size_t at = first / UNIT; at * UNIT < first + b->image_bytes; at++)
            map->owners[at] = PICTURE;
    }
}

static bool is_ready(const struct oct_gpu_step *step, const bool *done)
{
    for (int i = 0; i < step->wait_count; i++)
        if (!done[step->waits[i]])
            return false;
    return true;
}

/* In the plan's own order, or one that its waits allow. */
static void run_plan(struct map *map, struct test_random *random, bool in_order)
{
    bool done[STEPS_MAX] = {false};
    for (int i = 0; i < map->plan->step_count; i++) {
        int chosen = i, ready = 0;
        for (int k = 0; k < map->plan->step_count && !in_order; k++)
            if (!done[k] && is_ready(&map->plan->steps[k], done) &&
                test_int(random, 0, ready++) == 0)
                chosen = k;
        assert_true(!done[chosen] && is_ready(&map->plan->steps[chosen], done));
        run_step(map, chosen);
        done[chosen] = true;
    }
}

/* What outlives a run is there: the head's tensors, and the picture. */
static void check_ends(const struct map *map)
{
    const struct oct_gpu_layout *layout = &map->plan->layout;
    const struct oct_network *network = layout->network;
    const size_t picture = layout->buffers[layout->places[0].buffer].offset / UNIT;
    assert_int_equal(map->owners[picture], PICTURE);
    for (int i = 0; i < network->head.output_count; i++) {
        const int tensor = network->head.outputs[i].tensor;
        const size_t unit = layout->buffers[layout->places[tensor].buffer].offset / UNIT;
        assert_int_equal(map->owners[unit], map->plan->last_steps[layout->writers[tensor]]);
    }
}

static void random_plans(void **state)
{
    (void)state;
    static struct test_plan r;
    static struct map map;
    int shared = 0;
    for (uint64_t seed = 1; seed <= PLANS; seed++) {
        struct oct_arena arena;
        struct oct_gpu_plan plan;
        test_plan_make(&r, seed);
        oct_arena_init(&arena, &test.context);
        if (oct_gpu_plan_make(&test.context, &arena, &r.network, 32, 32, BATCH, &limits, &plan))
            fail_msg("seed %d: %s", (int)seed, test.context.message);
        assert_true(plan.step_count <= STEPS_MAX);
        memset(&map, 0, sizeof map);
        map.plan = &plan;
        map.units = plan.layout.arena_bytes / UNIT;
        map.owners = malloc(map.units * sizeof *map.owners);
        assert_non_null(map.owners);
        memset(map.owners, NOBODY, map.units * sizeof *map.owners);
        put_picture(&map);
        for (int order = 0; order <= ORDERS; order++) {
            run_plan(&map, &r.random, order == 0);
            check_ends(&map);
        }
        size_t sum = 0; /* of what lies in memory of its own */
        for (int i = 0; i < plan.layout.buffer_count; i++)
            sum += plan.layout.buffers[i].image_bytes * BATCH;
        for (int i = 0; i < plan.gather_count; i++)
            sum += (size_t)plan.gathers[i].view.image * BATCH;
        shared += plan.layout.arena_bytes < sum;
        free(map.owners);
        oct_arena_clear(&arena);
    }
    assert_true(shared > PLANS / 4);
}

static void failures(void **state)
{
    (void)state;
    static struct test_plan r;
    struct oct_arena arena;
    struct oct_gpu_plan plan;
    int failed = 0;
    test_plan_make(&r, 5);
    for (octet_status status = OCTET_OUT_OF_MEMORY; status; failed++) {
        oct_arena_init(&arena, &test.context);
        test.fail_at = test.calls + failed;
        status = oct_gpu_plan_make(&test.context, &arena, &r.network, 32, 32, 1, &limits, &plan);
        assert_true(!status || status == OCTET_OUT_OF_MEMORY);
        oct_arena_clear(&arena);
    }
    assert_true(failed > 1);
    test.fail_at = -1;
    r.network.head.outputs[0].stride *= 2;
    oct_arena_init(&arena, &test.context);
    assert_int_equal(
        oct_gpu_plan_make(&test.context, &arena, &r.network, 32, 32, 1, &limits, &plan),
        OCTET_BAD_SHAPE);
    oct_arena_clear(&arena);
}

/* Five enlarged tensors of which none is stored: more than a convolution reads from, and their copy
 * is larger than kernels reach, though no buffer is. */
static void copies_too_large(void **state)
{
    (void)state;
    enum { PARTS = 5, CHANNELS = 32 };
    struct oct_tensor tensors[2 * PARTS + 3] = {
        {.kind = OCT_TENSOR_INPUT, .type = OCT_TYPE_U8, .channels = 3, .quantization = {1.0f, 0}}};
    struct oct_layer layers[2 * PARTS + 1];
    struct oct_network network = {.tensors = tensors, .layers = layers, .tensor_count = 1};
    struct oct_tensor concat = {.kind = OCT_TENSOR_CONCAT, .type = OCT_TYPE_U8};
    const struct oct_tensor part = {.kind = OCT_TENSOR_LAYER,
                                    .type = OCT_TYPE_U8,
                                    .channels = CHANNELS,
                                    .quantization = {1.0f, 0}};
    for (int i = 0; i < 2 * PARTS; i++) {
        const bool enlarges = i % 2;
        layers[network.layer_count++] =
            (struct oct_layer){.name = "layer",
                               .operation = enlarges ? OCT_UPSAMPLE : OCT_CONVOLUTION,
                               .input = enlarges ? network.tensor_count - 1 : 0,
                               .residual = -1,
                               .output = network.tensor_count,
                               .kernel = 1,
                               .stride = enlarges ? 1 : 4};
        if (enlarges)
            concat.members[concat.member_count++] = network.tensor_count;
        concat.channels += enlarges ? CHANNELS : 0;
        tensors[network.tensor_count++] = part;
    }
    tensors[network.tensor_count++] = concat;
    layers[network.layer_count++] = (struct oct_layer){.name = "layer",
                                                       .input = network.tensor_count - 1,
                                                       .residual = -1,
                                                       .output = network.tensor_count,
                                                       .kernel = 1,
                                                       .stride = 8};
    tensors[network.tensor_count++] = part;
    for (int side = 1024; side <= 8192; side *= 8) {
        struct oct_gpu_plan plan;
        struct oct_arena arena;
        oct_arena_init(&arena, &test.context);
        const octet_status status =
            oct_gpu_plan_make(&test.context, &arena, &network, side, side, BATCH, &limits, &plan);
        assert_int_equal(status, side == 1024 ? OCTET_OK : OCTET_OUT_OF_MEMORY);
        assert_true(side > 1024 || plan.gather_count == 1);
        oct_arena_clear(&arena);
    }
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(random_plans), TEST(failures), TEST(copies_too_large)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
