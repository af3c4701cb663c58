/* SPDX-License-Identifier: Apache-2.0 */
/* Takes from the names that exporters give what every name has. */
#include "report/report_layer_name.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/allocate.h"
#include "app/terminal_text.h"

#define COLUMNS_LEAST 8 /* that a text can be shortened to */

/* Cuts the text where the ending begins, if it is there and not all. */
static void cut_ending(char *text, const char *ending)
{
    const size_t length = strlen(text), size = strlen(ending);
    if (length > size && strcmp(text + length - size, ending) == 0)
        text[length - size] = '\0';
}

/* "cv2.0/cv2.0.1" says the same as "cv2.0.1". */
static void drop_repeated(char *text)
{
    char *word = text, *slash;
    while ((slash = strchr(word, '/'))) {
        const size_t length = (size_t)(slash - word);
        if (strncmp(slash + 1, word, length) == 0 && slash[1 + length] == '.')
            memmove(word, slash + 1, strlen(slash + 1) + 1);
        else
            word = slash + 1;
    }
}

char *layer_name_short(const char *name)
{
    static const char *const endings[] = {"_output_0", "/act/Mul", "/act/Sigmoid", "/conv/Conv",
                                          "/Conv"};
    char *text = app_strdup(name[0] == '/' && name[1] ? name + 1 : name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        cut_ending(text, endings[i]);
    drop_repeated(text);
    return text;
}

void layer_name_part(const char *name, int words, char *part, size_t size)
{
    char *whole = layer_name_short(name), *to = whole;
    const char *at = whole;
    for (int word = 1; word <= words; word++) {
        const size_t length = strcspn(at, "/"), point = strcspn(at, ".");
        const size_t taken = word > 1 && point > 0 && point < length ? point : length;
        memmove(to, at, taken);
        to += taken;
        at += length;
        if (!*at)
            break;
        at++;
        if (word < words)
            *to++ = '/';
    }
    *to = '\0';
    text_clean(whole);
    const size_t length = text_cut(whole, size - 1);
    memcpy(part, whole, length);
    part[length] = '\0';
    free(whole);
}

char *layer_name_fit(const char *name, int columns)
{
    static const char prefix[] = "model.", one_to_one[] = "one2one_"; /* YOLO26's head */
    const bool has = strncmp(name, prefix, sizeof prefix - 1) == 0 && name[sizeof prefix - 1];
    const char *from = has ? name + sizeof prefix - 1 : name;
    char *text = app_alloc(strlen(from) + 4, 1);
    strcpy(text, from);
    char *twin = strstr(text, one_to_one);
    if (twin)
        memmove(twin, twin + strlen(one_to_one), strlen(twin + strlen(one_to_one)) + 1);
    text_shorten(text, columns < COLUMNS_LEAST ? COLUMNS_LEAST : columns);
    return text;
}
