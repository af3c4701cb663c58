/* SPDX-License-Identifier: Apache-2.0 */
/* Whether octet itself runs on this machine's GPU: what its CUDA half finds. */
#include "doctor/doctor.h"

static void tell_gpu(struct group *group, const octet_gpu *gpu)
{
    if (gpu->name[0])
        group_fact(group, "name", "%s", gpu->name);
    if (gpu->compute_major)
        group_fact(group, "compute_capability", "%d.%d", gpu->compute_major, gpu->compute_minor);
    const struct {
        const char *key;
        size_t number;
    } numbers[] = {
        {"multiprocessors", (size_t)gpu->multiprocessors},
        {"clock_khz", (size_t)gpu->clock_khz},
        {"memory_clock_khz", (size_t)gpu->memory_clock_khz},
        {"memory_bytes", gpu->memory_bytes},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].number)
            group_number(group, numbers[i].key, (long long)numbers[i].number);
    if (gpu->driver_version)
        group_fact(group, "cuda_of_the_driver", "%d.%d", gpu->driver_version / 1000,
                   gpu->driver_version % 1000 / 10);
}

static void tell_state(struct group *group, const octet_gpu_state *state)
{
    const struct {
        const char *key;
        int number;
    } numbers[] = {
        {"clock_under_load_khz", state->clock_khz},
        {"clock_limit_khz", state->clock_limit_khz},
        {"power_limit_mw", state->power_limit_mw},
        {"power_limit_by_default_mw", state->power_default_mw},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].number > 0)
            group_number(group, numbers[i].key, numbers[i].number);
    if (state->power_mode >= 0 && state->power_mode_name[0])
        group_fact(group, "power_mode", "%d (%s)", state->power_mode, state->power_mode_name);
    else if (state->power_mode >= 0)
        group_fact(group, "power_mode", "%d", state->power_mode);
    if (state->held_down_by[0])
        group_advise(group, VERDICT_NOTE, "the GPU's clocks are held down by %s",
                     state->held_down_by);
    if (state->power_limit_mw > 0 && state->power_limit_mw < state->power_default_mw)
        group_advise(group, VERDICT_NOTE,
                     "the GPU's power limit is below its own: sudo nvidia-smi -pl %d sets that",
                     state->power_default_mw / 1000);
}

bool doctor_octet(struct doctor *doctor, struct group *group, bool expected)
{
    octet_gpu gpu;
    if (doctor->recorded)
        return false;
    octet_context *context = doctor->app->context;
    const bool runs = octet_machine_gpu(context, 0, &gpu) == OCTET_OK;
    if (!runs && !expected)
        return false;
    tell_gpu(group, &gpu);
    octet_gpu_state state;
    if (runs && octet_machine_gpu_state(context, 0, &state) == OCTET_OK)
        tell_state(group, &state);
    if (runs)
        group_fact(group, "octet_runs_on_gpu", "yes");
    else
        group_fact(group, "octet_runs_on_gpu", "no: %s", octet_context_message(context));
    return runs;
}
