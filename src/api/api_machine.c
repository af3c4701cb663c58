/* SPDX-License-Identifier: Apache-2.0 */
/* The machine and its peak: the calls of octet/machine.h. */
#include <octet/machine.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cores.h"
#include "runtime/backend/cpu/kernels/kernels.h"

#define PEAK_TRIES 5
#define PEAK_TRY_SECONDS 0.02

void octet_machine_get(octet_machine *machine)
{
    if (!machine)
        return;
    memset(machine, 0, sizeof *machine);
    oct_cpu_name(machine->cpu, (int)sizeof machine->cpu);
    machine->physical_cores = oct_cores_usable();
    machine->cpu_quota = oct_cores_quota("");
    machine->threads = oct_cores_threads(machine->physical_cores, machine->cpu_quota);
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

octet_status octet_machine_peak(octet_context *context, const char *cpu, double *int8_gmacs,
                                double *bf16_gmacs, double *fp32_gmacs)
{
    unsigned sets;
    struct oct_kernels kernels;
    if (!context || !int8_gmacs || !bf16_gmacs || !fp32_gmacs)
        return oct_fail_null(context, __func__, "int8_gmacs, bf16_gmacs and fp32_gmacs");
    const octet_status status = oct_cpu_parse(context, cpu, &sets);
    if (status)
        return status;
    oct_kernels_fill(&kernels, oct_cpu_enable(sets));
    *int8_gmacs = measure(kernels.burn_u8);
    *fp32_gmacs = measure(kernels.burn_f32);
    *bf16_gmacs = kernels.bf16_storage == OCT_TYPE_BF16 ? measure(kernels.burn_bf16) : *fp32_gmacs;
    return OCTET_OK;
}
