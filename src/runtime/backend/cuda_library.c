/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the library of the CUDA backend, and checks that it is of the same build. */
#include "runtime/backend/cuda_library.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* It is never unloaded: the driver's threads and what runs at the process' exit are in its code,
 * and sessions point to its tables. */
#define HOW (RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)

/* The path of the library beside the file that this code lies in, a program or a shared library;
 * false where there is none. A program's own name is what its caller says it is: the system knows
 * better. */
static bool find_beside(char *path, size_t size)
{
    static const char here;
    Dl_info info;
    struct link_map *object = NULL;
    if (!dladdr1(&here, &info, (void **)&object, RTLD_DL_LINKMAP) || !object)
        return false;
    ssize_t length;
    if (object->l_name[0])
        length = snprintf(path, size, "%s", object->l_name);
    else
        length = readlink("/proc/self/exe", path, size);
    if (length <= 0 || (size_t)length >= size || path[0] != '/')
        return false;
    path[length] = '\0';
    char *name = strrchr(path, '/') + 1;
    const size_t room = size - (size_t)(name - path);
    return (size_t)snprintf(name, room, "%s", OCT_CUDA_LIBRARY) < room && access(path, F_OK) == 0;
}

/* The loader's complaint about a library that it did not find begins with the bare name; about one
 * that it found, with the path; about one that this needs, with that one's name. */
static octet_status fail_load(octet_context *ctx)
{
    const char *reason = dlerror();
    if (!reason || strncmp(reason, OCT_CUDA_LIBRARY ":", sizeof OCT_CUDA_LIBRARY) == 0)
        return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE,
                        "the CUDA half of octet is not installed: " OCT_CUDA_LIBRARY
                        " was not found beside the program, nor where the system looks for "
                        "libraries");
    return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE, "the CUDA half of octet cannot be loaded: %s",
                    reason);
}

static octet_status check(octet_context *ctx, const struct oct_cuda_library *library)
{
    if (!library)
        return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE,
                        OCT_CUDA_LIBRARY " is not octet's: it lacks " OCT_CUDA_SYMBOL);
    if (library->layout != OCT_CUDA_LAYOUT)
        return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE,
                        OCT_CUDA_LIBRARY " is of another build than this octet " OCTET_VERSION
                                         ": install both from one build");
    if (strcmp(library->version, OCTET_VERSION) != 0)
        return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE,
                        OCT_CUDA_LIBRARY " is of octet %s, this is octet " OCTET_VERSION
                                         ": install both from one build",
                        library->version);
    return OCTET_OK;
}

octet_status oct_cuda_library_open(octet_context *ctx, const struct oct_cuda_library **library)
{
    char path[PATH_MAX];
    *library = NULL;
    void *opened = dlopen(find_beside(path, sizeof path) ? path : OCT_CUDA_LIBRARY, HOW);
    if (!opened)
        return fail_load(ctx);
    const struct oct_cuda_library *found = dlsym(opened, OCT_CUDA_SYMBOL);
    dlclose(opened); /* the count goes down, the library stays */
    const octet_status status = check(ctx, found);
    if (!status)
        *library = found;
    return status;
}
