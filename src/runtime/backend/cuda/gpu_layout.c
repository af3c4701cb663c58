/* SPDX-License-Identifier: Apache-2.0 */
/* Gives tensors places, finds out what comes before what, and lays buffers over each other. */
#include "runtime/backend/cuda/gpu_layout.h"

#include <string.h>

#define BUFFER_ALIGNMENT 256 /* bytes */

int oct_gpu_stored(const struct oct_network *network, int tensor)
{
    const struct oct_tensor *t = &network->tensors[tensor];
    if (t->kind == OCT_TENSOR_INPUT) /* red, green, blue, and what makes the pixel a power of two */
        return t->type == OCT_TYPE_BF16 ? 8 : 4;
    return (t->channels + OCT_GPU_CHANNELS - 1) / OCT_GPU_CHANNELS * OCT_GPU_CHANNELS;
}

/* ---- upsampling that convolutions read through ---- */

/* Whether channels of `leaf` are among those of a tensor. */
static bool has_leaf(const struct oct_network *network, int tensor, int leaf)
{
    const struct oct_tensor *t = &network->tensors[tensor];
    for (int c = 0; c < t->channels; c++)
        if (oct_network_resolve(network, tensor, c).tensor == leaf)
            return true;
    return false;
}

/* By one convolution at least: nothing else keeps what it was made of until then, and those of
 * each channel by itself read one buffer. */
static bool only_convolved(const struct oct_network *network, int leaf)
{
    bool is_read = false;
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        if (layer->residual >= 0 && has_leaf(network, layer->residual, leaf))
            return false;
        const bool reads = has_leaf(network, layer->input, leaf);
        if (reads && (layer->operation != OCT_CONVOLUTION || oct_is_depthwise(layer)))
            return false;
        is_read |= reads;
    }
    for (int i = 0; i < network->head.output_count; i++)
        if (has_leaf(network, network->head.outputs[i].tensor, leaf))
            return false;
    return is_read;
}

static void find_read_through(struct oct_gpu_layout *layout)
{
    const struct oct_network *network = layout->network;
    for (int i = 0; i < network->layer_count; i++)
        layout->read_through[i] = network->layers[i].operation == OCT_UPSAMPLE &&
                                  only_convolved(network, network->layers[i].output);
}

/* What a channel is read from, through upsampling. */
static struct oct_network_channel read_from(const struct oct_gpu_layout *layout, int tensor,
                                            int channel, int *shift)
{
    struct oct_network_channel at = oct_network_resolve(layout->network, tensor, channel);
    *shift = 0;
    for (;;) {
        const int writer = layout->writers[at.tensor];
        if (writer < 0 || !layout->read_through[writer])
            return at;
        at =
            oct_network_resolve(layout->network, layout->network->layers[writer].input, at.channel);
        ++*shift;
    }
}

struct oct_gpu_run *oct_gpu_layout_runs(struct oct_arena *arena,
                                        const struct oct_gpu_layout *layout, int tensor, int *count)
{
    const int channels = layout->network->tensors[tensor].channels;
    struct oct_gpu_run *runs = oct_arena_calloc(arena, (size_t)channels, sizeof *runs);
    *count = 0;
    for (int c = 0; runs && c < channels; c++) {
        int shift;
        const struct oct_network_channel at = read_from(layout, tensor, c, &shift);
        const struct oct_gpu_place *place = &layout->places[at.tensor];
        struct oct_gpu_run *last = *count > 0 ? &runs[*count - 1] : NULL;
        const int position = place->channel + at.channel;
        if (last && last->leaf == at.tensor && last->shift == shift &&
            position == last->position + last->count)
            last->count++;
        else
            runs[(*count)++] =
                (struct oct_gpu_run){place->buffer, position, shift, at.tensor, c, 1};
    }
    return runs;
}

/* ---- places ---- */

static bool is_stored(const struct oct_gpu_layout *layout, int tensor)
{
    const int writer = layout->writers[tensor];
    return writer < 0 || !layout->read_through[writer];
}

/* Gives a root tensor and all that lies in it their places in a buffer; returns the channel behind
 * them. */
static int place(struct oct_gpu_layout *layout, int tensor, int buffer, int channel)
{
    const struct oct_tensor *t = &layout->network->tensors[tensor];
    layout->places[tensor] = (struct oct_gpu_place){buffer, channel};
    if (t->kind != OCT_TENSOR_CONCAT)
        return channel + (is_stored(layout, tensor) ? oct_gpu_stored(layout->network, tensor) : 0);
    for (int i = 0; i < t->member_count; i++)
        channel = place(layout, t->members[i], buffer, channel);
    return channel;
}

/* Roots are taken from the last tensor down: views come after what they are made of. */
static void place_all(struct oct_gpu_layout *layout)
{
    const struct oct_network *network = layout->network;
    for (int i = 0; i < network->tensor_count; i++)
        layout->places[i].buffer = -1;
    for (int i = network->tensor_count - 1; i >= 0; i--) {
        const struct oct_tensor *t = &network->tensors[i];
        if (t->kind == OCT_TENSOR_SLICE || layout->places[i].buffer >= 0)
            continue;
        struct oct_gpu_buffer *buffer = &layout->buffers[layout->buffer_count];
        *buffer = (struct oct_gpu_buffer){
            .type = t->type, .height = layout->sizes[i].height, .width = layout->sizes[i].width};
        buffer->channels = place(layout, i, layout->buffer_count, 0);
        layout->buffer_count++;
    }
}

/* ---- order ---- */

static void come_before(struct oct_gpu_layout *layout, int layer, int tensor)
{
    uint64_t *before = layout->before + (size_t)layer * layout->words;
    for (int c = 0; c < layout->network->tensors[tensor].channels; c++) {
        const int writer = layout->writers[oct_network_resolve(layout->network, tensor, c).tensor];
        if (writer < 0 || (before[writer / 64] >> (writer % 64) & 1))
            continue;
        const uint64_t *more = layout->before + (size_t)writer * layout->words;
        for (size_t i = 0; i < layout->words; i++)
            before[i] |= more[i];
        before[writer / 64] |= (uint64_t)1 << (writer % 64);
    }
}

static void find_order(struct oct_gpu_layout *layout)
{
    for (int i = 0; i < layout->network->layer_count; i++) {
        const struct oct_layer *layer = &layout->network->layers[i];
        come_before(layout, i, layer->input);
        if (layer->residual >= 0)
            come_before(layout, i, layer->residual);
    }
}

bool oct_gpu_layout_precedes(const struct oct_gpu_layout *layout, int first, int second)
{
    return layout->before[(size_t)second * layout->words + (size_t)first / 64] >>
               ((size_t)first % 64) &
           1;
}

/* ---- sharing ---- */

/* Layers that write or read a buffer. */
struct touches {
    int count, writer_count;
    int *layers, *writers;
};

static void add_layer(int *layers, int *count, int layer)
{
    if (*count == 0 || layers[*count - 1] != layer)
        layers[(*count)++] = layer;
}

static void touch_inputs(const struct oct_gpu_layout *layout, struct touches *touches, int layer,
                         int tensor)
{
    int last = -1, shift;
    for (int c = 0; c < layout->network->tensors[tensor].channels; c++) {
        const int leaf = read_from(layout, tensor, c, &shift).tensor;
        if (leaf == last)
            continue;
        struct touches *touched = &touches[layout->places[leaf].buffer];
        add_layer(touched->layers, &touched->count, layer);
        last = leaf;
    }
}

/* For every buffer; NULL when out of memory. */
static struct touches *find_touches(struct oct_arena *arena, const struct oct_gpu_layout *layout)
{
    const struct oct_network *network = layout->network;
    const size_t layers = (size_t)network->layer_count;
    struct touches *touches =
        oct_arena_calloc(arena, (size_t)layout->buffer_count, sizeof *touches);
    for (int i = 0; touches && i < layout->buffer_count; i++) {
        touches[i].layers = oct_arena_calloc(arena, layers, sizeof(int));
        touches[i].writers = oct_arena_calloc(arena, layers, sizeof(int));
        if (!touches[i].layers || !touches[i].writers)
            return NULL;
    }
    for (int i = 0; touches && i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        if (layout->read_through[i])
            continue;
        touch_inputs(layout, touches, i, layer->input);
        if (layer->residual >= 0)
            touch_inputs(layout, touches, i, layer->residual);
        struct touches *written = &touches[layout->places[layer->output].buffer];
        add_layer(written->layers, &written->count, i);
        add_layer(written->writers, &written->writer_count, i);
    }
    return touches;
}

static bool all_precede(const struct oct_gpu_layout *layout, const struct touches *first,
                        const struct touches *second)
{
    for (int i = 0; i < first->count; i++)
        for (int k = 0; k < second->writer_count; k++)
            if (!oct_gpu_layout_precedes(layout, first->layers[i], second->writers[k]))
                return false;
    return true;
}

static bool lives_meet(const struct oct_gpu_layout *layout, const struct touches *touches, int a,
                       int b)
{
    if (layout->buffers[a].outlives_run || layout->buffers[b].outlives_run)
        return true;
    return !all_precede(layout, &touches[a], &touches[b]) &&
           !all_precede(layout, &touches[b], &touches[a]);
}

/* The lowest offset at which buffer `at` meets none of the placed ones that live when it does. */
static size_t lowest_offset(const struct oct_gpu_layout *layout, const struct touches *touches,
                            const int *placed, int placed_count, int at)
{
    const size_t bytes = layout->buffers[at].image_bytes;
    size_t offset = 0;
    bool moved;
    do {
        moved = false;
        for (int i = 0; i < placed_count; i++) {
            const struct oct_gpu_buffer *other = &layout->buffers[placed[i]];
            const size_t end = other->offset + other->image_bytes;
            if (offset < end && other->offset < offset + bytes &&
                lives_meet(layout, touches, at, placed[i])) {
                offset = end;
                moved = true;
            }
        }
    } while (moved);
    return offset;
}

bool oct_gpu_image_bytes(struct oct_network_size size, size_t pixel, int batch, size_t *image,
                         size_t *all)
{
    size_t bytes;
    if (!oct_mul((size_t)size.height, (size_t)size.width, &bytes) ||
        !oct_mul(bytes, pixel, &bytes) || bytes > INT32_MAX - BUFFER_ALIGNMENT)
        return false;
    *image = oct_align(bytes, BUFFER_ALIGNMENT);
    return oct_mul(*image, (size_t)batch, all) && *all <= SIZE_MAX / 4;
}

static bool find_bytes(const struct oct_gpu_layout *layout, struct oct_gpu_buffer *buffer)
{
    size_t all;
    return oct_gpu_image_bytes((struct oct_network_size){buffer->height, buffer->width},
                               (size_t)buffer->channels * oct_type_bytes(buffer->type),
                               layout->batch, &buffer->image_bytes, &all);
}

/* Greedy by size, largest first, as the CPU's layout does it (backend/cpu/layout.c). */
static octet_status assign_offsets(octet_context *ctx, struct oct_arena *arena,
                                   struct oct_gpu_layout *layout)
{
    const size_t count = (size_t)layout->buffer_count;
    const struct touches *touches = find_touches(arena, layout);
    int *order = oct_arena_calloc(arena, count, sizeof *order);
    if (!touches || !order)
        return oct_fail_memory(ctx, "the memory plan");
    for (int i = 0; i < layout->buffer_count; i++) {
        int at = i;
        if (!find_bytes(layout, &layout->buffers[i]))
            return oct_fail_memory(ctx, "activations of this size");
        for (;
             at > 0 && layout->buffers[order[at - 1]].image_bytes < layout->buffers[i].image_bytes;
             at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (int i = 0; i < layout->buffer_count; i++) {
        struct oct_gpu_buffer *buffer = &layout->buffers[order[i]];
        buffer->offset = lowest_offset(layout, touches, order, i, order[i]);
        const size_t end = buffer->offset + buffer->image_bytes;
        layout->slot_bytes = end > layout->slot_bytes ? end : layout->slot_bytes;
    }
    return oct_mul(layout->slot_bytes, (size_t)layout->batch, &layout->arena_bytes)
               ? OCTET_OK
               : oct_fail_memory(ctx, "activations of this size");
}

static void find_outliving(struct oct_gpu_layout *layout)
{
    const struct oct_network *network = layout->network;
    layout->buffers[layout->places[0].buffer].outlives_run = true;
    for (int i = 0; i < network->head.output_count; i++) {
        const int tensor = network->head.outputs[i].tensor;
        for (int c = 0; c < network->tensors[tensor].channels; c++) {
            const int leaf = oct_network_resolve(network, tensor, c).tensor;
            layout->buffers[layout->places[leaf].buffer].outlives_run = true;
        }
    }
}

octet_status oct_gpu_layout_make(octet_context *ctx, struct oct_arena *arena,
                                 const struct oct_network *network, int height, int width,
                                 int batch, struct oct_gpu_layout *layout)
{
    const size_t tensors = (size_t)network->tensor_count, layers = (size_t)network->layer_count;
    *layout = (struct oct_gpu_layout){.network = network, .batch = batch};
    layout->words = (layers + 63) / 64;
    layout->buffers = oct_arena_calloc(arena, tensors, sizeof *layout->buffers);
    layout->places = oct_arena_calloc(arena, tensors, sizeof *layout->places);
    layout->sizes = oct_arena_calloc(arena, tensors, sizeof *layout->sizes);
    layout->writers = oct_arena_calloc(arena, tensors, sizeof *layout->writers);
    layout->read_through = oct_arena_calloc(arena, layers, sizeof *layout->read_through);
    layout->before = oct_arena_calloc(arena, layers * layout->words, sizeof *layout->before);
    if (!layout->buffers || !layout->places || !layout->sizes || !layout->writers ||
        !layout->read_through || !layout->before)
        return oct_fail_memory(ctx, "the memory plan");
    const octet_status status = oct_network_sizes(ctx, network, height, width, layout->sizes);
    if (status)
        return status;
    for (size_t i = 0; i < tensors; i++)
        layout->writers[i] = -1;
    for (int i = 0; i < network->layer_count; i++)
        layout->writers[network->layers[i].output] = i;
    find_read_through(layout);
    place_all(layout);
    find_order(layout);
    find_outliving(layout);
    return assign_offsets(ctx, arena, layout);
}
