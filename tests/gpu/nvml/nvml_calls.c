/* SPDX-License-Identifier: Apache-2.0 */
/* A card of 700 W that may take 350. With STAND_IN_NVML_FEW it can be started, and no more. */
#include "gpu/support/stand_in_nvml.h"

#include <stdio.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED extern struct stand_in_nvml stand_in_nvml;
EXPORTED int nvmlInit_v2(void);
EXPORTED int nvmlShutdown(void);
EXPORTED int nvmlDeviceGetHandleByPciBusId_v2(const char *bus_id, void **device);
EXPORTED int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned *milliwatts);
EXPORTED int nvmlDeviceGetPowerManagementDefaultLimit(void *device, unsigned *milliwatts);
EXPORTED int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, unsigned long long *reasons);

struct stand_in_nvml stand_in_nvml = {.fails = -1};

/* NVML_ERROR_NOT_SUPPORTED, or 0. */
static int result_of(int call)
{
    return stand_in_nvml.fails == call ? 3 : 0;
}

int nvmlInit_v2(void)
{
    stand_in_nvml.open += stand_in_nvml.fails != STAND_IN_NVML_INIT;
    return result_of(STAND_IN_NVML_INIT);
}

#ifndef STAND_IN_NVML_FEW
int nvmlShutdown(void)
{
    stand_in_nvml.open--;
    return 0;
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *bus_id, void **device)
{
    snprintf(stand_in_nvml.bus_id, sizeof stand_in_nvml.bus_id, "%s", bus_id);
    *device = &stand_in_nvml;
    return result_of(STAND_IN_NVML_FIND);
}

int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned *milliwatts)
{
    *milliwatts = device == &stand_in_nvml ? 350000 : 1;
    return result_of(STAND_IN_NVML_LIMIT);
}

int nvmlDeviceGetPowerManagementDefaultLimit(void *device, unsigned *milliwatts)
{
    *milliwatts = device == &stand_in_nvml ? 700000 : 1;
    return result_of(STAND_IN_NVML_DEFAULT);
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, unsigned long long *reasons)
{
    *reasons = device == &stand_in_nvml ? stand_in_nvml.reasons : 1;
    return result_of(STAND_IN_NVML_REASONS);
}
#endif
