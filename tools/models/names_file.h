/* SPDX-License-Identifier: Apache-2.0 */
/* --names FILE: class names for ONNX models whose metadata does not have them. */
#ifndef TOOLS_NAMES_FILE_H
#define TOOLS_NAMES_FILE_H

#include "app/options.h"

/* The option's row, for the verbs that show classes. */
#define NAMES_OPTION(app)                                                                          \
    {                                                                                              \
        "names", 0, OPTION_TEXT, "FILE", "class names of an ONNX model: lines, JSON or data.yaml", \
            &(app)->names, 0, 0, NULL                                                              \
    }

/* Gives the model the names of app->names, where that was given. Failures are reported. */
int names_give(struct app *app, octet_model *model);

/* Wrong usage when names were given for the engine at `path`. */
int names_refuse(struct app *app, const char *path);

#endif
