/* SPDX-License-Identifier: Apache-2.0 */
/* What detectors are called in the field. */
#ifndef TOOLS_INSPECT_FAMILY_TEXT_H
#define TOOLS_INSPECT_FAMILY_TEXT_H

#include "inspect/inspect_subject.h"

#define FAMILY_TEXT_BYTES 64

/* "YOLO26n, one-to-one head, 80 classes"; "YOLO detector, 80 classes" where the description names
 * no family that is known, or one that has another head. Returns `text`. */
const char *family_text(const struct subject *subject, char text[FAMILY_TEXT_BYTES]);

#endif
