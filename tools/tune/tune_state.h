/* SPDX-License-Identifier: Apache-2.0 */
/* Trainings that go on where they were interrupted: OUT.partial is the library's state, and in its
 * note what was measured so far. */
#ifndef TOOLS_TUNE_STATE_H
#define TOOLS_TUNE_STATE_H

#include "tune/tune_training.h"

/* Before long work: a file at run->partial that is none of a training's is refused, since it would
 * be lost. One that --resume asks for must be there; one that it does not is told. Returns a
 * status. */
int tune_state_check(const struct tune_run *run);

/* Writes it. Returns a status. */
int tune_state_save(const struct tune_run *run);

/* Goes on from it: training and figures. One that is damaged, or of other pictures, model or
 * settings, is refused. Returns a status. */
int tune_state_resume(struct tune_run *run);

#endif
