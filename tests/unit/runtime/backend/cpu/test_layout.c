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
#include "runtime/backend/cpu/layout.h"
#include "runtime/head/yolov8.h"

enum { TENSORS = 80, LAYERS = 40, SLACK_BYTES = 64 };

static struct test_context test;

/* A plan of random layers and views, without weights: the layout does not look at them. */
struct random_plan {
    struct oct_network network;
    struct oct_tensor tensors[TENSORS];
    struct oct_layer layers[LAYERS];
    int factor[TENSORS]; /* of the input's size over the tensor's */
    bool member[TENSORS];
    struct test_random random;
};

static int add_tensor(struct random_plan *r, struct oct_tensor tensor, int factor)
{
    const int index = r->network.tensor_count++;
    tensor.name = "tensor";
    r->tensors[index] = tensor;
    r->factor[index] = factor;
    return index;
}

static int add_layer(struct random_plan *r, struct oct_layer layer, int channels, int factor)
{
    const struct oct_tensor output = {.kind = OCT_TENSOR_LAYER,
                                      .type = r->tensors[layer.input].type,
                                      .channels = channels,
                                      .quantization = {1.0f, 0}};
    layer.name = "layer";
    layer.output = add_tensor(r, output, factor);
    r->layers[r->network.layer_count++] = layer;
    return layer.output;
}

static bool stored_whole(const struct random_plan *r, int tensor)
{
    return oct_network_contiguous(&r->network, tensor) &&
           oct_network_shift(&r->network, tensor) == 0;
}

static int any(struct random_plan *r)
{
    return test_int(&r->random, 0, r->network.tensor_count - 1);
}

static void add_convolution(struct random_plan *r)
{
    static const int kernels[] = {1, 3, 3, 5};
    const int input = any(r), kernel = kernels[test_int(&r->random, 0, 3)];
    const int stride = r->factor[input] < 16 ? test_int(&r->random, 1, 2) : 1;
    const int channels = test_int(&r->random, 1, 20);
    int residual = any(r);
    if (r->tensors[residual].channels != channels || !stored_whole(r, residual) ||
        r->factor[residual] != r->factor[input] * stride)
        residual = -1;
    add_layer(r,
              (struct oct_layer){.input = input,
                                 .residual = residual,
                                 .kernel = kernel,
                                 .stride = stride,
                                 .padding = kernel / 2},
              channels, r->factor[input] * stride);
}

static void add_move(struct random_plan *r)
{
    const int input = any(r);
    enum oct_operation operation = OCT_MAX_POOL + test_int(&r->random, 0, 2);
    if (!oct_network_contiguous(&r->network, input))
        return;
    if (!stored_whole(r, input))
        operation = OCT_COPY;
    if (operation == OCT_UPSAMPLE && r->factor[input] == 1)
        operation = OCT_COPY;
    add_layer(r,
              (struct oct_layer){.operation = operation,
                                 .input = input,
                                 .residual = -1,
                                 .kernel = operation == OCT_MAX_POOL ? 5 : 1,
                                 .stride = 1},
              r->tensors[input].channels,
              operation == OCT_UPSAMPLE ? r->factor[input] / 2 : r->factor[input]);
}

static void add_slice(struct random_plan *r)
{
    const int parent = any(r), channels = r->tensors[parent].channels;
    if (r->tensors[parent].kind == OCT_TENSOR_SLICE || channels < 2)
        return;
    const int offset = test_int(&r->random, 0, channels - 1);
    const struct oct_tensor slice = {.kind = OCT_TENSOR_SLICE,
                                     .type = r->tensors[parent].type,
                                     .channels = test_int(&r->random, 1, channels - offset),
                                     .parent = parent,
                                     .offset = offset};
    add_tensor(r, slice, r->factor[parent]);
}

static void add_concat(struct random_plan *r)
{
    struct oct_tensor concat = {.kind = OCT_TENSOR_CONCAT, .type = r->tensors[0].type};
    int factor = 0;
    for (int tries = 0; tries < 12 && concat.member_count < 4; tries++) {
        const int m = any(r);
        const enum oct_tensor_kind kind = r->tensors[m].kind;
        if (m == 0 || r->member[m] || (kind != OCT_TENSOR_LAYER && kind != OCT_TENSOR_CONCAT) ||
            (factor && r->factor[m] != factor))
            continue;
        factor = r->factor[m];
        r->member[m] = true;
        concat.members[concat.member_count++] = m;
        concat.channels += r->tensors[m].channels;
    }
    if (concat.member_count > 0)
        add_tensor(r, concat, factor);
}

static void make_plan(struct random_plan *r, uint64_t seed)
{
    memset(r, 0, sizeof *r);
    r->random = test_random_of(seed);
    r->network = (struct oct_network){.tensors = r->tensors, .layers = r->layers};
    const enum oct_type type = (enum oct_type)(seed % 3);
    add_tensor(
        r,
        (struct oct_tensor){
            .kind = OCT_TENSOR_INPUT, .type = type, .channels = 3, .quantization = {1.0f, 0}},
        1);
    const int layers = test_int(&r->random, 1, LAYERS - 2);
    while (r->network.layer_count < layers && r->network.tensor_count < TENSORS - 2) {
        static void (*const add[])(struct random_plan *) = {add_convolution, add_convolution,
                                                            add_move, add_slice, add_concat};
        add[test_int(&r->random, 0, 4)](r);
    }
    const int input = any(r);
    const struct oct_layer head = {.input = input, .residual = -1, .kernel = 1, .stride = 1};
    const int stride = r->factor[input], boxes = add_layer(r, head, 8, stride);
    oct_yolov8_add_level(&r->network.head, boxes, add_layer(r, head, 5, stride), stride);
    for (int i = 0; i < 2; i++)
        r->tensors[r->network.tensor_count - 1 - i].type = OCT_TYPE_F32;
}

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
    static struct random_plan r;
    int shared = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        make_plan(&r, seed);
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
    static struct random_plan r;
    make_plan(&r, 8);
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
    static struct random_plan r;
    make_plan(&r, 5);
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
