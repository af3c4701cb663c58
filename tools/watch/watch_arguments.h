/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `octet watch`. */
#ifndef TOOLS_WATCH_ARGUMENTS_H
#define TOOLS_WATCH_ARGUMENTS_H

#include "app/options.h"
#include "watch/cameras_file.h"
#include "watch/watch.h"

#define WATCH_WORKERS_MAX 256

struct watch_arguments {
    struct camera_settings camera; /* what holds where a camera's own entry says nothing */
    struct watch_targets targets;
    struct watch_settings settings;
    struct input_size size;
    bool rect;
    double duration_s; /* 0: without end */
    int64_t workers;   /* 0: not given */
};

/* Returns -1 when the verb shall go on, else what it shall return: the help, too, ends it. */
int watch_arguments_parse(struct app *app, int argc, char **argv, struct watch_arguments *arguments,
                          struct operands *operands);

/* Adds all cameras that the operands behind the model name; files of cameras also say where results
 * go, unless the command line does. Returns a status. */
int watch_arguments_cameras(struct app *app, struct watch_arguments *arguments,
                            const struct operands *operands, struct camera_list *cameras);

void watch_arguments_free(struct watch_arguments *arguments);

#endif
