/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels that find boxes: their memory, and how they are launched. */
#include "runtime/backend/cuda/cuda_state.h"

#define GATHER_ANCHORS 32 /* of a block: head.cu */
#define GATHER_THREADS 128
#define BOX_THREADS 256
#define BOX_CANDIDATES 4  /* of a block at a time */
#define BOX_BLOCKS_MAX 64 /* of a slot: all that there usually is at once */

/* ---- memory ---- */

static octet_status find_kernels(struct oct_cuda *cuda)
{
    static const char *const names[OCT_CUDA_HEAD_KERNELS] = {
        [OCT_CUDA_HEAD_CLEAR] = "head_clear",
        [OCT_CUDA_HEAD_GATHER] = "head_gather",
        [OCT_CUDA_HEAD_BOXES] = "head_boxes",
    };
    octet_status status = OCTET_OK;
    for (int i = 0; i < OCT_CUDA_HEAD_KERNELS && !status; i++)
        status = oct_gpu_device_kernel(&cuda->device, names[i], 0, &cuda->head.functions[i]);
    return status;
}

/* Pinned memory has one address for the GPU and the host ("unified addressing": every system that
 * octet runs on). */
static octet_status allocate_told(struct oct_cuda *cuda)
{
    struct oct_cuda_head *head = &cuda->head;
    const size_t batch = (size_t)cuda->batch, counts = oct_align(batch * sizeof *head->told, 256);
    void *pinned = NULL;
    head->told_bytes =
        counts + batch * (size_t)head->parameters.capacity * sizeof *head->candidates;
    const octet_status status = oct_cuda_try(
        cuda, cuda->device.driver.allocate_host(&pinned, head->told_bytes, OCT_CUDA_HOST_MAPPED),
        "memory for boxes");
    if (status)
        return status;
    head->told = pinned;
    head->candidates = (void *)((char *)pinned + counts);
    head->parameters.told = (uint64_t)(uintptr_t)head->told;
    head->parameters.candidates = (uint64_t)(uintptr_t)head->candidates;
    return OCTET_OK;
}

static octet_status allocate_found(struct oct_cuda *cuda)
{
    struct oct_cuda_head *head = &cuda->head;
    const size_t batch = (size_t)cuda->batch;
    const size_t search = oct_align(oct_gpu_search_bytes(head->parameters.class_count), 256);
    const size_t counts = oct_align(batch * sizeof(uint32_t), 256);
    head->bytes =
        search + counts + batch * (size_t)head->parameters.capacity * sizeof(struct oct_gpu_found);
    const octet_status status = oct_cuda_try(
        cuda, cuda->device.driver.allocate(&head->memory, head->bytes), "memory for boxes");
    head->parameters.search = head->memory;
    head->parameters.counts = head->memory + search;
    head->parameters.found = head->memory + search + counts;
    return status;
}

/* Of any kind's head; no tensor is there yet. */
static int count_anchors(const struct oct_cuda *cuda)
{
    struct oct_head_view view = {.head = &cuda->network->head};
    for (int i = 0; i < view.head->output_count; i++) {
        const struct oct_network_size size = cuda->plan.layout.sizes[view.head->outputs[i].tensor];
        view.maps[i] = (struct oct_head_map){.height = size.height, .width = size.width};
    }
    return view.head->kind->anchor_count(&view);
}

static octet_status allocate_host(struct oct_cuda *cuda)
{
    struct oct_cuda_head *head = &cuda->head;
    const int anchors = count_anchors(cuda), classes = cuda->network->head.class_count;
    const size_t search = oct_gpu_search_bytes(classes);
    head->scratch.capacity = oct_select_capacity(anchors, classes);
    head->scratch.candidates = oct_arena_calloc(&cuda->arena, (size_t)head->scratch.capacity,
                                                sizeof *head->scratch.candidates);
    head->places = oct_arena_calloc(&cuda->arena, (size_t)anchors, sizeof *head->places);
    head->searched = oct_arena_calloc(&cuda->arena, (size_t)cuda->batch, sizeof *head->searched);
    head->search = oct_arena_calloc(&cuda->arena, search, 1);
    head->asked = oct_arena_calloc(&cuda->arena, search, 1);
    return head->scratch.candidates && head->places && head->searched && head->search && head->asked
               ? OCTET_OK
               : oct_fail_memory(cuda->ctx, "the session");
}

octet_status oct_cuda_open_head(struct oct_cuda *cuda)
{
    struct oct_cuda_head *head = &cuda->head;
    octet_detect_settings settings;
    octet_status status = allocate_host(cuda);
    head->on_gpu = oct_gpu_head_plan(&cuda->plan, &head->parameters);
    if (status || !head->on_gpu)
        return status;
    oct_gpu_head_bind(&head->parameters, cuda->activations);
    status = find_kernels(cuda);
    if (!status)
        status = allocate_found(cuda);
    if (!status)
        status = allocate_told(cuda);
    if (status)
        return status;
    oct_selection_settings(&cuda->network->head.selection, &settings);
    return oct_cuda_search(cuda, &settings);
}

void oct_cuda_close_head(struct oct_cuda *cuda)
{
    struct oct_cuda_head *head = &cuda->head;
    if (head->memory)
        cuda->device.driver.release(head->memory);
    if (head->told)
        cuda->device.driver.release_host(head->told);
}

/* ---- launches ---- */

/* A kernel's launch for `count` slots. */
static struct oct_cuda_kernel_node node_of(const struct oct_cuda *cuda, int kernel, int count,
                                           void **parameters)
{
    const struct oct_gpu_head *head = &cuda->head.parameters;
    const int boxes = (head->capacity + BOX_CANDIDATES - 1) / BOX_CANDIDATES;
    struct oct_cuda_kernel_node node = {
        .function = cuda->head.functions[kernel],
        .grid = {1, (unsigned)count, 1},
        .block = {1, 1, 1},
        .parameters = parameters,
    };
    switch (kernel) {
    case OCT_CUDA_HEAD_CLEAR:
        node.grid[1] = 1;
        node.block[0] = (unsigned)count;
        break;
    case OCT_CUDA_HEAD_GATHER:
        node.grid[0] = (unsigned)(head->anchors + GATHER_ANCHORS - 1) / GATHER_ANCHORS;
        node.block[0] = GATHER_THREADS;
        break;
    case OCT_CUDA_HEAD_BOXES:
        node.grid[0] = (unsigned)(boxes < BOX_BLOCKS_MAX ? boxes : BOX_BLOCKS_MAX);
        node.block[0] = BOX_THREADS;
        break;
    }
    return node;
}

octet_status oct_cuda_launch_head(struct oct_cuda *cuda, int first, int count)
{
    struct oct_gpu_head parameters = cuda->head.parameters;
    void *pointers[] = {&parameters};
    octet_status status = OCTET_OK;
    parameters.first = first;
    for (int i = 0; cuda->head.on_gpu && i < OCT_CUDA_HEAD_KERNELS && !status; i++) {
        const struct oct_cuda_kernel_node node = node_of(cuda, i, count, pointers);
        status = oct_cuda_launch(cuda, &node, "finding boxes");
    }
    return status;
}

static octet_status add_node(struct oct_cuda *cuda, int kernel, const oct_cuda_node *waits,
                             int wait_count, oct_cuda_node *added)
{
    void *pointers[] = {&cuda->head.parameters};
    const struct oct_cuda_kernel_node node = node_of(cuda, kernel, cuda->batch, pointers);
    return oct_cuda_add_node(cuda, waits, wait_count, &node, added);
}

octet_status oct_cuda_add_head(struct oct_cuda *cuda, const oct_cuda_node *steps,
                               oct_cuda_node *waits)
{
    oct_cuda_node cleared, gathered, boxes;
    int count = 0;
    if (!cuda->head.on_gpu)
        return OCTET_OK;
    octet_status status = add_node(cuda, OCT_CUDA_HEAD_CLEAR, NULL, 0, &cleared);
    for (int i = 0; i < cuda->plan.step_count; i++)
        for (int part = 0; part < cuda->parts && oct_gpu_head_waits(&cuda->plan, i); part++)
            waits[count++] = steps[part * cuda->plan.step_count + i];
    waits[count++] = cleared;
    if (!status)
        status = add_node(cuda, OCT_CUDA_HEAD_GATHER, waits, count, &gathered);
    return status ? status : add_node(cuda, OCT_CUDA_HEAD_BOXES, &gathered, 1, &boxes);
}
