/* SPDX-License-Identifier: Apache-2.0 */
/* Does what the command line asks for. */
#ifndef TOOLS_STUDY_RUN_H
#define TOOLS_STUDY_RUN_H

#include "study/study.h"

/* Measures the ONNX file at `model` and prints and writes the figures. Returns a status. */
int study_run(struct app *app, const struct study_arguments *arguments, const char *model);

#endif
