/* SPDX-License-Identifier: Apache-2.0 */
/* Which sizes of input an engine has which scales for, for people and as JSON. */
#ifndef TOOLS_SCALES_TEXT_H
#define TOOLS_SCALES_TEXT_H

#include "app/json_print.h"

/* "3 sets: 320x320; 384x640, 480x480; 640x640"; the caller's to free. NULL: one set for all. */
char *scales_text(const octet_engine *engine);

/* [{"height": 320, "width": 320, "set": 1}, ...]; empty: one set for all. */
json_t *scales_json(const octet_engine *engine);

#endif
