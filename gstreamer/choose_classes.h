/* SPDX-License-Identifier: Apache-2.0 */
/* Classes by their names or numbers, as the property `classes` lists them. */
#ifndef GSTREAMER_CHOOSE_CLASSES_H
#define GSTREAMER_CHOOSE_CLASSES_H

#include <glib.h>

#include <octet/engine.h>

/* The numbers (int) of the classes of "person, 2, car": a class' name in any case, else its number;
 * all of the text may be one name. NULL where the engine has no such class: `*message` then says
 * which, freed with g_free(). The caller frees the array. */
GArray *choose_classes(const octet_engine *engine, const gchar *text, gchar **message);

/* A class' name, valid UTF-8, or its number where it has none; freed with g_free(). */
gchar *class_label(const octet_engine *engine, int class_id);

#endif
