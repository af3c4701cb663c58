/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `octet detect`. */
#ifndef TOOLS_DETECT_ARGUMENTS_H
#define TOOLS_DETECT_ARGUMENTS_H

#include "app/options.h"
#include "detect/detect_files.h"

struct detect_arguments {
    const char *classes;    /* NULL: all */
    double confidence, iou; /* below 0: not given */
    bool class_agnostic, drift, rect;
    int64_t max_detections, batch, count, every, seed; /* 0: not given */
    struct input_size size;
    enum detect_format format;
    struct detect_files_settings files;
};

/* Returns -1 when the verb shall go on, else what it shall return: the help, too, ends it. */
int detect_arguments_parse(struct app *app, int argc, char **argv,
                           struct detect_arguments *arguments, struct operands *operands);

#endif
