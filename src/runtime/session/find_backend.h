/* SPDX-License-Identifier: Apache-2.0 */
/* From the text that says where a session runs to what runs it. */
#ifndef OCTET_RUNTIME_SESSION_FIND_BACKEND_H
#define OCTET_RUNTIME_SESSION_FIND_BACKEND_H

#include "runtime/backend/backend.h"

/* Whether `device`, as in octet_session_settings, is the word for one. `*gpu` is the GPU's number,
 * "auto"'s too, or -1: the CPU. */
bool oct_device_parse(const char *device, int *gpu);

/* `device` likewise; `*index` is the GPU's number, 0 on the CPU. "cuda" fails
 * with OCTET_UNSUPPORTED_DEVICE where the CUDA backend is not to be had, whether or not there is a
 * GPU: opening finds that out. "auto" takes GPU 0 where octet runs on it, and leaves no message
 * where not. OCTET_INVALID_ARGUMENT for other words. */
octet_status oct_backend_find(octet_context *ctx, const char *device,
                              const struct oct_backend **backend, int *index);

#endif
