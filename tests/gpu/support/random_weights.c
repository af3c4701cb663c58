/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of all types, so that what convolutions give is neither lost nor saturated. */
#include "random_weights.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/bfloat16.h"

struct oct_quantization random_quantization(struct test_random *random)
{
    return (struct oct_quantization){test_float(random, 0.01f, 0.05f), test_int(random, 0, 255)};
}

static void *allocate(struct oct_arena *arena, int count, size_t size)
{
    void *memory = oct_arena_calloc(arena, (size_t)count, size);
    assert_non_null(memory);
    return memory;
}

float *random_floats(struct oct_arena *arena, struct test_random *random, int count, float limit)
{
    float *values = allocate(arena, count, sizeof *values);
    for (int i = 0; i < count; i++)
        values[i] = test_float(random, -limit, limit);
    return values;
}

static void add_codes(struct oct_arena *arena, struct test_random *random, struct oct_layer *layer,
                      int depth, int outputs)
{
    const float least = 3.0f / sqrtf((float)depth) / 127.0f / 100.0f;
    int8_t *codes = allocate(arena, depth * outputs, 1);
    float *scale = allocate(arena, outputs, sizeof *scale);
    for (int i = 0; i < depth * outputs; i++)
        codes[i] = (int8_t)test_int(random, -127, 127);
    for (int i = 0; i < outputs; i++)
        scale[i] = test_float(random, least, 2.0f * least);
    layer->codes = codes;
    layer->scale = scale;
}

void random_weights(struct oct_arena *arena, struct test_random *random,
                    const struct oct_network *network, struct oct_layer *layer, int outputs)
{
    const enum oct_type type =
        network->tensors[oct_network_resolve(network, layer->input, 0).tensor].type;
    const int depth = oct_layer_depth(network, layer) * layer->kernel * layer->kernel;
    const float limit = 3.0f / sqrtf((float)depth);
    layer->bias = random_floats(arena, random, outputs, 1.0f);
    if (type == OCT_TYPE_U8) {
        add_codes(arena, random, layer, depth, outputs);
    } else if (type == OCT_TYPE_F32) {
        layer->values = random_floats(arena, random, depth * outputs, limit);
    } else {
        uint16_t *values = allocate(arena, depth * outputs, sizeof *values);
        for (int i = 0; i < depth * outputs; i++)
            values[i] = oct_bf16_of(test_float(random, -limit, limit));
        layer->bf16 = values;
    }
}
