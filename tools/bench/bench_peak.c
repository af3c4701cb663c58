/* SPDX-License-Identifier: Apache-2.0 */
/* Finds what models ran on, measures its peaks, and which of them is whose. */
#include "bench/bench_peak.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/device.h"

static struct bench_gpu *find_gpu(const struct bench_hardware *hardware,
                                  const struct bench_model *model)
{
    for (size_t i = 0; i < hardware->gpu_count; i++)
        if (strcmp(hardware->gpus[i].device, bench_device(model)) == 0)
            return &hardware->gpus[i];
    return NULL;
}

/* What cannot be found out any more is not told. */
static void add_gpu(struct app *app, const struct bench_model *model,
                    struct bench_hardware *hardware)
{
    struct bench_gpu gpu = {.device = bench_device(model),
                            .kernels = octet_session_cpu(model->sessions[0])};
    const int index = device_gpu(model->device);
    if (octet_machine_gpu(app->context, index, &gpu.gpu) != OCTET_OK)
        return;
    octet_machine_gpu_state(app->context, index, &gpu.state);
    hardware->gpus[hardware->gpu_count++] = gpu;
}

void bench_hardware_find(struct app *app, const struct bench_model *models, size_t count,
                         struct bench_hardware *hardware)
{
    *hardware = (struct bench_hardware){.gpus = app_alloc(count, sizeof *hardware->gpus)};
    for (size_t i = 0; i < count; i++)
        if (!bench_is_on_cpu(&models[i]) && !find_gpu(hardware, &models[i]))
            add_gpu(app, &models[i], hardware);
        else if (bench_is_on_cpu(&models[i]) && !hardware->kernels)
            hardware->kernels = octet_session_cpu(models[i].sessions[0]);
}

int bench_hardware_measure(struct app *app, struct bench_hardware *hardware)
{
    struct bench_peak *core = &hardware->core;
    octet_gpu_peak peak;
    octet_status status = OCTET_OK;
    if (hardware->kernels)
        status = octet_machine_peak(app->context, app->cpu, &core->int8_gmacs, &core->bf16_gmacs,
                                    &core->fp32_gmacs);
    for (size_t i = 0; i < hardware->gpu_count && status == OCTET_OK; i++) {
        struct bench_gpu *gpu = &hardware->gpus[i];
        status = octet_machine_gpu_peak(app->context, device_gpu(gpu->device), &peak);
        gpu->peak = (struct bench_peak){peak.int8_gmacs, peak.bf16_gmacs, peak.fp32_gmacs};
        gpu->peak_clock_khz = peak.clock_khz;
    }
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(app, status, octet_context_message(app->context));
}

void bench_hardware_free(struct bench_hardware *hardware)
{
    free(hardware->gpus);
    *hardware = (struct bench_hardware){0};
}

double fraction_of_peak(const struct bench_hardware *hardware, const struct bench_model *model,
                        octet_precision precision, double multiply_adds, double ms)
{
    const struct bench_gpu *gpu = find_gpu(hardware, model);
    const struct bench_peak *peak = bench_is_on_cpu(model) ? &hardware->core
                                    : gpu                  ? &gpu->peak
                                                           : &(struct bench_peak){0};
    double gmacs = precision == OCTET_PRECISION_FP32   ? peak->fp32_gmacs
                   : precision == OCTET_PRECISION_BF16 ? peak->bf16_gmacs
                                                       : peak->int8_gmacs;
    if (bench_is_on_cpu(model))
        gmacs *= octet_session_threads(model->sessions[0]);
    return multiply_adds > 0 && ms > 0 && gmacs > 0 ? multiply_adds / (ms * 1e6 * gmacs) : NAN;
}
