/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a library and looks up the functions that are used of it. */
#include "app/open_library.h"

#include <dlfcn.h>
#include <string.h>

bool library_open(const char *library, const char *const *names, size_t count, void *table)
{
    void *opened = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; opened && i < count; i++) {
        void *function = dlsym(opened, names[i]);
        if (!function)
            return false;
        memcpy((char *)table + i * sizeof function, &function, sizeof function);
    }
    return opened != NULL;
}
