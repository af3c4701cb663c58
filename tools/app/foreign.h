/* SPDX-License-Identifier: Apache-2.0 */
/* Hands trained elsewhere: the command lines of Ultralytics' yolo and of YOLOv5's scripts, and
 * TensorRT's trtexec, as what to type here. */
#ifndef TOOLS_FOREIGN_H
#define TOOLS_FOREIGN_H

#include "app/app.h"

/* Whether the word is a verb of another program, or one of octet that does what others do. */
bool foreign_is_verb(const char *word);

/* Whether the argument is NAME=VALUE with a name that others know, and no file is called so. */
bool foreign_is_setting(const char *argument);

/* Whether others, but not octet, know an option of this name ("--source"). */
bool foreign_is_option(const char *argument);

/* Prints the octet command that does what argv[0], the verb, and the rest ask for, as far as it is
 * known; returns STATUS_USAGE. */
int foreign_usage(struct app *app, int argc, char **argv);

#endif
