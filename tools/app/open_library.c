/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a library and looks up the functions that are used of it. */
#include "app/open_library.h"

#include <dlfcn.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

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

/* The path of the library in the folder that the program lies in; false: none is there. */
static bool find_beside(const char *library, char *path, size_t size)
{
    const ssize_t length = readlink("/proc/self/exe", path, size);
    const size_t bytes = strlen(library) + 1;
    if (length <= 0 || (size_t)length >= size)
        return false;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash || (size_t)(slash + 1 - path) + bytes > size)
        return false;
    memcpy(slash + 1, library, bytes);
    return access(path, F_OK) == 0;
}

void *library_open_beside(const char *library)
{
    char path[PATH_MAX];
    const bool is_beside = find_beside(library, path, sizeof path);
    return dlopen(is_beside ? path : library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}
