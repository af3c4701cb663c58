/* SPDX-License-Identifier: Apache-2.0 */
/* COCO's files: annotations, and results of detectors. */
#ifndef OCTET_EVALUATE_COCO_JSON_H
#define OCTET_EVALUATE_COCO_JSON_H

#include "evaluate/truth.h"

/* As octet_truth_load(), from memory; outlines ("segmentation") are not looked at. */
octet_status oct_coco_read_truth(octet_context *ctx, const void *bytes, size_t size,
                                 const char *name, octet_truth **truth);

octet_status oct_coco_read_detections(octet_context *ctx, const void *bytes, size_t size,
                                      const char *name, octet_detections **detections);

/* Numbers have 17 digits, so that reading gives the same ones. */
octet_status oct_coco_write_detections(const octet_detections *detections, const char *path);

#endif
