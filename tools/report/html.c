/* SPDX-License-Identifier: Apache-2.0 */
/* Writes HTML. */
#include "report/html.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/allocate.h"
#include "app/terminal_text.h"

void html_add_bytes(struct html *html, const char *bytes, size_t count)
{
    if (html->room - html->length < count + 1) {
        html->room = 2 * html->room + count + 4096;
        html->bytes = app_resize(html->bytes, html->room, 1);
    }
    memcpy(html->bytes + html->length, bytes, count);
    html->length += count;
    html->bytes[html->length] = '\0';
}

void html_add(struct html *html, const char *markup)
{
    html_add_bytes(html, markup, strlen(markup));
}

static const char *escape_of(uint32_t character)
{
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default: /* control characters, text that runs the other way, and what is no character */
        return is_control(character) && character != '\n' ? "\xef\xbf\xbd" : NULL;
    }
}

void html_text(struct html *html, const char *text)
{
    while (*text) {
        uint32_t character;
        const int size = text_character(text, &character);
        const char *escape = escape_of(character);
        if (escape)
            html_add(html, escape);
        else
            html_add_bytes(html, text, (size_t)size);
        text += size;
    }
}

static void add_formatted(struct html *html, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    char *text = app_alloc((size_t)(length < 0 ? 0 : length) + 1, 1);
    vsnprintf(text, (size_t)(length < 0 ? 0 : length) + 1, format, again);
    va_end(again);
    char *from = text;
    for (char *at; (at = strstr(from, " %")); from = at + 1) { /* no line ends between these */
        *at = '\0';
        html_text(html, from);
        html_add(html, "\xc2\xa0");
    }
    html_text(html, from);
    free(text);
}

void html_format(struct html *html, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_formatted(html, format, arguments);
    va_end(arguments);
}

void html_paragraph(struct html *html, const char *class_name, const char *format, ...)
{
    va_list arguments;
    html_add(html, "<p");
    if (class_name) {
        html_add(html, " class=\"");
        html_text(html, class_name);
        html_add(html, "\"");
    }
    html_add(html, ">");
    va_start(arguments, format);
    add_formatted(html, format, arguments);
    va_end(arguments);
    html_add(html, "</p>\n");
}

void html_section(struct html *html, const char *id, const char *title)
{
    html_add(html, "<section id=\"");
    html_text(html, id);
    html_add(html, "\" aria-labelledby=\"");
    html_text(html, id);
    html_add(html, "-title\">\n<h2 id=\"");
    html_text(html, id);
    html_add(html, "-title\">");
    html_text(html, title);
    html_add(html, "</h2>\n");
}

void html_table_begin(struct html *html, const char *caption, const struct html_column *columns,
                      size_t count, bool sortable)
{
    html_add(html, sortable
                       ? "<div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\""
                       : "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    html_text(html, caption);
    html_add(html, sortable ? "\"><table data-sortable>\n<caption>" : "\"><table>\n<caption>");
    html_text(html, caption);
    html_add(html, "</caption>\n<thead><tr>");
    for (size_t i = 0; i < count; i++) {
        html_add(html, columns[i].kind == HTML_NUMBER ? "<th scope=\"col\">"
                                                      : "<th scope=\"col\" class=\"text\">");
        html_text(html, columns[i].title);
        html_add(html, "</th>");
    }
    html_add(html, "</tr></thead>\n<tbody>\n");
}

void html_row_begin(struct html *html, const char *row_class, const char *name)
{
    html_add(html, "<tr");
    if (name) {
        html_add(html, " class=\"");
        html_text(html, row_class);
        html_add(html, "\" data-name=\"");
        html_text(html, name);
        html_add(html, "\"");
    }
    html_add(html, ">");
}

void html_cell_text(struct html *html, const struct html_column *column, const char *text)
{
    const bool is_name = column->kind == HTML_NAME;
    html_add(html, is_name                     ? "<th scope=\"row\" class=\"name\">"
                   : column->kind == HTML_LONG ? "<td class=\"long\">"
                                               : "<td class=\"text\">");
    html_text(html, text);
    html_add(html, is_name ? "</th>" : "</td>");
}

void html_cell_number(struct html *html, double value, int digits, const char *unit)
{
    if (!isfinite(value)) {
        html_add(html, "<td data-value=\"\">-</td>");
        return;
    }
    html_add(html, "<td data-value=\"");
    html_format(html, "%.9g", value);
    html_add(html, "\">");
    html_format(html, "%.*f%s", digits, value, unit);
    html_add(html, "</td>");
}

void html_row_end(struct html *html)
{
    html_add(html, "</tr>\n");
}

void html_table_end(struct html *html)
{
    html_add(html, "</tbody></table></div>\n");
}

void html_figure(struct html *html, const char *svg, const char *format, ...)
{
    va_list arguments;
    if (!svg)
        return;
    html_add(html, "<figure><figcaption>");
    va_start(arguments, format);
    add_formatted(html, format, arguments);
    va_end(arguments);
    html_add(html, "</figcaption>\n");
    html_add(html, svg);
    html_add(html, "</figure>\n");
}

void html_search(struct html *html, const char *id, const char *label, const char *item_class)
{
    html_add(html, "<div class=\"search\" hidden><label for=\"");
    html_text(html, id);
    html_add(html, "\">");
    html_text(html, label);
    html_add(html, "</label><input type=\"search\" autocomplete=\"off\" id=\"");
    html_text(html, id);
    html_add(html, "\" data-filters=\".");
    html_text(html, item_class);
    html_add(html, "\" aria-describedby=\"");
    html_text(html, id);
    html_add(html, "-count\"><span class=\"muted\" role=\"status\" id=\"");
    html_text(html, id);
    html_add(html, "-count\"></span></div>\n");
}

/* RFC 4648. */
static void add_base64(struct html *html, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i;
        const unsigned triple = (unsigned)bytes[i] << 16 |
                                (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                                (left > 2 ? (unsigned)bytes[i + 2] : 0);
        const char quad[4] = {digits[triple >> 18], digits[triple >> 12 & 63],
                              left > 1 ? digits[triple >> 6 & 63] : '=',
                              left > 2 ? digits[triple & 63] : '='};
        html_add_bytes(html, quad, sizeof quad);
    }
}

void html_picture(struct html *html, const char *type, const void *bytes, size_t size, int width,
                  int height, const char *description)
{
    html_add(html, "<img width=\"");
    html_format(html, "%d", width);
    html_add(html, "\" height=\"");
    html_format(html, "%d", height);
    html_add(html, "\" alt=\"");
    html_text(html, description);
    html_add(html, "\" src=\"data:");
    html_text(html, type);
    html_add(html, ";base64,");
    add_base64(html, bytes, size);
    html_add(html, "\">\n");
}
