/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To be preloaded: gives a program $OCTET_FEW_MULTIPROCESSORS of a large GPU's multiprocessors, as
 * if it were a small one's. What the program looks up in the driver is the driver's own, but for
 * the GPU's context, which becomes a "green context" of that many, and their number. For measuring
 * alone (./dev gpu); needs a driver for CUDA 12.5 or newer, and cuda.h to be built.
 */
#define _GNU_SOURCE
#include <cuda.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *(*real_dlsym)(void *, const char *);
static void *driver; /* the handle that was asked last */

static int few(void)
{
    const char *text = getenv("OCTET_FEW_MULTIPROCESSORS");
    return text ? atoi(text) : 8;
}

#define REAL(name, parameters) ((CUresult(*) parameters)real_dlsym(driver, name))

static CUresult retain(CUcontext *context, CUdevice device)
{
    CUdevResource all, some, rest;
    CUdevResourceDesc description;
    CUgreenCtx green;
    unsigned groups = 1;
    CUcontext primary;
    CUresult result = REAL("cuDevicePrimaryCtxRetain", (CUcontext *, CUdevice))(&primary, device);
    if (!result)
        result = REAL("cuDeviceGetDevResource", (CUdevice, CUdevResource *, CUdevResourceType))(
            device, &all, CU_DEV_RESOURCE_TYPE_SM);
    if (!result)
        result = REAL("cuDevSmResourceSplitByCount",
                      (CUdevResource *, unsigned *, const CUdevResource *, CUdevResource *,
                       unsigned, unsigned))(&some, &groups, &all, &rest, 0, (unsigned)few());
    if (!result)
        result = REAL("cuDevResourceGenerateDesc",
                      (CUdevResourceDesc *, CUdevResource *, unsigned))(&description, &some, 1);
    if (!result)
        result = REAL("cuGreenCtxCreate", (CUgreenCtx *, CUdevResourceDesc, CUdevice, unsigned))(
            &green, description, device, CU_GREEN_CTX_DEFAULT_STREAM);
    if (!result)
        result = REAL("cuCtxFromGreenCtx", (CUcontext *, CUgreenCtx))(context, green);
    if (result || some.sm.smCount != (unsigned)few())
        fprintf(stderr, "few_multiprocessors: %u multiprocessors, result %d\n",
                result ? 0 : some.sm.smCount, result);
    return result;
}

static CUresult attribute(int *value, CUdevice_attribute which, CUdevice device)
{
    const CUresult result =
        REAL("cuDeviceGetAttribute", (int *, CUdevice_attribute, CUdevice))(value, which, device);
    if (!result && which == CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)
        *value = few();
    return result;
}

void *dlsym(void *handle, const char *symbol)
{
    void *found;
    if (!real_dlsym) {
        found = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
        memcpy(&real_dlsym, &found, sizeof found);
    }
    CUresult (*const own_retain)(CUcontext *, CUdevice) = retain;
    CUresult (*const own_attribute)(int *, CUdevice_attribute, CUdevice) = attribute;
    found = real_dlsym(handle, symbol);
    if (strcmp(symbol, "cuDevicePrimaryCtxRetain") == 0) {
        driver = handle;
        memcpy(&found, &own_retain, sizeof found);
    } else if (strcmp(symbol, "cuDeviceGetAttribute") == 0) {
        driver = handle;
        memcpy(&found, &own_attribute, sizeof found);
    }
    return found;
}
