/* SPDX-License-Identifier: Apache-2.0 */
/* Plans where tensors lie: gives roots their buffers, finds out when these live, and packs them. */
#include "runtime/backend/cpu/layout.h"

#include <string.h>

#define SLACK_BYTES 128 /* kernels may read past a row's end, see struct oct_conv_job */

static int round4(int channels)
{
    return (channels + 3) & ~3;
}

static int stored_channels(const struct oct_network *network, int tensor)
{
    const struct oct_tensor *t = &network->tensors[tensor];
    if (t->kind != OCT_TENSOR_CONCAT)
        return round4(t->channels);
    int sum = 0;
    for (int i = 0; i < t->member_count; i++)
        sum += stored_channels(network, t->members[i]);
    return sum;
}

int oct_layout_position(const struct oct_layout *layout, const struct oct_network *network,
                        int tensor, int channel)
{
    const struct oct_network_channel leaf = oct_network_resolve(network, tensor, channel);
    return layout->tensors[leaf.tensor].channel + leaf.channel - layout->tensors[tensor].channel;
}

int oct_layout_extent(const struct oct_layout *layout, const struct oct_network *network,
                      int tensor)
{
    return round4(
        oct_layout_position(layout, network, tensor, network->tensors[tensor].channels - 1) + 1);
}

bool oct_layout_of_picture(const struct oct_layout *layout, int tensor)
{
    return layout->buffers[layout->tensors[tensor].buffer].of_picture;
}

enum oct_type oct_layout_type(const struct oct_layout *layout, int tensor)
{
    return layout->buffers[layout->tensors[tensor].buffer].type;
}

struct oct_view oct_layout_view(const struct oct_layout *layout, const struct oct_network *network,
                                const struct oct_layout_memory *memory, int tensor)
{
    const struct oct_layout_tensor *place = &layout->tensors[tensor];
    const struct oct_layout_buffer *buffer = &layout->buffers[place->buffer];
    const struct oct_tensor *leaf =
        &network->tensors[oct_network_resolve(network, tensor, 0).tensor];
    const size_t pixel = (size_t)buffer->channels,
                 row = (size_t)(buffer->width + 2 * buffer->border) * pixel;
    const size_t first = (size_t)buffer->border * (row + pixel) + (size_t)place->channel;
    char *region = buffer->of_picture ? memory->picture : memory->shared;
    struct oct_view view = {
        .data = region + buffer->offset + first * oct_type_bytes(buffer->type),
        .row = row,
        .pixel = pixel,
        .type = buffer->type,
        .quantization = leaf->quantization,
        .inverse_scale = buffer->type == OCT_TYPE_U8 ? 1.0f / leaf->quantization.scale : 0.0f,
    };
    return view;
}

/* Gives a root tensor and all that lies in it their places in buffer `buffer`. */
static void place(const struct oct_network *network, struct oct_layout *layout, int tensor,
                  int buffer, int channel)
{
    const struct oct_tensor *t = &network->tensors[tensor];
    layout->tensors[tensor] =
        (struct oct_layout_tensor){buffer, channel, stored_channels(network, tensor)};
    for (int i = 0; t->kind == OCT_TENSOR_CONCAT && i < t->member_count; i++) {
        place(network, layout, t->members[i], buffer, channel);
        channel += layout->tensors[t->members[i]].stored;
    }
}

/* Roots are taken from the last tensor down: views come after what they are made of. */
static void place_all(const struct oct_network *network, struct oct_layout *layout,
                      enum oct_type half_storage)
{
    for (int i = 0; i < network->tensor_count; i++)
        layout->tensors[i].buffer = -1;
    for (int i = network->tensor_count - 1; i >= 0; i--) {
        const struct oct_tensor *t = &network->tensors[i];
        if (t->kind == OCT_TENSOR_SLICE || layout->tensors[i].buffer >= 0)
            continue;
        layout->buffers[layout->buffer_count] = (struct oct_layout_buffer){
            .type = t->type == OCT_TYPE_BF16 ? half_storage : t->type,
            .height = layout->sizes[i].height,
            .width = layout->sizes[i].width,
            .channels = stored_channels(network, i),
            .first = network->layer_count,
            .last = -1,
        };
        place(network, layout, i, layout->buffer_count++, 0);
    }
    for (int i = 0; i < network->tensor_count; i++) {
        const struct oct_tensor *t = &network->tensors[i];
        if (t->kind != OCT_TENSOR_SLICE)
            continue;
        const struct oct_network_channel leaf = oct_network_resolve(network, i, 0);
        const struct oct_layout_tensor *at = &layout->tensors[leaf.tensor];
        layout->tensors[i] = (struct oct_layout_tensor){
            at->buffer, at->channel + leaf.channel - oct_network_shift(network, i), t->channels};
    }
}

static void live(struct oct_layout *layout, int tensor, int layer)
{
    struct oct_layout_buffer *buffer = &layout->buffers[layout->tensors[tensor].buffer];
    buffer->first = layer < buffer->first ? layer : buffer->first;
    buffer->last = layer > buffer->last ? layer : buffer->last;
}

static void outlive_run(struct oct_layout *layout, int tensor)
{
    layout->buffers[layout->tensors[tensor].buffer].of_picture = true;
}

static void find_lives(const struct oct_network *network, struct oct_layout *layout)
{
    outlive_run(layout, 0);
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        live(layout, layer->input, i);
        live(layout, layer->output, i);
        if (layer->residual >= 0)
            live(layout, layer->residual, i);
        struct oct_layout_buffer *input = &layout->buffers[layout->tensors[layer->input].buffer];
        const int border = oct_layer_border(layer);
        input->border = border > input->border ? border : input->border;
    }
    for (int i = 0; i < network->head.output_count; i++) /* read after the run */
        outlive_run(layout, network->head.outputs[i].tensor);
}

static bool buffer_bytes(struct oct_layout_buffer *buffer)
{
    size_t bytes = (size_t)(buffer->height + 2 * buffer->border);
    if (!oct_mul(bytes, (size_t)(buffer->width + 2 * buffer->border), &bytes) ||
        !oct_mul(bytes, (size_t)buffer->channels * oct_type_bytes(buffer->type), &bytes) ||
        bytes > SIZE_MAX / 4)
        return false;
    buffer->bytes = oct_align(bytes + SLACK_BYTES, OCT_ALIGNMENT);
    return true;
}

static bool lives_meet(const struct oct_layout_buffer *a, const struct oct_layout_buffer *b)
{
    if (a->of_picture != b->of_picture)
        return false;
    return a->of_picture || (a->first <= b->last && b->first <= a->last);
}

/* The lowest offset at which `buffer` meets none of the placed ones that live at the same time. */
static size_t lowest_offset(const struct oct_layout *layout, const int *placed, int placed_count,
                            const struct oct_layout_buffer *buffer)
{
    size_t offset = 0;
    bool moved;
    do {
        moved = false;
        for (int i = 0; i < placed_count; i++) {
            const struct oct_layout_buffer *other = &layout->buffers[placed[i]];
            if (lives_meet(buffer, other) && offset < other->offset + other->bytes &&
                other->offset < offset + buffer->bytes) {
                offset = other->offset + other->bytes;
                moved = true;
            }
        }
    } while (moved);
    return offset;
}

/* Greedy by size, largest first. Source: Pisarchyk and Lee, "Efficient memory management for deep
 * neural net inference", 2020. */
static octet_status assign_offsets(octet_context *ctx, struct oct_arena *arena,
                                   struct oct_layout *layout)
{
    int *order = oct_arena_calloc(arena, (size_t)layout->buffer_count, sizeof *order);
    if (!order)
        return oct_fail_memory(ctx, "the memory plan");
    for (int i = 0; i < layout->buffer_count; i++) {
        int at = i;
        if (!buffer_bytes(&layout->buffers[i]))
            return oct_fail_memory(ctx, "activations of this size");
        for (; at > 0 && layout->buffers[order[at - 1]].bytes < layout->buffers[i].bytes; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (int i = 0; i < layout->buffer_count; i++) {
        struct oct_layout_buffer *buffer = &layout->buffers[order[i]];
        buffer->offset = lowest_offset(layout, order, i, buffer);
        const size_t end = buffer->offset + buffer->bytes;
        size_t *region = buffer->of_picture ? &layout->picture_bytes : &layout->shared_bytes;
        *region = end > *region ? end : *region;
    }
    return OCTET_OK;
}

octet_status oct_layout_make(octet_context *ctx, struct oct_arena *arena,
                             const struct oct_network *network, int height, int width,
                             enum oct_type half_storage, struct oct_layout *layout)
{
    memset(layout, 0, sizeof *layout);
    const size_t tensors = (size_t)network->tensor_count;
    layout->buffers = oct_arena_calloc(arena, tensors, sizeof *layout->buffers);
    layout->tensors = oct_arena_calloc(arena, tensors, sizeof *layout->tensors);
    layout->sizes = oct_arena_calloc(arena, tensors, sizeof *layout->sizes);
    if (!layout->buffers || !layout->tensors || !layout->sizes)
        return oct_fail_memory(ctx, "the memory plan");
    octet_status status = oct_network_sizes(ctx, network, height, width, layout->sizes);
    if (status)
        return status;
    place_all(network, layout, half_storage);
    find_lives(network, layout);
    return assign_offsets(ctx, arena, layout);
}
