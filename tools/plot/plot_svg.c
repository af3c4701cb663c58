/* SPDX-License-Identifier: Apache-2.0 */
/* Writes drawings as SVG. Colours are classes, so that a style can give them for light and dark. */
#include "plot/plot_svg.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/allocate.h"
#include "app/terminal_text.h"

struct text {
    char *bytes;
    size_t length, capacity;
};

static void put_bytes(struct text *text, const char *bytes, size_t length)
{
    if (text->capacity - text->length <= length) {
        text->capacity = 2 * text->capacity + length + 1024;
        text->bytes = app_resize(text->bytes, text->capacity, 1);
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

static void put(struct text *text, const char *words)
{
    put_bytes(text, words, strlen(words));
}

TOOLS_PRINTF(2, 3) static void put_format(struct text *text, const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    put(text, line);
}

/* Characters that XML does not have, or that would change how the rest reads, become U+FFFD. */
static void put_escaped(struct text *text, const char *words)
{
    uint32_t character;
    for (int size; *words; words += size) {
        size = text_character(words, &character);
        const bool none = (character & 0xfffeu) == 0xfffeu || is_control(character);
        if (none)
            put(text, "\xef\xbf\xbd");
        else if (character == '&')
            put(text, "&amp;");
        else if (character == '<')
            put(text, "&lt;");
        else if (character == '>')
            put(text, "&gt;");
        else if (character == '"')
            put(text, "&quot;");
        else
            put_bytes(text, words, (size_t)size);
    }
}

/* With two digits at most, and none that say nothing. */
static void put_number(struct text *text, double number)
{
    char digits[64];
    snprintf(digits, sizeof digits, "%.2f", number);
    size_t length = strlen(digits);
    while (digits[length - 1] == '0')
        digits[--length] = '\0';
    if (digits[length - 1] == '.')
        digits[--length] = '\0';
    put(text, strcmp(digits, "-0") == 0 ? "0" : digits);
}

static void put_style(struct text *text)
{
    for (int ink = 0; ink < PLOT_INKS; ink++)
        put_format(text, ".octet-plot .ink%d{color:#%06x}", ink, plot_colors_of(ink).light);
    put(text, "@media screen and (prefers-color-scheme:dark){");
    for (int ink = 0; ink < PLOT_INKS; ink++)
        put_format(text, ".octet-plot .ink%d{color:#%06x}", ink, plot_colors_of(ink).dark);
    put(text, "}");
}

static void put_points(struct text *text, const struct plot_shape *shape)
{
    put(text, " points=\"");
    for (size_t i = 0; i < shape->count; i++) {
        put(text, i ? " " : "");
        put_number(text, shape->points[i].x);
        put(text, ",");
        put_number(text, shape->points[i].y);
    }
    put(text, "\"/>\n");
}

static void put_line(struct text *text, const struct plot_shape *shape)
{
    put_format(text, "<polyline class=\"ink%d\" fill=\"none\" stroke=\"currentColor\"", shape->ink);
    put(text, " stroke-width=\"");
    put_number(text, shape->width);
    put(text, "\" stroke-linejoin=\"round\"");
    if (shape->dashed)
        put(text, " stroke-dasharray=\"6 4\"");
    put_points(text, shape);
}

static void put_area(struct text *text, const struct plot_shape *shape)
{
    put_format(text, "<polygon class=\"ink%d\" fill=\"currentColor\"", shape->ink);
    if (shape->opacity < 1) {
        put(text, " fill-opacity=\"");
        put_number(text, shape->opacity);
        put(text, "\"");
    }
    put_points(text, shape);
}

static void put_words(struct text *text, const struct plot_shape *shape)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    put_format(text, "<text class=\"ink%d\" fill=\"currentColor\" text-anchor=\"%s\" font-size=\"",
               shape->ink, anchors[shape->anchor]);
    put_number(text, shape->width);
    put(text, "\" x=\"");
    put_number(text, shape->points[0].x);
    put(text, "\" y=\"");
    put_number(text, shape->points[0].y);
    put(text, "\">");
    put_escaped(text, shape->words);
    put(text, "</text>\n");
}

static void put_head(struct text *text, const struct plot_drawing *drawing, const char *name_space)
{
    put_format(text,
               "<svg%s class=\"octet-plot\" role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" "
               "height=\"%d\" font-family=\"sans-serif\">\n",
               name_space, drawing->width, drawing->height, drawing->width, drawing->height);
    put(text, "<title>");
    put_escaped(text, drawing->title);
    put(text, "</title>\n<desc>");
    put_escaped(text, drawing->description);
    put(text, "</desc>\n");
}

static void put_shapes(struct text *text, const struct plot_drawing *drawing)
{
    for (size_t i = 0; i < drawing->count; i++) {
        const struct plot_shape *shape = &drawing->shapes[i];
        if (shape->count == 0)
            continue;
        if (shape->kind == PLOT_LINE)
            put_line(text, shape);
        else if (shape->kind == PLOT_AREA)
            put_area(text, shape);
        else
            put_words(text, shape);
    }
    put(text, "</svg>\n");
}

char *plot_svg(const struct plot_drawing *drawing, size_t *length)
{
    struct text text = {0};
    put_head(&text, drawing, " xmlns=\"http://www.w3.org/2000/svg\"");
    put(&text, "<style>");
    put_style(&text);
    put(&text, "</style>\n");
    put_format(&text, "<rect class=\"ink%d\" fill=\"currentColor\" width=\"%d\" height=\"%d\"/>\n",
               (int)PLOT_PAPER, drawing->width, drawing->height);
    put_shapes(&text, drawing);
    *length = text.length;
    return text.bytes;
}

char *plot_svg_part(const struct plot_drawing *drawing)
{
    struct text text = {0};
    put_head(&text, drawing, "");
    put_shapes(&text, drawing);
    return text.bytes;
}

char *plot_svg_style(void)
{
    struct text text = {0};
    put_style(&text);
    return text.bytes;
}
