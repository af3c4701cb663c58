/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors on the host: a buffer's picture is copied, and where a tensor is not in one piece there,
 * its channels are put together. */
#include <string.h>

#include "runtime/backend/cuda/cuda_state.h"

static size_t tensor_bytes(const struct oct_cuda *cuda, int tensor)
{
    const struct oct_tensor *t = &cuda->network->tensors[tensor];
    const struct oct_network_size size = cuda->plan.layout.sizes[tensor];
    const int leaf = oct_network_resolve(cuda->network, tensor, 0).tensor;
    return (size_t)size.height * (size_t)size.width * (size_t)t->channels *
           oct_type_bytes(cuda->network->tensors[leaf].type);
}

static bool find_pieces(struct oct_cuda *cuda, int tensor)
{
    struct oct_cuda_pieces *pieces = &cuda->pieces[tensor];
    struct oct_arena arena;
    int count;
    if (pieces->count > 0)
        return true;
    oct_arena_init(&arena, cuda->ctx);
    const struct oct_gpu_run *runs =
        oct_gpu_layout_runs(&arena, &cuda->plan.layout, tensor, &count);
    if (runs)
        pieces->runs = oct_arena_calloc(&cuda->arena, (size_t)count, sizeof *runs);
    if (pieces->runs) {
        memcpy(pieces->runs, runs, (size_t)count * sizeof *runs);
        pieces->count = count;
    }
    oct_arena_clear(&arena);
    return pieces->runs != NULL;
}

/* Of the input, the head's tensors, and what layers write: nothing else is asked for. */
static bool find_all_pieces(struct oct_cuda *cuda)
{
    const struct oct_network *network = cuda->network;
    bool found;
    cuda->pieces =
        oct_arena_calloc(&cuda->arena, (size_t)network->tensor_count, sizeof *cuda->pieces);
    if (!cuda->pieces)
        return false;
    found = find_pieces(cuda, 0);
    for (int i = 0; i < network->head.output_count && found; i++)
        found = find_pieces(cuda, network->head.outputs[i].tensor);
    for (int i = 0; i < network->layer_count && found; i++)
        found = find_pieces(cuda, network->layers[i].output);
    return found;
}

octet_status oct_cuda_allocate_tensors(struct oct_cuda *cuda)
{
    const struct oct_network *network = cuda->network;
    size_t watched = tensor_bytes(cuda, 0), fetched = 0;
    cuda->tensors =
        oct_arena_calloc(&cuda->arena, (size_t)network->tensor_count, sizeof *cuda->tensors);
    if (!cuda->tensors || !find_all_pieces(cuda))
        return oct_fail_memory(cuda->ctx, "the session");
    for (int i = 0; i < network->head.output_count; i++) {
        const int tensor = network->head.outputs[i].tensor;
        if (!cuda->tensors[tensor])
            cuda->tensors[tensor] =
                oct_malloc(cuda->ctx, (size_t)cuda->batch, tensor_bytes(cuda, tensor));
        if (!cuda->tensors[tensor])
            return oct_fail_memory(cuda->ctx, "the session");
    }
    for (int i = 0; i < network->layer_count; i++) {
        const size_t bytes = tensor_bytes(cuda, network->layers[i].output);
        watched = bytes > watched ? bytes : watched;
    }
    for (int i = 0; i < cuda->plan.layout.buffer_count; i++) {
        const size_t bytes = cuda->plan.layout.buffers[i].image_bytes;
        fetched = bytes > fetched ? bytes : fetched;
    }
    cuda->watched = oct_malloc(cuda->ctx, watched, 1);
    cuda->fetched = oct_malloc(cuda->ctx, fetched, 1);
    return cuda->watched && cuda->fetched ? OCTET_OK : oct_fail_memory(cuda->ctx, "the session");
}

static octet_status fetch(struct oct_cuda *cuda, int buffer, int slot)
{
    const struct oct_gpu_buffer *from = &cuda->plan.layout.buffers[buffer];
    const struct oct_cuda_driver *driver = &cuda->device.driver;
    const octet_status status =
        oct_cuda_try(cuda,
                     driver->copy_out(cuda->fetched,
                                      cuda->activations + from->offset +
                                          (uint64_t)slot * cuda->plan.layout.slot_bytes,
                                      from->image_bytes, cuda->stream),
                     "copying a tensor");
    return status ? status
                  : oct_cuda_try(cuda, driver->wait_stream(cuda->stream), "copying a tensor");
}

/* A run of channels out of a fetched buffer to where the tensor is put together. */
static void place_run(const struct oct_cuda *cuda, const struct oct_gpu_run *run, int channels,
                      struct oct_network_size size, uint8_t *to)
{
    const struct oct_gpu_buffer *from = &cuda->plan.layout.buffers[run->buffer];
    const size_t element = oct_type_bytes(from->type);
    for (int y = 0; y < size.height; y++)
        for (int x = 0; x < size.width; x++) {
            const size_t pixel =
                (size_t)(y >> run->shift) * (size_t)from->width + (size_t)(x >> run->shift);
            memcpy(to + (((size_t)y * (size_t)size.width + (size_t)x) * (size_t)channels +
                         (size_t)run->channel) *
                            element,
                   cuda->fetched +
                       (pixel * (size_t)from->channels + (size_t)run->position) * element,
                   (size_t)run->count * element);
        }
}

static octet_status assemble(struct oct_cuda *cuda, int slot, int tensor, uint8_t *to)
{
    const struct oct_gpu_run *runs = cuda->pieces[tensor].runs;
    int held = -1;
    octet_status status = OCTET_OK;
    for (int i = 0; !status && i < cuda->pieces[tensor].count; i++) {
        if (runs[i].buffer != held)
            status = fetch(cuda, runs[i].buffer, slot);
        held = runs[i].buffer;
        if (!status)
            place_run(cuda, &runs[i], cuda->network->tensors[tensor].channels,
                      cuda->plan.layout.sizes[tensor], to);
    }
    return status;
}

octet_status oct_cuda_tensor(void *state, int slot, int tensor, octet_tensor_view *view)
{
    static const octet_element_type types[] = {[OCT_TYPE_U8] = OCTET_ELEMENT_U8,
                                               [OCT_TYPE_F32] = OCTET_ELEMENT_F32,
                                               [OCT_TYPE_BF16] = OCTET_ELEMENT_BF16};
    struct oct_cuda *cuda = state;
    const struct oct_tensor *t = &cuda->network->tensors[tensor];
    const struct oct_tensor *leaf =
        &cuda->network->tensors[oct_network_resolve(cuda->network, tensor, 0).tensor];
    const struct oct_network_size size = cuda->plan.layout.sizes[tensor];
    uint8_t *to = cuda->watched;
    if (cuda->tensors[tensor])
        to = cuda->tensors[tensor] + (size_t)slot * tensor_bytes(cuda, tensor);
    octet_status status = oct_gpu_device_enter(&cuda->device);
    if (!status) {
        status = assemble(cuda, slot, tensor, to);
        oct_gpu_device_leave(&cuda->device);
    }
    *view = (octet_tensor_view){
        .name = t->name,
        .channels = t->channels,
        .height = size.height,
        .width = size.width,
        .type = types[leaf->type],
        .scale = leaf->quantization.scale,
        .zero_point = leaf->quantization.zero_point,
        .data = to,
        .row_elements = (size_t)size.width * (size_t)t->channels,
        .pixel_elements = (size_t)t->channels,
    };
    return status;
}
