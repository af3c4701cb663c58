/* SPDX-License-Identifier: Apache-2.0 */
/* Memory plans, by running random plans over a map that knows who wrote each byte last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_context.h"
#include "random.h"
#include "random_plan.h"
#include "runtime/backend/cpu/layout.h"

enum { SLACK_BYTES = 64 };

static struct test_context test;

/* Who wrote each byte of the two regions last: a tensor that a layer writes, or -1. */
struct map {
    const struct oct_network *network;
    const struct oct_layout *layout;
    int16_t *owners[2]; /* of the shared bytes, of the picture's */
};

enum { WRITE, READ };

/* The bytes of channels [channel, channel + count), as stored in the pixel, of the rectangle that
 * reaches `border` pixels beyond the picture. Reading returns whether all are the owner's. */
static bool touch(const struct map *map, int buffer, int channel, int count, int border, int owner,
                  int what)
{
    const struct oct_layout_buffer *b = &map->layout->buffers[buffer];
    const size_t size = oct_type_bytes(b->type);
    const size_t region = b->of_picture ? map->layout->picture_bytes : map->layout->shared_bytes;
    int16_t *owners = map->owners[b->of_picture];
    assert_true(border <= b->border);
    assert_true(channel >= 0 && channel + count <= b->channels);
    for (int y = -border; y < b->height + border; y++) {
        for (int x = -border; x < b->width + border; x++) {
            const size_t pixel =
                (size_t)((y + b->border) * (b->width + 2 * b->border) + x + b->border);
            const size_t begin = b->offset + (pixel * (size_t)b->channels + (size_t)channel) * size;
            assert_true(begin + (size_t)count * size + SLACK_BYTES <= b->offset + b->bytes);
            assert_true(b->offset + b->bytes <= region);
            for (size_t at = begin; at < begin + (size_t)count * size; at++) {
                if (what == READ && owners[at] != owner)
                    return false;
                owners[at] = (int16_t)owner;
            }
        }
    }
    return true;
}

static void expect_readable(const struct map *map, int tensor, int border)
{
    for (int c = 0; c < map->network->tensors[tensor].channels; c++) {
        const struct oct_network_channel leaf = oct_network_resolve(map->network, tensor, c);
        const struct oct_layout_tensor *whole = &map->layout->tensors[tensor];
        const int at = whole->channel + oct_layout_position(map->layout, map->network, tensor, c);
        assert_int_equal(whole->buffer, map->layout->tensors[leaf.tensor].buffer);
        if (!touch(map, whole->buffer, at, 1, border, leaf.tensor, READ))
            fail_msg("channel %d of tensor %d was overwritten", c, tensor);
    }
}

static void run_plan(const struct oct_network *network, const struct oct_layout *layout)
{
    struct map map = {network, layout, {NULL, NULL}};
    for (int i = 0; i < 2; i++) {
        const size_t bytes = i ? layout->picture_bytes : layout->shared_bytes;
        map.owners[i] = malloc((bytes + 1) * sizeof(int16_t));
        assert_non_null(map.owners[i]);
        memset(map.owners[i], -1, (bytes + 1) * sizeof(int16_t));
    }
    /* the picture's border was zero before; everybody may read it */
    touch(&map, layout->tensors[0].buffer, 0, layout->tensors[0].stored,
          layout->buffers[layout->tensors[0].buffer].border, 0, WRITE);
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        const struct oct_layout_tensor *out = &layout->tensors[layer->output];
        expect_readable(&map, layer->input,
                        layer->operation == OCT_CONVOLUTION ? layer->padding : 0);
        if (layer->residual >= 0)
            expect_readable(&map, layer->residual, 0);
        touch(&map, out->buffer, out->channel, out->stored, layout->buffers[out->buffer].border,
              layer->output, WRITE);
    }
    expect_readable(&map, 0, 0);
    expect_readable(&map, network->head.outputs[0].tensor, 0);
    expect_readable(&map, network->head.outputs[1].tensor, 0);
    free(map.owners[0]);
    free(map.owners[1]);
}

static void check_places(const struct oct_network *network, const struct oct_layout *layout,
                         enum oct_type half)
{
    for (int i = 0; i < layout->buffer_count; i++)
        assert_int_equal(layout->buffers[i].offset % OCT_ALIGNMENT, 0);
    for (int i = 0; i < network->tensor_count; i++) {
        const struct oct_tensor *t = &network->tensors[i];
        const struct oct_layout_tensor *at = &layout->tensors[i];
        const struct oct_layout_buffer *buffer = &layout->buffers[at->buffer];
        assert_int_equal(buffer->type, t->type == OCT_TYPE_BF16 ? half : t->type);
        assert_int_equal(oct_layout_type(layout, i), buffer->type);
        assert_int_equal(buffer->height, layout->sizes[i].height);
        assert_int_equal(buffer->width, layout->sizes[i].width);
        if (t->kind == OCT_TENSOR_SLICE)
            continue;
        assert_int_equal(at->channel % 4, 0);
        assert_int_equal(at->stored % 4, 0);
        assert_int_equal(buffer->channels % 4, 0);
        int channel = at->channel;
        for (int m = 0; m < t->member_count; m++) { /* one after another, nothing between */
            assert_int_equal(layout->tensors[t->members[m]].channel, channel);
            channel += layout->tensors[t->members[m]].stored;
        }
        if (t->kind == OCT_TENSOR_CONCAT)
            assert_int_equal(channel, at->channel + at->stored);
        else
            assert_int_equal(at->stored, (t->channels + 3) / 4 * 4);
    }
    for (int i = 0; i < network->tensor_count; i++) {
        const int extent = oct_layout_extent(layout, network, i);
        const int last = oct_layout_position(layout, network, i, network->tensors[i].channels - 1);
        assert_int_equal(extent % 4, 0);
        assert_true(extent > last && extent < last + 5);
        assert_int_equal(layout->tensors[i].channel % 4, 0);
        assert_int_equal(oct_layout_position(layout, network, i, 0), oct_network_shift(network, i));
    }
}

static void random_plans(void **state)
{
    (void)state;
    static struct test_plan r;
    int shared = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        test_plan_make(&r, seed);
        const int height = 32 * test_int(&r.random, 1, 2), width = 32 * test_int(&r.random, 1, 2);
        struct oct_arena arena;
        struct oct_layout layout;
        oct_arena_init(&arena, &test.context);
        const enum oct_type half = seed % 2 ? OCT_TYPE_BF16 : OCT_TYPE_F32;
        if (oct_layout_make(&test.context, &arena, &r.network, height, width, half, &layout))
            fail_msg("seed %d: %s", (int)seed, test.context.message);
        check_places(&r.network, &layout, half);
        run_plan(&r.network, &layout);
        size_t sum = 0;
        for (int i = 0; i < layout.buffer_count; i++)
            sum += layout.buffers[i].of_picture ? 0 : layout.buffers[i].bytes;
        shared += layout.shared_bytes < sum;
        oct_arena_clear(&arena);
    }
    assert_true(shared > 200); /* most plans reuse memory */
}

static void views(void **state)
{
    (void)state;
    static struct test_plan r;
    test_plan_make(&r, 8);
    struct oct_arena arena;
    struct oct_layout layout;
    oct_arena_init(&arena, &test.context);
    assert_int_equal(
        oct_layout_make(&test.context, &arena, &r.network, 32, 64, OCT_TYPE_BF16, &layout),
        OCTET_OK);
    const struct oct_layout_memory memory = {oct_calloc(&test.context, layout.picture_bytes, 1),
                                             oct_calloc(&test.context, layout.shared_bytes, 1)};
    for (int i = 0; i < r.network.tensor_count; i++) {
        const struct oct_view view = oct_layout_view(&layout, &r.network, &memory, i);
        const struct oct_layout_buffer *buffer = &layout.buffers[layout.tensors[i].buffer];
        assert_int_equal(view.pixel, buffer->channels);
        assert_int_equal(view.row, buffer->channels * (buffer->width + 2 * buffer->border));
        assert_int_equal(view.type, buffer->type);
        const size_t first =
            ((size_t)buffer->border * (view.row + view.pixel) + (size_t)layout.tensors[i].channel) *
            oct_type_bytes(buffer->type);
        const char *region = buffer->of_picture ? memory.picture : memory.shared;
        assert_ptr_equal(view.data, region + buffer->offset + first);
    }
    oct_free(&test.context, memory.picture);
    oct_free(&test.context, memory.shared);
    oct_arena_clear(&arena);
}

static void failures(void **state)
{
    (void)state;
    static struct test_plan r;
    test_plan_make(&r, 5);
    struct oct_arena arena;
    struct oct_layout layout;
    oct_arena_init(&arena, &test.context);
    test.fail_at = test.calls;
    assert_int_equal(
        oct_layout_make(&test.context, &arena, &r.network, 32, 32, OCT_TYPE_F32, &layout),
        OCTET_OUT_OF_MEMORY);
    r.network.head.outputs[0].stride *= 2;
    assert_int_equal(
        oct_layout_make(&test.context, &arena, &r.network, 32, 32, OCT_TYPE_F32, &layout),
        OCTET_BAD_SHAPE);
    oct_arena_clear(&arena);
}

#define TEST(function) TEST_WITHIN(function, test)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(random_plans), TEST(views), TEST(failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
