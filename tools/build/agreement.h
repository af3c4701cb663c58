/* SPDX-License-Identifier: Apache-2.0 */
/* Agreement AP: the boxes of engines scored by COCO's rules, as if the boxes of one of them were
 * the labels. Nothing here prints. */
#ifndef TOOLS_AGREEMENT_H
#define TOOLS_AGREEMENT_H

#include <stddef.h>

#include <octet/octet.h>

struct agreement_engine {
    const octet_engine *engine;
    octet_session *session; /* of one picture */
};

struct agreement {
    octet_context *context;
    const struct agreement_engine *engines;
    size_t count;
    octet_truth *truth;       /* boxes of the last engine that it is sure of */
    octet_detections **found; /* by each engine */
    size_t pictures, boxes;   /* so far; boxes are labels */
    const char *message;      /* of the last failure; stands until the next call */
};

/* `engines`, all of `model`, must stay; the last of `count` gives the labels. Frees with
 * agreement_close(), also on failure. */
octet_status agreement_open(struct agreement *agreement, octet_context *context,
                            const octet_model *model, const struct agreement_engine *engines,
                            size_t count);

/* Runs all engines on the picture. */
octet_status agreement_add(struct agreement *agreement, const octet_image *image);

/* Sets ap[count], 0 to 1; of the last engine, too. Where there is no label it sets nothing. */
octet_status agreement_score(struct agreement *agreement, double *ap);

/* Accepts a zeroed struct. */
void agreement_close(struct agreement *agreement);

#endif
