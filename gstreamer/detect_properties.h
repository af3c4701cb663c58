/* SPDX-License-Identifier: Apache-2.0 */
/* What can be set of octetdetect. */
#ifndef GSTREAMER_DETECT_PROPERTIES_H
#define GSTREAMER_DETECT_PROPERTIES_H

#include "octet_detect.h"

/* Gives the class its properties. */
void detect_properties_install(GObjectClass *class);

/* What a new element has. */
void detect_properties_begin(struct detect_properties *properties);

/* Frees what they hold. */
void detect_properties_end(struct detect_properties *properties);

#endif
