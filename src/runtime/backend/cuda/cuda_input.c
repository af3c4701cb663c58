/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures into a slot: their pixels go to the GPU as they are, and are letterboxed there. Which
 * pixels a target's blends, and how much of each, is worked out here, by the tables of the CPU. */
#include <string.h>

#include "runtime/backend/cuda/cuda_state.h"
#include "runtime/image/letterbox.h"
#include "runtime/image/resize.h"

#define INPUT_THREADS 128

/* As struct oct_gpu_letterbox has them. */
struct column_tap {
    int32_t offset, weights[2];
};
struct row_tap {
    int32_t rows[2], weights[2];
};

static size_t columns_bytes(int columns)
{
    return oct_align((size_t)columns * sizeof(struct column_tap), OCT_ALIGNMENT);
}

octet_status oct_cuda_open_input(struct oct_cuda *cuda)
{
    struct oct_cuda_input *input = &cuda->input;
    input->taps_bytes = columns_bytes(cuda->width) +
                        oct_align((size_t)cuda->height * sizeof(struct row_tap), OCT_ALIGNMENT);
    input->host_taps = oct_calloc(cuda->ctx, input->taps_bytes + oct_columns_bytes(cuda->width), 1);
    if (!input->host_taps)
        return oct_fail_memory(cuda->ctx, "the session");
    octet_status status = oct_cuda_try(
        cuda, cuda->device.driver.allocate(&input->taps, input->taps_bytes), "memory for pictures");
    if (!status)
        status = oct_gpu_device_kernel(&cuda->device, "letterbox", 0, &input->letterbox);
    return status ? status : oct_gpu_device_kernel(&cuda->device, "planes", 0, &input->planes);
}

void oct_cuda_close_input(struct oct_cuda *cuda)
{
    struct oct_cuda_input *input = &cuda->input;
    if (input->source)
        cuda->device.driver.release(input->source);
    if (input->taps)
        cuda->device.driver.release(input->taps);
}

static bool same_taps(const octet_letterbox *a, const octet_letterbox *b)
{
    return a->target_width > 0 && a->source_width == b->source_width &&
           a->source_height == b->source_height && a->resized_width == b->resized_width &&
           a->resized_height == b->resized_height;
}

/* Tables of the taps, in host memory and on the GPU. */
static octet_status set_taps(struct oct_cuda *cuda, const octet_letterbox *box)
{
    struct oct_cuda_input *input = &cuda->input;
    struct column_tap *across = input->host_taps;
    struct row_tap *down = (void *)((char *)input->host_taps + columns_bytes(cuda->width));
    struct oct_columns columns;
    if (same_taps(&input->geometry, box))
        return OCTET_OK;
    input->geometry = (octet_letterbox){0};
    oct_columns_init(&columns, (char *)input->host_taps + input->taps_bytes, box->source_width,
                     box->resized_width);
    for (int x = 0; x < columns.count; x++)
        across[x] = (struct column_tap){columns.offsets[x],
                                        {columns.weights[x * 2 * OCT_BLEND_LANES],
                                         columns.weights[x * 2 * OCT_BLEND_LANES + 1]}};
    for (int y = 0; y < box->resized_height; y++) {
        const struct oct_row_tap tap = oct_row_tap(box->source_height, box->resized_height, y);
        down[y] = (struct row_tap){{tap.first, tap.second}, {tap.first_weight, tap.second_weight}};
    }
    const octet_status status = oct_cuda_try(
        cuda,
        cuda->device.driver.copy_in(input->taps, input->host_taps, input->taps_bytes, cuda->stream),
        "copying a picture");
    if (!status)
        input->geometry = *box;
    return status;
}

/* Copies pixels or planes to the GPU, whose room grows with the largest. */
static octet_status copy_source(struct oct_cuda *cuda, const void *source, size_t bytes)
{
    struct oct_cuda_input *input = &cuda->input;
    const struct oct_cuda_driver *driver = &cuda->device.driver;
    octet_status status = OCTET_OK;
    if (bytes > input->source_bytes) {
        if (input->source)
            driver->release(input->source);
        input->source = 0;
        input->source_bytes = 0;
        status = oct_cuda_try(cuda, driver->allocate(&input->source, bytes), "memory for pictures");
        if (!status)
            input->source_bytes = bytes;
    }
    return status ? status
                  : oct_cuda_try(cuda, driver->copy_in(input->source, source, bytes, cuda->stream),
                                 "copying a picture");
}

static octet_status launch(struct oct_cuda *cuda, oct_cuda_function function, unsigned across,
                           unsigned down, void *parameters)
{
    void *pointers[] = {parameters};
    const struct oct_cuda_kernel_node node = {
        .function = function,
        .grid = {across, down, 1},
        .block = {INPUT_THREADS, 1, 1},
        .parameters = pointers,
    };
    return oct_cuda_launch(cuda, &node, "letterboxing a picture");
}

static oct_cuda_address target_of(const struct oct_cuda *cuda, int slot)
{
    const struct oct_gpu_buffer *buffer =
        &cuda->plan.layout.buffers[cuda->plan.layout.places[0].buffer];
    return cuda->activations + buffer->offset + (uint64_t)slot * cuda->plan.layout.slot_bytes;
}

static octet_status set_pixels(struct oct_cuda *cuda, int slot, const uint8_t *rgb,
                               const octet_letterbox *box)
{
    const size_t row = 3 * (size_t)box->source_width;
    octet_status status = set_taps(cuda, box);
    if (!status)
        status = copy_source(cuda, rgb, row * (size_t)box->source_height);
    if (status)
        return status;
    struct oct_gpu_letterbox parameters = {
        .source = cuda->input.source,
        .source_row = (int32_t)row,
        .next = box->source_width > 1 ? 3 : 0,
        .columns = cuda->input.taps,
        .rows = cuda->input.taps + columns_bytes(cuda->width),
        .resized_width = box->resized_width,
        .resized_height = box->resized_height,
        .pad_left = box->pad_left,
        .pad_top = box->pad_top,
        .height = cuda->height,
        .width = cuda->width,
        .type = (int32_t)cuda->network->tensors[0].type,
        .target = target_of(cuda, slot),
    };
    return launch(cuda, cuda->input.letterbox,
                  ((unsigned)cuda->width + INPUT_THREADS - 1) / INPUT_THREADS,
                  (unsigned)cuda->height, &parameters);
}

static octet_status set_planes(struct oct_cuda *cuda, int slot, const float *planes)
{
    const size_t pixels = (size_t)cuda->height * (size_t)cuda->width;
    const octet_status status = copy_source(cuda, planes, 3 * pixels * sizeof *planes);
    if (status)
        return status;
    struct oct_gpu_planes parameters = {
        .source = cuda->input.source,
        .height = cuda->height,
        .width = cuda->width,
        .type = (int32_t)cuda->network->tensors[0].type,
        .target = target_of(cuda, slot),
    };
    return launch(cuda, cuda->input.planes,
                  (unsigned)((pixels + INPUT_THREADS - 1) / INPUT_THREADS), 1, &parameters);
}

octet_status oct_cuda_set_input(void *state, int slot, const struct oct_backend_input *input)
{
    struct oct_cuda *cuda = state;
    octet_status status = oct_gpu_device_enter(&cuda->device);
    if (status)
        return status;
    const octet_letterbox whole = {
        .source_width = cuda->width,
        .source_height = cuda->height,
        .target_width = cuda->width,
        .target_height = cuda->height,
        .resized_width = cuda->width,
        .resized_height = cuda->height,
    };
    if (input->image)
        status = set_pixels(cuda, slot, input->image->pixels, input->letterbox);
    else if (input->rgb)
        status = set_pixels(cuda, slot, input->rgb, &whole);
    else
        status = set_planes(cuda, slot, input->planes);
    /* Nothing of the caller's is kept. */
    const octet_status done =
        oct_cuda_try(cuda, cuda->device.driver.wait_stream(cuda->stream), "copying a picture");
    oct_gpu_device_leave(&cuda->device);
    return status ? status : done;
}
