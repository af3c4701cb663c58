/* SPDX-License-Identifier: Apache-2.0 */
/* Looks up the words of `classes` among an engine's classes. */
#include "choose_classes.h"

/* The class of this name or number, or -1. Names go before numbers. */
static int find_class(const octet_engine *engine, int class_count, const gchar *word)
{
    guint64 number;
    for (int i = 0; i < class_count; i++)
        if (g_ascii_strcasecmp(octet_engine_class_name(engine, i), word) == 0)
            return i;
    if (class_count > 0 &&
        g_ascii_string_to_unsigned(word, 10, 0, (guint64)class_count - 1, &number, NULL))
        return (int)number;
    return -1;
}

GArray *choose_classes(const octet_engine *engine, const gchar *text, gchar **message)
{
    octet_info info;
    octet_engine_info(engine, &info);
    GArray *chosen = g_array_new(FALSE, FALSE, sizeof(int));
    const int whole = find_class(engine, info.class_count, text);
    if (whole >= 0)
        return g_array_append_val(chosen, whole);
    gchar **words = g_strsplit(text, ",", -1);
    for (gchar **word = words; *word && chosen; word++) {
        const int class_id = find_class(engine, info.class_count, g_strstrip(*word));
        if (class_id >= 0) {
            g_array_append_val(chosen, class_id);
            continue;
        }
        *message = g_strdup_printf("the model has no class '%s': it has 0 to %d", *word,
                                   info.class_count - 1);
        g_array_unref(chosen);
        chosen = NULL;
    }
    g_strfreev(words);
    return chosen;
}

gchar *class_label(const octet_engine *engine, int class_id)
{
    const char *name = octet_engine_class_name(engine, class_id);
    return name[0] ? g_utf8_make_valid(name, -1) : g_strdup_printf("%d", class_id);
}
