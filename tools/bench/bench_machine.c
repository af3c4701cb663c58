/* SPDX-License-Identifier: Apache-2.0 */
/* Tells what was measured on. */
#include "bench/bench_machine.h"

#include <stdio.h>
#include <string.h>

#include "app/device.h"

/* The kernel set of the first model that ran on the processor, or NULL. */
static const char *kernel_set(const struct bench_model *models, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bench_is_on_cpu(&models[i]))
            return octet_session_cpu(models[i].sessions[0]);
    return NULL;
}

/* The GPU of a model, where no model before it ran on the same. */
static bool next_gpu(struct app *app, const struct bench_model *models, size_t index,
                     octet_gpu *gpu)
{
    if (bench_is_on_cpu(&models[index]))
        return false;
    for (size_t i = 0; i < index; i++)
        if (strcmp(bench_device(&models[i]), bench_device(&models[index])) == 0)
            return false;
    return octet_machine_gpu(app->context, device_gpu(models[index].device), gpu) == OCTET_OK;
}

void machine_print(struct app *app, const struct bench_model *models, size_t count,
                   const struct bench_peak *peak)
{
    octet_machine machine;
    octet_gpu gpu;
    const char *set = kernel_set(models, count);
    octet_machine_get(&machine);
    printf("%s%s%s, %d core%s", machine.cpu, set ? ", kernels " : "", set ? set : "",
           machine.physical_cores, machine.physical_cores == 1 ? "" : "s");
    if (machine.cpu_quota > 0)
        printf(", CPU quota %.3g", machine.cpu_quota);
    putchar('\n');
    if (peak->int8_gmacs > 0)
        printf(
            "peak of one core: %.1f G int8, %.1f G bf16 and %.1f G fp32 multiply-adds a second\n",
            peak->int8_gmacs, peak->bf16_gmacs, peak->fp32_gmacs);
    for (size_t i = 0; i < count; i++)
        if (next_gpu(app, models, i, &gpu))
            printf("%s: %s, kernels %s, compute capability %d.%d, %d multiprocessors\n",
                   bench_device(&models[i]), gpu.name, octet_session_cpu(models[i].sessions[0]),
                   gpu.compute_major, gpu.compute_minor, gpu.multiprocessors);
}

static json_t *positive(double number)
{
    return number > 0 ? json_number(number) : json_null();
}

static json_t *gpus_json(struct app *app, const struct bench_model *models, size_t count)
{
    json_t *list = json_new_array();
    octet_gpu gpu;
    for (size_t i = 0; i < count; i++) {
        if (!next_gpu(app, models, i, &gpu))
            continue;
        char capability[32];
        json_t *one = json_new_object();
        snprintf(capability, sizeof capability, "%d.%d", gpu.compute_major, gpu.compute_minor);
        json_put(one, "device", json_text(bench_device(&models[i])));
        json_put(one, "name", json_text(gpu.name));
        json_put(one, "kernels", json_text(octet_session_cpu(models[i].sessions[0])));
        json_put(one, "compute_capability", json_text(capability));
        json_put(one, "multiprocessors", json_integer(gpu.multiprocessors));
        json_put(one, "clock_khz", json_integer(gpu.clock_khz));
        json_push(list, one);
    }
    return list;
}

json_t *machine_json(struct app *app, const struct bench_model *models, size_t count,
                     const struct bench_peak *peak)
{
    octet_machine machine;
    json_t *json = json_new_object();
    const char *set = kernel_set(models, count);
    octet_machine_get(&machine);
    json_put(json, "cpu", json_text(machine.cpu));
    json_put(json, "isa", set ? json_text(set) : json_null());
    json_put(json, "kernel_sets", json_text(machine.kernel_sets));
    json_put(json, "physical_cores", json_integer(machine.physical_cores));
    json_put(json, "cpu_quota", positive(machine.cpu_quota));
    json_put(json, "peak_int8_gmacs", positive(peak->int8_gmacs));
    json_put(json, "peak_half_gmacs", positive(peak->bf16_gmacs));
    json_put(json, "peak_fp32_gmacs", positive(peak->fp32_gmacs));
    json_put(json, "gpus", gpus_json(app, models, count));
    return json;
}
