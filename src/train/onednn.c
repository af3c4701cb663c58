/* SPDX-License-Identifier: Apache-2.0 */
/* Opens oneDNN, and lets each thread call it for itself alone. */
#include "train/onednn.h"

#ifdef OCTET_HAS_ONEDNN

#include <dlfcn.h>
#include <string.h>

#if DNNL_VERSION_MAJOR != 2
#error "octet is written for oneDNN 2, which Debian 12 and Ubuntu 22.04 have"
#endif
#define LIBRARY "libdnnl.so.2"
#define PACKAGE "libdnnl2"

#define NAME(name) #name,

static bool find_functions(struct oct_onednn *onednn)
{
    static const char *const names[] = {OCT_ONEDNN_FUNCTIONS(NAME)};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        void *function = dlsym(onednn->library, names[i]);
        if (!function)
            return false;
        memcpy((char *)onednn + i * sizeof function, &function, sizeof function);
    }
    void *set = dlsym(onednn->library, "omp_set_num_threads");
    void *get = dlsym(onednn->library, "omp_get_max_threads");
    if (set && get) {
        memcpy(&onednn->omp_set_num_threads, &set, sizeof set);
        memcpy(&onednn->omp_get_max_threads, &get, sizeof get);
    }
    return true;
}

static octet_status open_library(octet_context *ctx, struct oct_onednn *onednn)
{
    /* It stays loaded: OpenMP's threads are not made to be unloaded. */
    onednn->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!onednn->library || !find_functions(onednn))
        return oct_fail(ctx, OCTET_UNSUPPORTED_DEVICE,
                        "training works with oneDNN (%s), which is not installed (package " PACKAGE
                        ")",
                        LIBRARY);
    if (onednn->dnnl_engine_create(&onednn->engine, dnnl_cpu, 0) != dnnl_success ||
        onednn->dnnl_primitive_attr_create(&onednn->attributes) != dnnl_success ||
        onednn->dnnl_primitive_attr_set_scratchpad_mode(onednn->attributes,
                                                        dnnl_scratchpad_mode_user) != dnnl_success)
        return oct_fail_memory(ctx, "oneDNN");
    return OCTET_OK;
}

octet_status oct_onednn_open(octet_context *ctx, struct oct_onednn **opened)
{
    struct oct_onednn *onednn = oct_calloc(ctx, 1, sizeof *onednn);
    *opened = onednn;
    const octet_status status = onednn ? open_library(ctx, onednn) : oct_fail_memory(ctx, "oneDNN");
    if (status)
        oct_onednn_close(ctx, opened);
    return status;
}

void oct_onednn_close(octet_context *ctx, struct oct_onednn **opened)
{
    struct oct_onednn *onednn = *opened;
    if (!onednn)
        return;
    if (onednn->attributes)
        onednn->dnnl_primitive_attr_destroy(onednn->attributes);
    if (onednn->engine)
        onednn->dnnl_engine_destroy(onednn->engine);
    if (onednn->library)
        dlclose(onednn->library);
    oct_free(ctx, onednn);
    *opened = NULL;
}

octet_status oct_onednn_worker_open(octet_context *ctx, const struct oct_onednn *onednn,
                                    void *scratch, struct oct_onednn_worker *worker)
{
    *worker = (struct oct_onednn_worker){.onednn = onednn, .scratch = scratch};
    return onednn->dnnl_stream_create(&worker->stream, onednn->engine, dnnl_stream_default_flags) ==
                   dnnl_success
               ? OCTET_OK
               : oct_fail_memory(ctx, "oneDNN");
}

int oct_onednn_enter(const struct oct_onednn *onednn)
{
    const int before = onednn->omp_get_max_threads ? onednn->omp_get_max_threads() : 1;
    oct_onednn_leave(onednn, 1);
    return before;
}

void oct_onednn_leave(const struct oct_onednn *onednn, int before)
{
    if (onednn->omp_set_num_threads)
        onednn->omp_set_num_threads(before);
}

void oct_onednn_worker_close(struct oct_onednn_worker *worker)
{
    if (worker->stream)
        worker->onednn->dnnl_stream_destroy(worker->stream);
    worker->stream = NULL;
}

#endif
