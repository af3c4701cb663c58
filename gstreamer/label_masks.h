/* SPDX-License-Identifier: Apache-2.0 */
/* Words as masks to paint with, by pango where the plug-in was built with it. The same words are
 * laid out once. */
#ifndef GSTREAMER_LABEL_MASKS_H
#define GSTREAMER_LABEL_MASKS_H

#include "paint.h"

struct label_masks;

/* Letters of so many pixels' size; a text longer than `width` loses its middle. */
struct label_masks *label_masks_new(gint font_size, gint width);

/* The mask of a text, which stays until the next call; NULL where there is nothing to
 * paint. */
const struct paint_mask *label_masks_get(struct label_masks *masks, const gchar *text);

/* Accepts a pointer to NULL. */
void label_masks_free(struct label_masks **masks);

#endif
