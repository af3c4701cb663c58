/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that the GPU reads pictures from: a frame's own where it can, else a copy. A GPU that
 * shares the machine's memory reads the copy where the host has put it. */
#include <string.h>

#include "runtime/backend/cuda/cuda_state.h"

/* Rows that go from the caller's memory to the session's; one of them: bytes in a piece. */
struct copy {
    const uint8_t *from;
    size_t from_pitch, row_bytes, rows;
    size_t to, to_pitch;
};

/* How a frame is copied: planes that follow each other are one copy. */
struct copies {
    int count;
    struct copy list[OCT_FRAME_PLANES_MAX];
    size_t bytes;                         /* all that they need */
    size_t offsets[OCT_FRAME_PLANES_MAX]; /* of the planes */
    size_t pitches[OCT_FRAME_PLANES_MAX];
};

octet_status oct_cuda_allocate_host(void *state, size_t bytes, void **memory)
{
    struct oct_cuda *cuda = state;
    *memory = NULL;
    octet_status status = oct_gpu_device_enter(&cuda->device);
    if (!status)
        status = oct_cuda_try(cuda,
                              cuda->device.driver.allocate_host(
                                  memory, bytes, OCT_CUDA_HOST_PORTABLE | OCT_CUDA_HOST_MAPPED),
                              "memory for frames");
    oct_gpu_device_leave(&cuda->device);
    return status;
}

void oct_cuda_release_host(void *state, void *memory)
{
    struct oct_cuda *cuda = state;
    if (oct_gpu_device_enter(&cuda->device) == OCTET_OK)
        cuda->device.driver.release_host(memory);
    oct_gpu_device_leave(&cuda->device);
}

void oct_cuda_release_source(struct oct_cuda *cuda)
{
    struct oct_cuda_input *input = &cuda->input;
    if (input->mapped)
        cuda->device.driver.release_host(input->mapped);
    else if (input->source)
        cuda->device.driver.release(input->source);
    input->source = 0;
    input->source_bytes = 0;
    input->mapped = NULL;
}

/* Room for a source, which grows with the largest. */
static octet_status make_room(struct oct_cuda *cuda, size_t bytes)
{
    struct oct_cuda_input *input = &cuda->input;
    const struct oct_cuda_driver *driver = &cuda->device.driver;
    if (bytes <= input->source_bytes)
        return OCTET_OK;
    oct_cuda_release_source(cuda);
    const oct_cuda_result result =
        cuda->device.facts.integrated
            ? driver->allocate_host(&input->mapped, bytes,
                                    OCT_CUDA_HOST_PORTABLE | OCT_CUDA_HOST_MAPPED)
            : driver->allocate(&input->source, bytes);
    const octet_status status = oct_cuda_try(cuda, result, "memory for pictures");
    if (status)
        return status;
    if (input->mapped)
        input->source = (oct_cuda_address)(uintptr_t)input->mapped;
    input->source_bytes = bytes;
    return OCTET_OK;
}

static octet_status copy_rows(struct oct_cuda *cuda, const struct copy *copy)
{
    const struct oct_cuda_driver *driver = &cuda->device.driver;
    const struct oct_cuda_copy_rows rows = {
        .from_kind = OCT_CUDA_MEMORY_HOST,
        .from_host = copy->from,
        .from_pitch = copy->from_pitch,
        .to_kind = OCT_CUDA_MEMORY_DEVICE,
        .to_device = cuda->input.source + copy->to,
        .to_pitch = copy->to_pitch,
        .row_bytes = copy->row_bytes,
        .rows = copy->rows,
    };
    const oct_cuda_result result = copy->rows > 1
                                       ? driver->copy_rows(&rows, cuda->stream)
                                       : driver->copy_in(cuda->input.source + copy->to, copy->from,
                                                         copy->row_bytes, cuda->stream);
    return oct_cuda_try(cuda, result, "copying a picture");
}

/* On a GPU that shares the memory there is nothing to wait for: launches come later. */
static octet_status put(struct oct_cuda *cuda, const struct copy *copy)
{
    if (!cuda->input.mapped)
        return copy_rows(cuda, copy);
    for (size_t y = 0; y < copy->rows; y++)
        memcpy((uint8_t *)cuda->input.mapped + copy->to + y * copy->to_pitch,
               copy->from + y * copy->from_pitch, copy->row_bytes);
    return OCTET_OK;
}

octet_status oct_cuda_place_bytes(struct oct_cuda *cuda, const void *bytes, size_t size)
{
    const octet_status status = make_room(cuda, size);
    return status ? status : put(cuda, &(struct copy){.from = bytes, .row_bytes = size, .rows = 1});
}

/* Whether rows are so close that what is between them is better copied, too. */
static bool is_dense(struct oct_plane plane, size_t stride)
{
    return plane.rows == 1 || stride - plane.row_bytes <= plane.row_bytes / 4;
}

/* Whether plane `index` begins where the rows of the one before end, and both are copied whole. */
static bool continues(const octet_frame *frame, int index)
{
    const struct oct_plane before =
        oct_frame_plane(frame->format, frame->width, frame->height, index - 1);
    const size_t stride = frame->strides[index - 1];
    return is_dense(before, stride) &&
           (uintptr_t)frame->planes[index] - (uintptr_t)frame->planes[index - 1] ==
               stride * (size_t)before.rows;
}

static void plan_plane(struct copies *copies, const octet_frame *frame, int index)
{
    const struct oct_plane plane =
        oct_frame_plane(frame->format, frame->width, frame->height, index);
    const size_t stride = frame->strides[index], rows = (size_t)plane.rows;
    const bool dense = is_dense(plane, stride);
    const size_t pitch = dense ? stride : oct_align(plane.row_bytes, OCT_ALIGNMENT);
    const size_t bytes = pitch * (rows - 1) + plane.row_bytes;
    copies->pitches[index] = pitch;
    if (dense && index > 0 && continues(frame, index)) {
        struct copy *last = &copies->list[copies->count - 1];
        copies->offsets[index] =
            copies->offsets[index - 1] +
            (size_t)((uintptr_t)frame->planes[index] - (uintptr_t)frame->planes[index - 1]);
        last->row_bytes = copies->offsets[index] - last->to + bytes;
    } else {
        copies->offsets[index] = oct_align(copies->bytes, OCT_ALIGNMENT);
        copies->list[copies->count++] = (struct copy){
            .from = frame->planes[index],
            .from_pitch = stride,
            .row_bytes = dense ? bytes : plane.row_bytes,
            .rows = dense ? 1 : rows,
            .to = copies->offsets[index],
            .to_pitch = pitch,
        };
    }
    copies->bytes = copies->offsets[index] + bytes;
}

octet_status oct_cuda_place_frame(struct oct_cuda *cuda, const octet_frame *frame,
                                  bool in_host_memory, struct oct_cuda_planes *placed)
{
    const int planes = oct_frame_plane_count(frame->format);
    const bool in_place = in_host_memory && cuda->device.facts.integrated;
    struct copies copies = {0};
    octet_status status = OCTET_OK;
    for (int i = 0; i < planes; i++)
        plan_plane(&copies, frame, i);
    if (!in_place)
        status = make_room(cuda, copies.bytes);
    for (int i = 0; i < copies.count && !in_place && !status; i++)
        status = put(cuda, &copies.list[i]);
    for (int i = 0; i < planes; i++) {
        placed->planes[i] = in_place ? (oct_cuda_address)(uintptr_t)frame->planes[i]
                                     : cuda->input.source + copies.offsets[i];
        placed->strides[i] = (int32_t)(in_place ? frame->strides[i] : copies.pitches[i]);
    }
    return status;
}
