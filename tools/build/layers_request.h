/* SPDX-License-Identifier: Apache-2.0 */
/* What `build --float-layers auto` is asked for. */
#ifndef TOOLS_LAYERS_REQUEST_H
#define TOOLS_LAYERS_REQUEST_H

#include "app/json_print.h"
#include "build/mixed_judge.h"

struct layers_request {
    const octet_model *model;
    octet_statistics *statistics;             /* whose note is used */
    octet_build_settings settings;            /* float_layers is not looked at */
    const struct calibration_request *judges; /* its pictures measure and judge */
    bool judges_known; /* a calibration looked at them, and told of what it left out */
    struct mixed_labels labels;
    const char *costs; /* a file, or NULL */
    double allowed;
    const char *output;  /* the engine's place, beside which OUT.partial keeps what was measured */
    const json_t *found; /* what an interrupted run kept, or NULL */
};

#endif
