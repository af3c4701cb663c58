/* SPDX-License-Identifier: Apache-2.0 */
/* Makes folders' names of classes' names. */
#include "detect/class_folders.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/terminal_text.h"

#define FOLDER_BYTES_MAX 200

/* Separators, what drives terminals, and what file systems of other systems do not take. */
static bool is_unfit(uint32_t character)
{
    return is_control(character) || character == 0xffffffffu ||
           (character < 0x80 && strchr("/\\<>:\"|?*", (int)character));
}

static char *safe_name(const char *name, int class_id)
{
    if (!name[0])
        return app_printf("%d", class_id);
    char *safe = app_strdup(name), *out = safe;
    uint32_t character;
    for (int size; *name; name += size) {
        size = text_character(name, &character);
        if (is_unfit(character))
            *out++ = '_';
        else
            for (int i = 0; i < size; i++)
                *out++ = name[i];
    }
    *out = '\0';
    safe[text_cut(safe, FOLDER_BYTES_MAX)] = '\0';
    /* ".", ".." and hidden folders; blanks and dots at the end are lost on some systems. */
    for (char *c = safe; *c == '.' || *c == ' '; c++)
        *c = '_';
    for (size_t end = strlen(safe); end && strchr(". ", safe[end - 1]); end--)
        safe[end - 1] = '_';
    return safe;
}

static bool is_taken(char *const *folders, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcasecmp(folders[i], name) == 0)
            return true;
    return false;
}

char **class_folders_make(const octet_engine *engine, int class_count)
{
    char **folders = app_alloc((size_t)class_count, sizeof *folders);
    for (int i = 0; i < class_count; i++) {
        char *name = safe_name(octet_engine_class_name(engine, i), i), *stem = app_strdup(name);
        for (int number = i; is_taken(folders, i, name); number++) {
            free(name);
            name = app_printf("%s-%d", stem, number);
        }
        free(stem);
        folders[i] = name;
    }
    return folders;
}
