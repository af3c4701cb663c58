/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about devices, contexts, modules and memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver_objects.h"

oct_cuda_result call_get_error_text(oct_cuda_result result, const char **text)
{
    ONE_AT_A_TIME;
    static const struct {
        int result;
        const char *text;
    } rows[] = {
        {0, "no error"},
        {RESULT_INVALID_VALUE, "invalid argument"},
        {RESULT_OUT_OF_MEMORY, "out of memory"},
        {RESULT_NO_DEVICE, "no CUDA-capable device is detected"},
        {RESULT_INVALID_DEVICE, "invalid device ordinal"},
        {RESULT_INVALID_CONTEXT, "invalid device context"},
        {RESULT_INVALID_HANDLE, "invalid resource handle"},
        {RESULT_NOT_FOUND, "named symbol not found"},
        {RESULT_ILLEGAL_ADDRESS, "an illegal memory access was encountered"},
        {RESULT_MISALIGNED_ADDRESS, "misaligned address"},
        {719, "unspecified launch failure"},
    };
    *text = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].result == result)
            *text = rows[i].text;
    return *text ? 0 : RESULT_INVALID_VALUE;
}

oct_cuda_result call_init(unsigned flags)
{
    ONE_AT_A_TIME;
    const int result = begin_call("cuInit");
    if (result)
        return result;
    if (flags)
        return RESULT_INVALID_VALUE;
    stand_in.is_started = stand_in.gpu_count > 0;
    return stand_in.is_started ? 0 : RESULT_NO_DEVICE;
}

oct_cuda_result call_get_version(int *version)
{
    ONE_AT_A_TIME;
    *version = stand_in.version;
    return begin_call("cuDriverGetVersion");
}

oct_cuda_result call_count_devices(int *count)
{
    ONE_AT_A_TIME;
    *count = stand_in.gpu_count;
    return begin_call("cuDeviceGetCount");
}

static int check_device(int device, int result)
{
    if (!result && (device < 0 || device >= stand_in.gpu_count))
        return RESULT_INVALID_DEVICE;
    return result;
}

oct_cuda_result call_get_device(oct_cuda_device *device, int index)
{
    ONE_AT_A_TIME;
    *device = index;
    return check_device(index, begin_call("cuDeviceGet"));
}

oct_cuda_result call_get_name(char *name, int size, oct_cuda_device device)
{
    ONE_AT_A_TIME;
    const int result = check_device(device, begin_call("cuDeviceGetName"));
    if (!result)
        snprintf(name, (size_t)size, "%s", stand_in.gpus[device].name);
    return result;
}

oct_cuda_result call_get_attribute(int *value, int attribute, oct_cuda_device device)
{
    ONE_AT_A_TIME;
    const int result = check_device(device, begin_call("cuDeviceGetAttribute"));
    if (result)
        return result;
    const struct stand_in_gpu *gpu = &stand_in.gpus[device];
    const struct {
        int attribute, value;
    } rows[] = {
        {OCT_CUDA_CLOCK_KHZ, STAND_IN_CLOCK_KHZ},
        {OCT_CUDA_MULTIPROCESSORS, gpu->multiprocessors},
        {OCT_CUDA_INTEGRATED, gpu->integrated},
        {OCT_CUDA_MEMORY_CLOCK_KHZ, 3199000},
        {OCT_CUDA_L2_BYTES, 2 << 20},
        {OCT_CUDA_MAJOR, gpu->major},
        {OCT_CUDA_MINOR, gpu->minor},
        {OCT_CUDA_SHARED_BYTES_A_MULTIPROCESSOR, gpu->shared_bytes_a_multiprocessor},
        {OCT_CUDA_SHARED_BYTES_A_BLOCK, gpu->shared_bytes_a_block},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].attribute == attribute) {
            *value = rows[i].value;
            return 0;
        }
    return complain(RESULT_INVALID_VALUE, "attribute %d is not known", attribute);
}

oct_cuda_result call_get_memory(size_t *bytes, oct_cuda_device device)
{
    ONE_AT_A_TIME;
    const int result = check_device(device, begin_call("cuDeviceTotalMem_v2"));
    if (!result)
        *bytes = stand_in.gpus[device].memory_bytes;
    return result;
}

oct_cuda_result call_get_bus_id(char *text, int size, oct_cuda_device device)
{
    const int result = check_device(device, begin_call("cuDeviceGetPCIBusId"));
    if (!result)
        snprintf(text, (size_t)size, "0000:%02x:00.0", device + 1);
    return result;
}

/* ---- contexts ---- */

oct_cuda_result call_retain_context(oct_cuda_context *context, oct_cuda_device device)
{
    ONE_AT_A_TIME;
    const int result = check_device(device, begin_call("cuDevicePrimaryCtxRetain"));
    if (result)
        return result;
    *context = &stand_in.contexts[device];
    (*context)->retained++;
    return 0;
}

/* The last one's end is that of all there is. */
oct_cuda_result call_release_context(oct_cuda_device device)
{
    ONE_AT_A_TIME;
    const int result = begin_call("cuDevicePrimaryCtxRelease_v2");
    if (device < 0 || device >= STAND_IN_GPUS_MAX || stand_in.contexts[device].retained == 0)
        return complain(RESULT_INVALID_CONTEXT, "a context is released that is not held");
    if (--stand_in.contexts[device].retained == 0 && stand_in.contexts[1 - device].retained == 0) {
        stand_in.leaked += remove_all_objects() + memory_release_all();
        stand_in.lost = 0;
    }
    return result;
}

oct_cuda_result call_push_context(oct_cuda_context context)
{
    ONE_AT_A_TIME;
    const int result = begin_call("cuCtxPushCurrent_v2");
    if (result)
        return result;
    if (!context || context->retained == 0 ||
        stand_in_thread.depth ==
            (int)(sizeof stand_in_thread.stack / sizeof *stand_in_thread.stack))
        return complain(RESULT_INVALID_CONTEXT, "a context is pushed that is not held");
    stand_in_thread.stack[stand_in_thread.depth++] = context;
    return 0;
}

oct_cuda_result call_pop_context(oct_cuda_context *context)
{
    ONE_AT_A_TIME;
    const int result = begin_call("cuCtxPopCurrent_v2");
    if (stand_in_thread.depth == 0)
        return complain(RESULT_INVALID_CONTEXT, "no context to pop");
    *context = stand_in_thread.stack[--stand_in_thread.depth];
    return result;
}

/* ---- modules ---- */

oct_cuda_result call_load_module(oct_cuda_module *module, const void *image)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuModuleLoadData");
    if (result)
        return result;
    *module = add_object(OBJECT_MODULE, sizeof **module);
    if (!*module)
        return RESULT_OUT_OF_MEMORY;
    (*module)->name = image; /* the tests' images are their names */
    return 0;
}

oct_cuda_result call_unload_module(oct_cuda_module module)
{
    ONE_AT_A_TIME;
    return destroy_object(module, OBJECT_MODULE, "cuModuleUnload");
}

oct_cuda_result call_get_function(oct_cuda_function *function, oct_cuda_module module,
                                  const char *name)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuModuleGetFunction");
    if (result || !is_object(module, OBJECT_MODULE, "cuModuleGetFunction"))
        return result ? result : RESULT_INVALID_HANDLE;
    const struct emulated_kernel *kernel = find_emulated_kernel(name);
    if (!kernel || strcmp(kernel->module, module->name) != 0)
        return complain(RESULT_NOT_FOUND, "no kernel \"%s\" in module \"%s\"", name, module->name);
    for (struct object *o = stand_in.objects; o; o = o->next) {
        *function = (oct_cuda_function)o;
        if (o->kind == OBJECT_FUNCTION && (*function)->module == module &&
            (*function)->kernel == kernel)
            return 0;
    }
    *function = add_object(OBJECT_FUNCTION, sizeof **function);
    if (!*function)
        return RESULT_OUT_OF_MEMORY;
    (*function)->module = module;
    (*function)->kernel = kernel;
    (*function)->shared_bytes = (48 << 10) - (int)kernel->static_shared_bytes;
    return 0;
}

oct_cuda_result call_set_function(oct_cuda_function function, int attribute, int value)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuFuncSetAttribute");
    if (result || !is_object(function, OBJECT_FUNCTION, "cuFuncSetAttribute"))
        return result ? result : RESULT_INVALID_HANDLE;
    if (attribute != OCT_CUDA_FUNCTION_SHARED_BYTES || value < 0 ||
        value + (int)function->kernel->static_shared_bytes > current_gpu()->shared_bytes_a_block)
        return complain(RESULT_INVALID_VALUE, "%s: %d bytes of shared memory asked for",
                        function->kernel->name, value);
    function->shared_bytes = value;
    return 0;
}

/* Kernels are compiled for GPUs of 8.0 and 9.0, as it were. */
oct_cuda_result call_ask_function(int *value, int attribute, oct_cuda_function function)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuFuncGetAttribute");
    if (result || !is_object(function, OBJECT_FUNCTION, "cuFuncGetAttribute"))
        return result ? result : RESULT_INVALID_HANDLE;
    if (attribute != OCT_CUDA_FUNCTION_PTX_VERSION)
        return complain(RESULT_INVALID_VALUE, "attribute %d of a kernel", attribute);
    *value = current_gpu()->major < 9 ? 80 : 90;
    return 0;
}

/* ---- memory ---- */

oct_cuda_result call_allocate(oct_cuda_address *address, size_t bytes)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuMemAlloc_v2");
    if (result)
        return result;
    if (bytes == 0)
        return complain(RESULT_INVALID_VALUE, "0 bytes allocated");
    if (bytes > current_gpu()->memory_bytes - memory_bytes_in_use())
        return RESULT_OUT_OF_MEMORY;
    *address = memory_allocate(bytes);
    return *address ? 0 : RESULT_OUT_OF_MEMORY;
}

oct_cuda_result call_release(oct_cuda_address address)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuMemFree_v2");
    const int drained = drain_all();
    const int released = memory_release(address);
    return result ? result : drained ? drained : released;
}

oct_cuda_result call_allocate_host(void **memory, size_t bytes, unsigned flags)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuMemHostAlloc");
    if (result)
        return result;
    if (bytes == 0 || !(flags & OCT_CUDA_HOST_MAPPED) ||
        flags & ~(OCT_CUDA_HOST_MAPPED | OCT_CUDA_HOST_PORTABLE))
        return complain(RESULT_INVALID_VALUE, "%zu bytes of host memory, flags %u", bytes, flags);
    *memory = (void *)(uintptr_t)memory_allocate(bytes); /* which kernels may reach */
    stand_in.host_allocations += *memory != NULL;
    return *memory ? 0 : RESULT_OUT_OF_MEMORY;
}

oct_cuda_result call_release_host(void *memory)
{
    ONE_AT_A_TIME;
    const int result = begin_in_context("cuMemFreeHost");
    const int drained = drain_all();
    const int released = memory_release((uint64_t)(uintptr_t)memory);
    stand_in.host_allocations -= !released;
    return result ? result : drained ? drained : released;
}
