/* SPDX-License-Identifier: Apache-2.0 */
/* What kinds of cores a 64-bit ARM processor has. */
#ifndef TOOLS_DOCTOR_ARM_H
#define TOOLS_DOCTOR_ARM_H

#include "doctor/doctor.h"

/* Tells the kinds of cores and their numbers, and adds to `sets`, the kernel sets by the words of
 * /proc/cpuinfo, those that all of the cores are known to have: a system that is older than its
 * processor has no words for them. Silent of other processors. */
void doctor_arm_cores(struct doctor *doctor, struct group *group, char *sets, size_t size);

#endif
