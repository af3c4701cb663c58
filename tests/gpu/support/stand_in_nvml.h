/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in for NVML (tests/gpu/nvml), a library of its name, which tests open and steer. */
#ifndef OCTET_TESTS_GPU_SUPPORT_STAND_IN_NVML_H
#define OCTET_TESTS_GPU_SUPPORT_STAND_IN_NVML_H

enum {
    STAND_IN_NVML_INIT,
    STAND_IN_NVML_FIND,
    STAND_IN_NVML_LIMIT,
    STAND_IN_NVML_DEFAULT,
    STAND_IN_NVML_REASONS,
    STAND_IN_NVML_CALLS
};

struct stand_in_nvml {
    unsigned long long reasons;
    int fails; /* the call that does, or -1 */
    int open;  /* how often it was started and not shut down */
    char bus_id[32];
};

/* The table's name in the library. */
#define STAND_IN_NVML_SYMBOL "stand_in_nvml"

#endif
