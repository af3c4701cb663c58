/* SPDX-License-Identifier: Apache-2.0 */
/* Looks up words among an engine's classes. */
#include "models/class_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/allocate.h"
#include "app/options.h"
#include "app/suggest.h"

/* The class of this name or number, or -1. Names go before numbers. */
static int find_class(const octet_engine *engine, int class_count, const char *word)
{
    int64_t number;
    for (int i = 0; i < class_count; i++)
        if (strcasecmp(octet_engine_class_name(engine, i), word) == 0)
            return i;
    return parse_integer(word, &number) && number >= 0 && number < class_count ? (int)number : -1;
}

static char *unknown_class(const octet_engine *engine, int class_count, const char *word)
{
    char text[SUGGEST_BYTES];
    struct suggestion suggestion = suggest_for(word);
    for (int i = 0; i < class_count; i++)
        suggest_offer(&suggestion, octet_engine_class_name(engine, i));
    return app_printf("the model has no class '%s'%s; it has 0 to %d", word,
                      suggest_text(&suggestion, "", text), class_count - 1);
}

static char *trim(char *word)
{
    word += strspn(word, " ");
    size_t length = strlen(word);
    while (length && word[length - 1] == ' ')
        word[--length] = '\0';
    return word;
}

static void add_once(struct class_list *list, int id)
{
    for (int i = 0; i < list->count; i++)
        if (list->ids[i] == id)
            return;
    list->ids[list->count++] = id;
}

char *class_list_parse(const octet_engine *engine, const char *text, struct class_list *list)
{
    octet_info info;
    octet_engine_info(engine, &info);
    *list = (struct class_list){app_alloc((size_t)info.class_count, sizeof *list->ids), 0};
    int whole = find_class(engine, info.class_count, text);
    if (whole >= 0) {
        add_once(list, whole);
        return NULL;
    }
    char *copy = app_strdup(text), *rest = copy, *word, *problem = NULL;
    while (!problem && (word = strsep(&rest, ","))) {
        word = trim(word);
        int id = find_class(engine, info.class_count, word);
        if (id >= 0)
            add_once(list, id);
        else
            problem = unknown_class(engine, info.class_count, word);
    }
    free(copy);
    return problem;
}
