/* SPDX-License-Identifier: Apache-2.0 */
/* Asks NVML. Source: NVML's reference; names and numbers are those of its binary interface. The
 * reasons are called "event reasons" since driver 535, and their name of before still works. */
#include "runtime/backend/cuda/nvml.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libnvidia-ml.so.1"

/* nvmlClocksEventReason... */
enum {
    REASON_SET_BY_HAND = 0x2,
    REASON_POWER_LIMIT = 0x4,
    REASON_HARDWARE = 0x8, /* one of the hardware's two, and of older chips not which */
    REASON_IN_STEP = 0x10,
    REASON_HEAT = 0x20,
    REASON_HARDWARE_HEAT = 0x40,
    REASON_HARDWARE_POWER = 0x80,
    REASON_DISPLAY = 0x100
};

/* POSIX has data and function pointers alike, ISO C has not. */
static void find_symbol(void *library, const char *symbol, void *member)
{
    void *found = dlsym(library, symbol);
    memcpy(member, &found, sizeof found);
}

void oct_nvml_open(struct oct_nvml *nvml, const char *bus_id)
{
    memset(nvml, 0, sizeof *nvml);
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
#define OCT_NVML_FIND(member, symbol, parameters) find_symbol(library, symbol, &nvml->member);
    OCT_NVML_FUNCTIONS(OCT_NVML_FIND)
#undef OCT_NVML_FIND
    if (!nvml->init || !nvml->shut_down || !nvml->find || nvml->init()) {
        dlclose(library);
        return;
    }
    nvml->library = library;
    if (nvml->find(bus_id, &nvml->device))
        nvml->device = NULL;
}

void oct_nvml_close(struct oct_nvml *nvml)
{
    if (nvml->library) {
        nvml->shut_down();
        dlclose(nvml->library);
    }
    memset(nvml, 0, sizeof *nvml);
}

static void tell_reasons(unsigned long long reasons, octet_gpu_state *state)
{
    static const struct {
        unsigned long long bits; /* any of them */
        const char *text;
    } rows[] = {
        {REASON_POWER_LIMIT, "the power limit"},
        {REASON_HEAT | REASON_HARDWARE_HEAT, "heat"},
        {REASON_HARDWARE_POWER, "the power supply"},
        {REASON_SET_BY_HAND, "clocks set by hand"},
        {REASON_IN_STEP, "GPUs in step"},
        {REASON_DISPLAY, "the display"},
    };
    const size_t size = sizeof state->held_down_by;
    size_t used = 0;
    if (reasons & REASON_HARDWARE && !(reasons & (REASON_HARDWARE_HEAT | REASON_HARDWARE_POWER)))
        reasons |= REASON_HARDWARE_HEAT | REASON_HARDWARE_POWER;
    state->held_down_by[0] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (reasons & rows[i].bits && used < size)
            used += (size_t)snprintf(state->held_down_by + used, size - used, "%s%s",
                                     used ? ", " : "", rows[i].text);
}

/* 0: it does not say. */
static int milliwatts(oct_nvml_result (*ask)(oct_nvml_device, unsigned *), oct_nvml_device device)
{
    unsigned told = 0;
    return ask && ask(device, &told) == 0 && told <= INT_MAX ? (int)told : 0;
}

void oct_nvml_read(const struct oct_nvml *nvml, octet_gpu_state *state)
{
    unsigned long long reasons = 0;
    if (!nvml->device)
        return;
    if (nvml->reasons && nvml->reasons(nvml->device, &reasons) == 0)
        tell_reasons(reasons, state);
    state->power_limit_mw = milliwatts(nvml->power_limit, nvml->device);
    state->power_default_mw = milliwatts(nvml->power_default, nvml->device);
}
