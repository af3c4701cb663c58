/* SPDX-License-Identifier: Apache-2.0 */
/* `octet tune`: what was asked for, and what is measured on the way. */
#ifndef TOOLS_TUNE_ARGUMENTS_H
#define TOOLS_TUNE_ARGUMENTS_H

#include "models/calibration_run.h"

#define TUNE_OUTPUTS_MOST 2

struct tune_arguments {
    struct calibration_request pictures; /* to learn from, a tenth of which is held out */
    const char *model, *stats, *weights, *calibrator;
    struct texts outputs;
    const char *engine, *onnx; /* of the outputs; or NULL */
    bool for_tensorrt;
    double epochs, minutes;           /* epochs below 0: so many steps; minutes 0: not given */
    const char *weight_bits, *jitter; /* words; or NULL */
    bool has_few_bits;                /* 4 */
    bool labels, resume;
    const char *data, *split;
    char *of_data; /* "DATA:SPLIT", the pictures' source then */
    const char *source;
};

/* On the pictures that are held out, against the float model. */
struct tune_figures {
    double
        score_error;  /* root mean square, at anchors of which the float model says 0.1 and more */
    double agreement; /* AP, 0 to 1 */
    double ap;        /* by labels, where they are learnt from; else NaN */
};

#endif
