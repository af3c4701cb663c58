/* SPDX-License-Identifier: Apache-2.0 */
/* The machine and its peak: the calls of octet/machine.h. */
#include <octet/machine.h>

#include <stdio.h>
#include <string.h>

#include "base/cores.h"
#include "runtime/backend/cpu/kernels/kernels.h"
#include "runtime/backend/cpu/peak.h"
#include "runtime/backend/cuda_library.h"
#include "runtime/session/find_backend.h"

void octet_machine_get(octet_machine *machine)
{
    if (!machine)
        return;
    memset(machine, 0, sizeof *machine);
    oct_cpu_name(machine->cpu, (int)sizeof machine->cpu);
    machine->physical_cores = oct_cores_usable();
    machine->cpu_quota = oct_cores_quota("");
    machine->big_cores = oct_cores_big();
    machine->threads = oct_cores_threads(machine->big_cores, machine->cpu_quota);
    const unsigned sets = oct_cpu_sets();
    size_t used = 0;
    for (unsigned set = 1; set && set <= sets; set <<= 1) {
        const char *name = sets & set ? oct_cpu_set_name(set) : NULL;
        if (!name)
            continue;
        used += (size_t)snprintf(machine->kernel_sets + used, sizeof machine->kernel_sets - used,
                                 "%s%s", used ? " " : "", name);
    }
    struct oct_kernels kernels;
    oct_kernels_fill(&kernels, sets);
    snprintf(machine->best, sizeof machine->best, "%s", kernels.set);
}

octet_status octet_machine_peak(octet_context *context, const char *cpu, double *int8_gmacs,
                                double *bf16_gmacs, double *fp32_gmacs)
{
    unsigned sets;
    if (!context || !int8_gmacs || !bf16_gmacs || !fp32_gmacs)
        return oct_fail_null(context, __func__, "int8_gmacs, bf16_gmacs and fp32_gmacs");
    const octet_status status = oct_cpu_parse(context, cpu, &sets);
    if (status)
        return status;
    const struct oct_cpu_peak peak = oct_cpu_measure_peak(sets);
    *int8_gmacs = peak.int8;
    *bf16_gmacs = peak.bf16;
    *fp32_gmacs = peak.fp32;
    return OCTET_OK;
}

octet_status octet_machine_device(const char *device, int *gpu)
{
    if (!gpu || !oct_device_parse(device, gpu))
        return OCTET_INVALID_ARGUMENT;
    return OCTET_OK;
}

/* The CUDA library, for GPU `index`. `told` is what a call fills, NULL where that was given. */
static octet_status open_library(octet_context *context, const char *function, int index,
                                 const void *told, const char *name,
                                 const struct oct_cuda_library **library)
{
    if (!context || !told)
        return oct_fail_null(context, function, name);
    if (index < 0 || index >= OCTET_GPUS_MAX)
        return oct_fail(context, OCTET_INVALID_ARGUMENT, "GPU %d: must be 0 to %d", index,
                        OCTET_GPUS_MAX - 1);
    return oct_cuda_library_open(context, library);
}

octet_status octet_machine_gpu(octet_context *context, int index, octet_gpu *gpu)
{
    const struct oct_cuda_library *library;
    if (gpu)
        memset(gpu, 0, sizeof *gpu);
    const octet_status status = open_library(context, __func__, index, gpu, "gpu", &library);
    return status ? status : library->describe(context, index, gpu);
}

octet_status octet_machine_gpu_peak(octet_context *context, int index, octet_gpu_peak *peak)
{
    const struct oct_cuda_library *library;
    if (peak)
        memset(peak, 0, sizeof *peak);
    const octet_status status = open_library(context, __func__, index, peak, "peak", &library);
    return status ? status : library->peak(context, index, peak);
}

octet_status octet_machine_gpu_state(octet_context *context, int index, octet_gpu_state *state)
{
    const struct oct_cuda_library *library;
    if (state)
        *state = (octet_gpu_state){.power_mode = -1};
    const octet_status status = open_library(context, __func__, index, state, "state", &library);
    return status ? status : library->state(context, index, state);
}
