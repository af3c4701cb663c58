/* SPDX-License-Identifier: Apache-2.0 */
/* The most that a processor's core, or a GPU, can do, by which models and layers are measured. */
#ifndef TOOLS_BENCH_PEAK_H
#define TOOLS_BENCH_PEAK_H

#include "bench/bench_model.h"

/* Of one core or a whole GPU, 10^9 multiply-adds a second; 0: not measured. */
struct bench_peak {
    double int8_gmacs, bf16_gmacs, fp32_gmacs;
};

/* A GPU that models ran on. */
struct bench_gpu {
    const char *device; /* as bench_device() says it */
    const char *kernels;
    octet_gpu gpu;
    octet_gpu_state state;
    struct bench_peak peak;
    int peak_clock_khz;
};

/* What models ran on. */
struct bench_hardware {
    const char *kernels; /* of the processor; NULL: nothing ran on it */
    struct bench_peak core;
    struct bench_gpu *gpus; /* by their devices' words: one GPU may have two */
    size_t gpu_count;
};

/* Which GPUs the models ran on and what they are like while they work: right after the runs. */
void bench_hardware_find(struct app *app, const struct bench_model *models, size_t count,
                         struct bench_hardware *hardware);
/* Measures the peaks of what they ran on. Returns a status. */
int bench_hardware_measure(struct app *app, struct bench_hardware *hardware);
void bench_hardware_free(struct bench_hardware *hardware);

/* The fraction of the peak of all that a session of the model has (cores, or the GPU) that
 * `multiply_adds` of a precision in `ms` are; NAN where that is not known. */
double fraction_of_peak(const struct bench_hardware *hardware, const struct bench_model *model,
                        octet_precision precision, double multiply_adds, double ms);

#endif
