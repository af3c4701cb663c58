/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the driver; says what its results mean. */
#include "runtime/backend/cuda/driver.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libcuda.so.1"
#define OLDEST_VERSION 11040 /* 11.4, JetPack 5 */

/* POSIX has data and function pointers alike, ISO C has not. */
static bool find_symbol(void *library, const char *symbol, void *member)
{
    void *found = dlsym(library, symbol);
    memcpy(member, &found, sizeof found);
    return found != NULL;
}

static const char *find_functions(struct oct_cuda_driver *driver)
{
#define OCT_CUDA_FIND(member, symbol, parameters)                                                  \
    if (!find_symbol(driver->library, symbol, &driver->member))                                    \
        return symbol;
    OCT_CUDA_FUNCTIONS(OCT_CUDA_FIND)
#undef OCT_CUDA_FIND
#define OCT_CUDA_FIND(member, symbol, parameters)                                                  \
    (void)find_symbol(driver->library, symbol, &driver->member);
    OCT_CUDA_NEWER_FUNCTIONS(OCT_CUDA_FIND)
#undef OCT_CUDA_FIND
    return NULL;
}

static octet_status start(octet_context *ctx, struct oct_cuda_driver *driver)
{
    int version = 0;
    const char *missing = find_functions(driver);
    if (missing)
        return oct_fail(
            ctx, OCTET_UNSUPPORTED_DEVICE,
            "the NVIDIA driver is too old: %s has no %s, octet needs CUDA 11.4 or newer", LIBRARY,
            missing);
    const oct_cuda_result result = driver->init(0);
    if (result == OCT_CUDA_NO_DEVICE)
        return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE, "there is no NVIDIA GPU");
    if (result) {
        const char *text = NULL;
        driver->get_error_text(result, &text);
        return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE, "the NVIDIA driver does not start: %s",
                        text ? text : "it does not say why");
    }
    if (driver->get_version(&version) || version < OLDEST_VERSION)
        return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE,
                        "the NVIDIA driver is too old: it is for CUDA %d.%d, octet needs 11.4 or "
                        "newer",
                        version / 1000, version % 1000 / 10);
    return OCTET_OK;
}

octet_status oct_cuda_driver_open(octet_context *ctx, struct oct_cuda_driver *driver)
{
    memset(driver, 0, sizeof *driver);
    driver->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!driver->library)
        return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE,
                        "there is no NVIDIA driver: %s was not found or cannot be opened", LIBRARY);
    const octet_status status = start(ctx, driver);
    if (status)
        oct_cuda_driver_close(driver);
    return status;
}

void oct_cuda_driver_close(struct oct_cuda_driver *driver)
{
    if (driver->library)
        dlclose(driver->library);
    memset(driver, 0, sizeof *driver);
}

octet_status oct_cuda_check(octet_context *ctx, const struct oct_cuda_driver *driver,
                            oct_cuda_result result, const char *what)
{
    const char *text = NULL;
    if (!result)
        return OCTET_OK;
    if (driver->get_error_text(result, &text) || !text)
        text = "an error without a name";
    if (result == OCT_CUDA_OUT_OF_MEMORY)
        return oct_fail(ctx, OCTET_OUT_OF_MEMORY, "out of memory on the GPU: %s", what);
    return oct_fail(ctx, OCTET_DEVICE_FAILED, "the GPU failed: %s: %s (CUDA error %d)", what, text,
                    result);
}
