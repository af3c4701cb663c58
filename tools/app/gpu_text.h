/* SPDX-License-Identifier: Apache-2.0 */
/* What a GPU's speed depends on, in words. */
#ifndef TOOLS_GPU_TEXT_H
#define TOOLS_GPU_TEXT_H

#include "app/app.h"

#define GPU_STATE_BYTES 256

/* "clock 1752 of 1980 MHz under load, power limit 350 of 700 W", in a buffer of GPU_STATE_BYTES
 * that it returns; what is not known is left out. */
const char *gpu_state_text(const octet_gpu *gpu, const octet_gpu_state *state, char *text);

/* Rounded: MHz of kHz, W of mW. */
int thousands_of(int number);

#endif
