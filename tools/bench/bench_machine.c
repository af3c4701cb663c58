/* SPDX-License-Identifier: Apache-2.0 */
/* Tells what was measured on. */
#include "bench/bench_machine.h"

#include <stdio.h>

#include "app/gpu_text.h"
#include "app/terminal_text.h"

/* In units of `scale` 10^9, whose name is `unit`. */
static void print_peak(const char *of, const struct bench_peak *peak, const char *unit,
                       double scale)
{
    printf("peak of %s: %.1f %s int8, %.1f %s bf16 and %.1f %s fp32 multiply-adds a second", of,
           peak->int8_gmacs / scale, unit, peak->bf16_gmacs / scale, unit, peak->fp32_gmacs / scale,
           unit);
}

static void print_gpu(const struct bench_gpu *gpu)
{
    char state[GPU_STATE_BYTES];
    printf("%s: ", gpu->device);
    print_clean(gpu->gpu.name);
    printf(", kernels %s, compute capability %d.%d, %d multiprocessors\n", gpu->kernels,
           gpu->gpu.compute_major, gpu->gpu.compute_minor, gpu->gpu.multiprocessors);
    if (*gpu_state_text(&gpu->gpu, &gpu->state, state))
        printf("%s: %s\n", gpu->device, state);
    if (gpu->state.held_down_by[0])
        printf("%s: its clocks are held down by %s\n", gpu->device, gpu->state.held_down_by);
    if (!(gpu->peak.int8_gmacs > 0))
        return;
    print_peak(gpu->device, &gpu->peak, "T", 1e3);
    if (gpu->peak_clock_khz > 0)
        printf(", at %d MHz", thousands_of(gpu->peak_clock_khz));
    putchar('\n');
}

void machine_print(const struct bench_hardware *hardware)
{
    octet_machine machine;
    const char *set = hardware->kernels;
    octet_machine_get(&machine);
    printf("%s%s%s, %d core%s", machine.cpu, set ? ", kernels " : "", set ? set : "",
           machine.physical_cores, machine.physical_cores == 1 ? "" : "s");
    if (machine.cpu_quota > 0)
        printf(", CPU quota %.3g", machine.cpu_quota);
    putchar('\n');
    if (hardware->core.int8_gmacs > 0) {
        print_peak("one core", &hardware->core, "G", 1);
        putchar('\n');
    }
    for (size_t i = 0; i < hardware->gpu_count; i++)
        print_gpu(&hardware->gpus[i]);
}

static json_t *positive(double number)
{
    return number > 0 ? json_number(number) : json_null();
}

static json_t *positive_integer(int number)
{
    return number > 0 ? json_integer(number) : json_null();
}

static json_t *text_or_null(const char *text)
{
    return text && *text ? json_text(text) : json_null();
}

static void put_peak(json_t *json, const struct bench_peak *peak)
{
    json_put(json, "peak_int8_gmacs", positive(peak->int8_gmacs));
    json_put(json, "peak_half_gmacs", positive(peak->bf16_gmacs));
    json_put(json, "peak_fp32_gmacs", positive(peak->fp32_gmacs));
}

static json_t *gpu_json(const struct bench_gpu *gpu)
{
    char capability[32];
    json_t *one = json_new_object();
    const octet_gpu_state *state = &gpu->state;
    snprintf(capability, sizeof capability, "%d.%d", gpu->gpu.compute_major,
             gpu->gpu.compute_minor);
    json_put(one, "device", json_text(gpu->device));
    json_put(one, "name", json_text(gpu->gpu.name));
    json_put(one, "kernels", json_text(gpu->kernels));
    json_put(one, "compute_capability", json_text(capability));
    json_put(one, "multiprocessors", json_integer(gpu->gpu.multiprocessors));
    json_put(one, "clock_khz", json_integer(gpu->gpu.clock_khz));
    json_put(one, "clock_under_load_khz", positive_integer(state->clock_khz));
    json_put(one, "clock_limit_khz", positive_integer(state->clock_limit_khz));
    json_put(one, "held_down_by", text_or_null(state->held_down_by));
    json_put(one, "power_limit_mw", positive_integer(state->power_limit_mw));
    json_put(one, "power_default_mw", positive_integer(state->power_default_mw));
    json_put(one, "power_mode",
             state->power_mode >= 0 ? json_integer(state->power_mode) : json_null());
    json_put(one, "power_mode_name", text_or_null(state->power_mode_name));
    put_peak(one, &gpu->peak);
    json_put(one, "peak_clock_khz", positive_integer(gpu->peak_clock_khz));
    return one;
}

json_t *machine_json(const struct bench_hardware *hardware)
{
    octet_machine machine;
    json_t *json = json_new_object(), *gpus = json_new_array();
    octet_machine_get(&machine);
    json_put(json, "cpu", json_text(machine.cpu));
    json_put(json, "isa", text_or_null(hardware->kernels));
    json_put(json, "kernel_sets", json_text(machine.kernel_sets));
    json_put(json, "physical_cores", json_integer(machine.physical_cores));
    json_put(json, "cpu_quota", positive(machine.cpu_quota));
    put_peak(json, &hardware->core);
    for (size_t i = 0; i < hardware->gpu_count; i++)
        json_push(gpus, gpu_json(&hardware->gpus[i]));
    json_put(json, "gpus", gpus);
    return json;
}
