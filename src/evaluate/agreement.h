/* SPDX-License-Identifier: Apache-2.0 */
/* Agreement of two detectors: one's boxes scored as if the other's were the labels. */
#ifndef OCTET_EVALUATE_AGREEMENT_H
#define OCTET_EVALUATE_AGREEMENT_H

#include "evaluate/truth.h"

/* See octet_evaluate_agreement(). */
octet_status oct_agreement(const octet_detections *reference, const octet_detections *found,
                           double confidence, octet_agreement *agreement);

#endif
