/* SPDX-License-Identifier: Apache-2.0 */
/* A part of gpu_check: frames of every format into both sessions. */
#ifndef OCTET_TESTS_GPU_FRAME_CHECK_H
#define OCTET_TESTS_GPU_FRAME_CHECK_H

#include <octet/session.h>

/* Compares the networks' inputs, byte for byte, after frames of every format, matrix and range, of
 * even and odd sizes, in memory of the program's and of the session's. Returns how many were
 * compared; in `*different` those that differ. Ends the program where a call fails. */
int check_frames(octet_session *cpu, octet_session *gpu, int *different);

#endif
