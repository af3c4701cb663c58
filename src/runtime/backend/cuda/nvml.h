/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA's library of a GPU's management, libnvidia-ml.so.1, which comes with the driver of PCs and
 * servers: opened when it is asked for, never linked, and not needed. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_NVML_H
#define OCTET_RUNTIME_BACKEND_CUDA_NVML_H

#include <octet/machine.h>

typedef int oct_nvml_result; /* nvmlReturn_t; 0: success */
typedef struct oct_nvml_device *oct_nvml_device;

/* X(member, symbol, parameters); those before the handle's are needed. */
#define OCT_NVML_FUNCTIONS(X)                                                                      \
    X(init, "nvmlInit_v2", (void))                                                                 \
    X(shut_down, "nvmlShutdown", (void))                                                           \
    X(find, "nvmlDeviceGetHandleByPciBusId_v2", (const char *, oct_nvml_device *))                 \
    X(power_limit, "nvmlDeviceGetEnforcedPowerLimit", (oct_nvml_device, unsigned *))               \
    X(power_default, "nvmlDeviceGetPowerManagementDefaultLimit", (oct_nvml_device, unsigned *))    \
    X(reasons, "nvmlDeviceGetCurrentClocksThrottleReasons", (oct_nvml_device, unsigned long long *))

struct oct_nvml {
    void *library;
    oct_nvml_device device; /* NULL: nothing is known of it */
#define OCT_NVML_MEMBER(member, symbol, parameters) oct_nvml_result(*member) parameters;
    OCT_NVML_FUNCTIONS(OCT_NVML_MEMBER)
#undef OCT_NVML_MEMBER
};

/* Opens it for the GPU at a place on the bus ("0000:41:00.0"). Whatever fails, the other two may be
 * called, and tell nothing. */
void oct_nvml_open(struct oct_nvml *nvml, const char *bus_id);
void oct_nvml_close(struct oct_nvml *nvml);

/* The power limit in force and the card's own, and what holds the clocks down at this moment. What
 * is not told stays as it was. */
void oct_nvml_read(const struct oct_nvml *nvml, octet_gpu_state *state);

#endif
