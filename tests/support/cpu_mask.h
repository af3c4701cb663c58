/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests as if on another machine. In programs linked with cpu_mask.c the linker puts its functions
 * in the place of the library's (tests/CMakeLists.txt), which read
 *   OCTET_TEST_CPU    kernel sets, separated by commas: the processor has these and ref, no others
 *   OCTET_TEST_CORES  physical cores that the process may use and, behind a comma, how many of
 *                     them are big where that is not all of them: the default of threads
 * Sets that the machine lacks end the program with status 77 (skipped), but for AMX, which is
 * emulated (kernels/amx_emulation.h) where there is AVX-512 VNNI.
 */
#ifndef OCTET_TESTS_SUPPORT_CPU_MASK_H
#define OCTET_TESTS_SUPPORT_CPU_MASK_H

#include <stdbool.h>

/* Whether AMX' kernels are the emulated ones. */
bool test_cpu_emulates_amx(void);

#endif
