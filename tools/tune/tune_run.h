/* SPDX-License-Identifier: Apache-2.0 */
/* A training from pictures to files. */
#ifndef TOOLS_TUNE_RUN_H
#define TOOLS_TUNE_RUN_H

#include "tune/tune_arguments.h"

/* Returns a status. */
int tune_run(struct app *app, const struct tune_arguments *arguments);

#endif
