/* SPDX-License-Identifier: Apache-2.0 */
/* peak.cu: nothing comes of its loops but the time that they take. */
#include "emulation.h"
#include "gpu/support/stand_in_driver.h"

#define QUARTERS 4 /* of a multiprocessor, each with matrix hardware of its own */

double emulated_burn_ms(const struct emulated_kernel *kernel, const struct emulated_launch *launch,
                        int multiprocessors)
{
    const struct oct_gpu_burn *p = launch->parameters;
    const double warps = (double)launch->grid[0] * (launch->block[0] / 32);
    const double products = (double)p->rounds * OCT_GPU_BURN_STEPS * OCT_GPU_BURN_CHAINS;
    return warps * products * kernel->cycles / (QUARTERS * multiprocessors) / STAND_IN_CLOCK_KHZ;
}

void emulate_burn(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const struct oct_gpu_burn *p = launch->parameters;
    (void)kernel;
    if (p->rounds < 1)
        stop(RESULT_INVALID_VALUE, "%d rounds", p->rounds);
    struct oct_gpu_clock *clock = gpu_write(p->clock, sizeof *clock, 8);
    clock->nanoseconds = (uint64_t)p->rounds * 1000000;
    clock->cycles = (uint64_t)p->rounds * STAND_IN_CLOCK_KHZ;
    if (p->sums)
        gpu_write(p->sums, (size_t)launch->grid[0] * launch->block[0] * 4, 4);
}
