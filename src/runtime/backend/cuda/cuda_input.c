/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures into a slot: they go to the GPU as they are, and are letterboxed there. Which pixels a
 * target's blends, and how much of each, is worked out here, by the tables of the CPU. */
#include <string.h>

#include "runtime/backend/cuda/cuda_state.h"
#include "runtime/image/letterbox.h"
#include "runtime/image/resize.h"

#define INPUT_THREADS 128

/* As struct oct_gpu_resize has them. */
struct column_tap {
    int32_t pixel, weights[2];
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
    if (!status)
        status = oct_gpu_device_kernel(&cuda->device, "letterbox_yuv", 0, &input->letterbox_yuv);
    return status ? status : oct_gpu_device_kernel(&cuda->device, "planes", 0, &input->planes);
}

void oct_cuda_close_input(struct oct_cuda *cuda)
{
    oct_cuda_release_source(cuda);
    if (cuda->input.taps)
        cuda->device.driver.release(cuda->input.taps);
}

static bool same_taps(const octet_letterbox *a, const octet_letterbox *b)
{
    return a->target_width > 0 && a->source_width == b->source_width &&
           a->source_height == b->source_height && a->resized_width == b->resized_width &&
           a->resized_height == b->resized_height;
}

/* A row without weight is not read: the other one is in its place. */
static struct row_tap weighted_rows(struct oct_row_tap tap)
{
    return (struct row_tap){
        {tap.first_weight ? tap.first : tap.second, tap.second_weight ? tap.second : tap.first},
        {tap.first_weight, tap.second_weight}};
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
        across[x] = (struct column_tap){columns.offsets[x] / 3,
                                        {columns.weights[x * 2 * OCT_BLEND_LANES],
                                         columns.weights[x * 2 * OCT_BLEND_LANES + 1]}};
    for (int y = 0; y < box->resized_height; y++)
        down[y] = weighted_rows(oct_row_tap(box->source_height, box->resized_height, y));
    const octet_status status = oct_cuda_try(
        cuda,
        cuda->device.driver.copy_in(input->taps, input->host_taps, input->taps_bytes, cuda->stream),
        "copying a picture");
    if (!status)
        input->geometry = *box;
    return status;
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

static struct oct_gpu_resize resize_of(const struct oct_cuda *cuda, int slot,
                                       const octet_letterbox *box)
{
    return (struct oct_gpu_resize){
        .columns = cuda->input.taps,
        .rows = cuda->input.taps + columns_bytes(cuda->width),
        .next = box->source_width > 1,
        .resized_width = box->resized_width,
        .resized_height = box->resized_height,
        .pad_left = box->pad_left,
        .pad_top = box->pad_top,
        .height = cuda->height,
        .width = cuda->width,
        .type = (int32_t)cuda->network->tensors[0].type,
        .target = target_of(cuda, slot),
    };
}

static octet_status launch_letterbox(struct oct_cuda *cuda, oct_cuda_function function,
                                     void *parameters)
{
    return launch(cuda, function, ((unsigned)cuda->width + INPUT_THREADS - 1) / INPUT_THREADS,
                  (unsigned)cuda->height, parameters);
}

static struct oct_gpu_letterbox_yuv yuv_of(const octet_frame *frame,
                                           const struct oct_cuda_planes *at)
{
    struct oct_gpu_letterbox_yuv p = {
        .y = at->planes[0], .y_row = at->strides[0], .factors = *oct_frame_factors(frame)};
    if (frame->format == OCTET_PIXEL_YUY2) {
        p.u = p.y + 1;
        p.v = p.y + 3;
        p.u_row = p.v_row = p.y_row;
        p.y_step = 2;
        p.chroma_step = 4;
        return p;
    }
    const bool pairs = frame->format == OCTET_PIXEL_NV12;
    p.u = at->planes[1];
    p.v = pairs ? p.u + 1 : at->planes[2];
    p.u_row = at->strides[1];
    p.v_row = pairs ? p.u_row : at->strides[2];
    p.y_step = 1;
    p.chroma_step = pairs ? 2 : 1;
    p.chroma_shift = 1;
    return p;
}

static octet_status set_frame(struct oct_cuda *cuda, int slot, const octet_frame *frame,
                              bool in_host_memory, const octet_letterbox *box)
{
    struct oct_cuda_planes at;
    octet_status status = set_taps(cuda, box);
    if (!status)
        status = oct_cuda_place_frame(cuda, frame, in_host_memory, &at);
    if (status)
        return status;
    if (oct_frame_is_yuv(frame)) {
        struct oct_gpu_letterbox_yuv parameters = yuv_of(frame, &at);
        parameters.resize = resize_of(cuda, slot, box);
        return launch_letterbox(cuda, cuda->input.letterbox_yuv, &parameters);
    }
    struct oct_gpu_letterbox parameters = {
        .resize = resize_of(cuda, slot, box),
        .source = at.planes[0],
        .source_row = at.strides[0],
        .red = frame->format == OCTET_PIXEL_BGR ? 2 : 0,
    };
    return launch_letterbox(cuda, cuda->input.letterbox, &parameters);
}

/* Pixels that are the input's own. */
static octet_status set_pixels(struct oct_cuda *cuda, int slot, const uint8_t *rgb)
{
    const octet_frame frame = {
        .format = OCTET_PIXEL_RGB,
        .width = cuda->width,
        .height = cuda->height,
        .planes = {(uint8_t *)rgb}, /* it is read only */
        .strides = {3 * (size_t)cuda->width},
    };
    const octet_letterbox whole = {
        .source_width = cuda->width,
        .source_height = cuda->height,
        .target_width = cuda->width,
        .target_height = cuda->height,
        .resized_width = cuda->width,
        .resized_height = cuda->height,
    };
    return set_frame(cuda, slot, &frame, false, &whole);
}

static octet_status set_planes(struct oct_cuda *cuda, int slot, const float *planes)
{
    const size_t pixels = (size_t)cuda->height * (size_t)cuda->width;
    const octet_status status = oct_cuda_place_bytes(cuda, planes, 3 * pixels * sizeof *planes);
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
    if (input->frame)
        status = set_frame(cuda, slot, input->frame, input->in_host_memory, input->letterbox);
    else if (input->rgb)
        status = set_pixels(cuda, slot, input->rgb);
    else
        status = set_planes(cuda, slot, input->planes);
    /* Nothing of the caller's is kept. */
    const octet_status done =
        oct_cuda_try(cuda, cuda->device.driver.wait_stream(cuda->stream), "copying a picture");
    oct_gpu_device_leave(&cuda->device);
    return status ? status : done;
}
