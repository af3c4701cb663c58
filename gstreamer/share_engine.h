/* SPDX-License-Identifier: Apache-2.0 */
/* Engines that the elements of a process share: a file is read once, however many streams use
 * it. */
#ifndef GSTREAMER_SHARE_ENGINE_H
#define GSTREAMER_SHARE_ENGINE_H

#include <glib.h>

#include <octet/engine.h>

struct shared_engine;

/* The engine of this file, read unless an element has it already. On failure `*message` is octet's
 * line, freed with g_free(). Any thread may call this and the next. */
octet_status shared_engine_take(const gchar *path, struct shared_engine **shared, gchar **message);

/* Gives it back and sets `*shared` to NULL; sessions of it must be closed. Accepts a pointer to
 * NULL. */
void shared_engine_give_back(struct shared_engine **shared);

const octet_engine *shared_engine_get(const struct shared_engine *shared);

#endif
