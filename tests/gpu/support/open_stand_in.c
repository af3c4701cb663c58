/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the stand-in of the driver under the driver's name, or whichever driver has it. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "stand_in_driver.h"

const struct stand_in_gpu stand_in_orin = {"Orin", 8, 7, 8, 166912, 167936, (size_t)8 << 30, true};
const struct stand_in_gpu stand_in_small = {"GA107",         8,    6, 20, 101376, 102400,
                                            (size_t)8 << 30, false};
const struct stand_in_gpu stand_in_hopper = {"H100",           9,    0, 132, 232448, 233472,
                                             (size_t)80 << 30, false};
const struct stand_in_gpu stand_in_turing = {"TU102",          7,    5, 68, 65536, 65536,
                                             (size_t)11 << 30, false};

static void *library;

/* What has been loaded under a name is found by it, wherever it lies. */
static void load(const char *path)
{
    stand_in_close();
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail_msg("%s", dlerror());
}

const struct stand_in_driver *stand_in_open(void)
{
    load(OCTET_STAND_IN_DRIVER "/libcuda.so.1");
    const struct stand_in_driver *driver = dlsym(library, STAND_IN_DRIVER_SYMBOL);
    assert_non_null(driver);
    driver->reset();
    return driver;
}

void stand_in_open_old(void)
{
    load(OCTET_STAND_IN_DRIVER "/old/libcuda.so.1");
}

bool stand_in_open_any(void)
{
    stand_in_close();
    library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    return library != NULL;
}

bool stand_in_close_clean(void)
{
    const struct stand_in_driver *driver = dlsym(library, STAND_IN_DRIVER_SYMBOL);
    struct stand_in_counts counts;
    if (!driver) { /* a GPU's own */
        stand_in_close();
        return true;
    }
    driver->get_counts(&counts);
    const char *complaint = driver->complaint();
    if (complaint[0])
        print_error("the driver: %s\n", complaint);
    const bool clean = !complaint[0] && counts.leaked == 0 && counts.retained == 0 &&
                       counts.depth == 0 && counts.allocations == 0;
    stand_in_close();
    return clean;
}

void stand_in_close(void)
{
    if (library)
        dlclose(library);
    library = NULL;
}
