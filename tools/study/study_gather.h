/* SPDX-License-Identifier: Apache-2.0 */
/* The one pass over the calibration pictures. */
#ifndef TOOLS_STUDY_GATHER_H
#define TOOLS_STUDY_GATHER_H

#include "study/study.h"

/* Runs the float model once over every picture that a sample has, from study->position on, and adds
 * what it gathers to each seed's shell; at the end shells become whole samples. An interruption
 * ends it early, in good order and with study->gathered unset. Returns a status. */
int study_gather(struct study *study);

#endif
