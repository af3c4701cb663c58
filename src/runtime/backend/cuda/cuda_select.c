/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes of a slot: of the candidates that the GPU has found, or, where it cannot or there are more
 * than it keeps, of the head's tensors. Either way they are the same. */
#include <string.h>

#include "runtime/backend/cuda/cuda_state.h"

/* ---- what is searched for ---- */

/* Has the GPU search for what these settings ask for, from the next launch on. */
octet_status oct_cuda_search(struct oct_cuda *cuda, const octet_detect_settings *settings)
{
    struct oct_cuda_head *head = &cuda->head;
    const int classes = cuda->network->head.class_count;
    const size_t bytes = oct_gpu_search_bytes(classes);
    oct_gpu_search_make(settings, classes, head->asked);
    if (head->number && memcmp(head->asked, head->search, bytes) == 0)
        return OCTET_OK;
    memcpy(head->search, head->asked, bytes);
    head->number = 0;
    const octet_status status = oct_cuda_try(
        cuda,
        cuda->device.driver.copy_in(head->parameters.search, head->search, bytes, cuda->stream),
        "asking for boxes");
    if (!status)
        head->number = ++head->last_number;
    return status;
}

void oct_cuda_lists_lost(struct oct_cuda *cuda, int first, int count)
{
    for (int slot = first; slot < first + count; slot++)
        cuda->head.searched[slot] = 0;
}

void oct_cuda_lists_made(struct oct_cuda *cuda, int first, int count)
{
    for (int slot = first; slot < first + count; slot++)
        cuda->head.searched[slot] = cuda->head.number;
}

static bool is_searched(const struct oct_cuda *cuda, int slot)
{
    return cuda->head.number && cuda->head.searched[slot] == cuda->head.number;
}

/* The slot's list, where the run did not make it, or made another. */
static octet_status search_slot(struct oct_cuda *cuda, int slot)
{
    const octet_status status = oct_cuda_launch_head(cuda, slot, 1);
    const octet_status done =
        oct_cuda_try(cuda, cuda->device.driver.wait_stream(cuda->stream), "finding boxes");
    if (!status && !done)
        oct_cuda_lists_made(cuda, slot, 1);
    return status ? status : done;
}

static octet_status find_candidates(struct oct_cuda *cuda, int slot,
                                    const octet_detect_settings *settings)
{
    octet_status status = oct_gpu_device_enter(&cuda->device);
    if (status)
        return status;
    status = oct_cuda_search(cuda, settings);
    if (!status && !is_searched(cuda, slot))
        status = search_slot(cuda, slot);
    oct_gpu_device_leave(&cuda->device);
    return status;
}

/* ---- boxes ---- */

static octet_status select_on_host(struct oct_cuda *cuda, int slot,
                                   const octet_detect_settings *settings,
                                   octet_detection *detections, int most, int *count)
{
    struct oct_head_view view = {.head = &cuda->network->head};
    octet_status status = OCTET_OK;
    for (int i = 0; i < view.head->output_count && !status; i++) {
        octet_tensor_view from;
        status = oct_cuda_tensor(cuda, slot, view.head->outputs[i].tensor, &from);
        if (!status)
            view.maps[i] = (struct oct_head_map){from.data, from.row_elements, from.pixel_elements,
                                                 from.height, from.width};
    }
    if (!status)
        *count = view.head->kind->select(&view, settings, &cuda->head.scratch, detections, most);
    return status;
}

octet_status oct_cuda_select(void *state, int slot, const octet_detect_settings *settings,
                             octet_detection *detections, int most, int *count)
{
    struct oct_cuda *cuda = state;
    struct oct_cuda_head *head = &cuda->head;
    octet_status status = OCTET_OK;
    if (head->on_gpu)
        status = find_candidates(cuda, slot, settings);
    if (status)
        return status;
    if (!head->on_gpu || head->told[slot] > (uint32_t)head->parameters.capacity)
        return select_on_host(cuda, slot, settings, detections, most, count);
    const struct oct_gpu_candidates candidates = {
        head->candidates + (size_t)slot * (size_t)head->parameters.capacity, (int)head->told[slot],
        head->places};
    *count = oct_gpu_candidates_select(&candidates, settings, &head->scratch, detections, most);
    return OCTET_OK;
}
