/* SPDX-License-Identifier: Apache-2.0 */
/* Times the kernels' register-only loops, which do nothing but multiply and add. */
#include "runtime/backend/cpu/peak.h"

#include <time.h>

#include "runtime/backend/cpu/kernels/kernels.h"

#define PEAK_TRIES 5
#define PEAK_TRY_SECONDS 0.02

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The best of several tries, in 10^9 multiply-adds a second: noise only ever slows. */
static double measure(uint64_t (*burn)(uint64_t rounds))
{
    uint64_t rounds = 1000;
    double best = 0.0;
    for (;;) { /* long enough for the clock, and for the processor to reach its speed */
        const double start = seconds();
        burn(rounds);
        if (seconds() - start > PEAK_TRY_SECONDS || rounds > UINT64_MAX / 4)
            break;
        rounds *= 2;
    }
    for (int i = 0; i < PEAK_TRIES; i++) {
        const double start = seconds();
        const double done = (double)burn(rounds);
        const double rate = done / (seconds() - start) * 1e-9;
        best = rate > best ? rate : best;
    }
    return best;
}

struct oct_cpu_peak oct_cpu_measure_peak(unsigned sets)
{
    struct oct_kernels kernels;
    oct_kernels_fill(&kernels, oct_cpu_enable(sets));
    struct oct_cpu_peak peak = {.int8 = measure(kernels.burn_u8)};
    peak.fp32 = measure(kernels.burn_f32);
    peak.bf16 = kernels.half_storage != OCT_TYPE_F32 ? measure(kernels.burn_half) : peak.fp32;
    return peak;
}
