/* SPDX-License-Identifier: Apache-2.0 */
/* What Jetson Linux's files say of the power mode (nvpmodel) and of the GPU's clock. */
#ifndef OCTET_RUNTIME_BACKEND_CUDA_JETSON_FILES_H
#define OCTET_RUNTIME_BACKEND_CUDA_JETSON_FILES_H

#include <octet/machine.h>

/* `root` is "" for this machine, or a folder in whose etc/, sys/ and var/ the files are looked for.
 * Files that are absent, or not what they should be, leave power_mode -1, the name "" and the limit
 * 0. */
void oct_jetson_read(const char *root, octet_gpu_state *state);

#endif
