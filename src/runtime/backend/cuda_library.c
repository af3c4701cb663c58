/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the library of the CUDA backend, and checks that it is of the same build. */
#include "runtime/backend/cuda_library.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* It is never unloaded: the driver's threads and what runs at the process' exit are in its code,
 * and sessions point to its tables. */
#define HOW (RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)

#define OWN_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)

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

/* False for an ELF file that ends before its table of sections, which stands at the end: one that
 * was cut short, whose missing pages the loader would touch and die of. What is no such file at all
 * the loader refuses by itself. */
static bool is_whole(const char *path)
{
    ElfW(Ehdr) header;
    struct stat entry;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return true;
    const bool is_elf = read(file, &header, sizeof header) == (ssize_t)sizeof header &&
                        memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
                        header.e_ident[EI_CLASS] == OWN_CLASS && fstat(file, &entry) == 0;
    close(file);
    if (!is_elf)
        return true;
    const uint64_t size = (uint64_t)entry.st_size;
    return header.e_shoff <= size &&
           (uint64_t)header.e_shnum * header.e_shentsize <= size - header.e_shoff;
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
    const bool is_beside = find_beside(path, sizeof path);
    if (is_beside && !is_whole(path))
        return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE,
                        "the CUDA half of octet cannot be loaded: %s: it is cut short", path);
    void *opened = dlopen(is_beside ? path : OCT_CUDA_LIBRARY, HOW);
    if (!opened)
        return fail_load(ctx);
    const struct oct_cuda_library *found = dlsym(opened, OCT_CUDA_SYMBOL);
    dlclose(opened); /* the count goes down, the library stays */
    const octet_status status = check(ctx, found);
    if (!status)
        *library = found;
    return status;
}
