/* SPDX-License-Identifier: Apache-2.0 */
/* Label files as Ultralytics has them. */
#ifndef OCTET_EVALUATE_LABELS_H
#define OCTET_EVALUATE_LABELS_H

#include "evaluate/truth.h"

/* As octet_truth_add_labels(), from memory. */
octet_status oct_labels_add(octet_truth *truth, int64_t image_id, const void *bytes, size_t size,
                            const char *name);

#endif
