/* SPDX-License-Identifier: Apache-2.0 */
/* The most that a GPU does, its clock while it works, and what holds that down. */
#include "runtime/backend/cuda/gpu_state.h"

#include "runtime/backend/cuda/gpu_burn.h"
#include "runtime/backend/cuda/jetson_files.h"
#include "runtime/backend/cuda/nvml.h"

#define PEAK_TRIES 5
#define STATE_TRIES 2
#define LOOPS_ASKED 3 /* while NVML is asked */

/* A GPU on which loops can run. */
struct burning {
    struct oct_gpu_device device;
    struct oct_gpu_burner burner;
};

static octet_status begin(octet_context *ctx, int index, struct burning *burning)
{
    *burning = (struct burning){0};
    octet_status status = oct_gpu_device_open(ctx, index, &burning->device);
    if (status)
        return status;
    burning->burner.device = &burning->device;
    status = oct_gpu_device_enter(&burning->device);
    return status ? status : oct_gpu_burner_open(&burning->device, &burning->burner);
}

static void end(struct burning *burning)
{
    if (burning->device.is_entered)
        oct_gpu_burner_close(&burning->burner);
    oct_gpu_device_leave(&burning->device);
    oct_gpu_device_close(&burning->device);
}

octet_status oct_gpu_measure_peak(octet_context *ctx, int index, octet_gpu_peak *peak)
{
    struct burning burning;
    struct oct_gpu_burnt burnt = {0};
    double *const gmacs[] = {
        [OCT_GPU_BURN_U8] = &peak->int8_gmacs,
        [OCT_GPU_BURN_BF16] = &peak->bf16_gmacs,
        [OCT_GPU_BURN_F32] = &peak->fp32_gmacs,
    };
    octet_status status = begin(ctx, index, &burning);
    for (int kind = OCT_GPU_BURN_U8; kind <= OCT_GPU_BURN_F32 && !status; kind++) {
        status = oct_gpu_burn(&burning.burner, (enum oct_gpu_burn_kind)kind, PEAK_TRIES, &burnt);
        *gmacs[kind] = burnt.gmacs;
        if (kind == OCT_GPU_BURN_U8)
            peak->clock_khz = (int)(burnt.clock_khz + 0.5);
    }
    end(&burning);
    return status;
}

/* What NVML tells while the GPU works: idle, nothing holds its clocks down. */
static octet_status read_nvml(struct burning *burning, octet_gpu_state *state)
{
    char bus_id[32];
    struct oct_nvml nvml;
    octet_status status = OCTET_OK;
    if (burning->device.driver.get_bus_id(bus_id, (int)sizeof bus_id, burning->device.device))
        return OCTET_OK;
    oct_nvml_open(&nvml, bus_id);
    for (int i = 0; i < LOOPS_ASKED && !status && nvml.device; i++)
        status = oct_gpu_burner_go_on(&burning->burner);
    oct_nvml_read(&nvml, state);
    const octet_status waited = oct_gpu_burner_wait(&burning->burner);
    oct_nvml_close(&nvml);
    return status ? status : waited;
}

octet_status oct_gpu_find_state(octet_context *ctx, int index, octet_gpu_state *state)
{
    struct burning burning;
    struct oct_gpu_burnt burnt = {0};
    state->power_mode = -1;
    octet_status status = begin(ctx, index, &burning);
    if (!status)
        status = oct_gpu_burn(&burning.burner, OCT_GPU_BURN_U8, STATE_TRIES, &burnt);
    state->clock_khz = (int)(burnt.clock_khz + 0.5);
    if (!status && burning.device.facts.integrated)
        oct_jetson_read("", state);
    else if (!status)
        status = read_nvml(&burning, state);
    end(&burning);
    return status;
}
