/* SPDX-License-Identifier: Apache-2.0 */
/* An HTML page that grows: what is written by the functions for text is escaped. */
#ifndef TOOLS_HTML_H
#define TOOLS_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "app/format.h"

/* Zeroed it is empty. */
struct html {
    char *bytes; /* freed by the user */
    size_t length, room;
};

/* Markup as it is. */
void html_add(struct html *html, const char *markup);
void html_add_bytes(struct html *html, const char *bytes, size_t count);

/* Text of an element, or of an attribute in double quotes; bytes that are no UTF-8, and characters
 * that HTML does not have, become U+FFFD. */
void html_text(struct html *html, const char *text);
void html_format(struct html *html, const char *format, ...) TOOLS_PRINTF(2, 3);

/* <p class="..">text</p>; `class_name` may be NULL. */
void html_paragraph(struct html *html, const char *class_name, const char *format, ...)
    TOOLS_PRINTF(3, 4);

/* Begins a section with a heading; ends with html_add(html, "</section>\n"). */
void html_section(struct html *html, const char *id, const char *title);

/* A column of a table: numbers stand on the right and sort by `value`. */
struct html_column {
    const char *title;
    enum {
        HTML_NUMBER,
        HTML_WORD,
        HTML_LONG, /* text that may take several lines */
        HTML_NAME  /* what the row is of; its cells are headers */
    } kind;
};

/* Begins a table, in a frame that scrolls by itself; its heads become buttons that sort it. */
void html_table_begin(struct html *html, const char *caption, const struct html_column *columns,
                      size_t count, bool sortable);
/* A row; `name` is what a search field looks at, or NULL. */
void html_row_begin(struct html *html, const char *row_class, const char *name);
void html_cell_text(struct html *html, const struct html_column *column, const char *text);
/* With `digits` behind the point, and `unit` behind that; "-" where it is not finite. */
void html_cell_number(struct html *html, double value, int digits, const char *unit);
void html_row_end(struct html *html);
void html_table_end(struct html *html);

/* A chart below its caption; nothing where `svg`, which is markup, is NULL. */
void html_figure(struct html *html, const char *svg, const char *format, ...) TOOLS_PRINTF(3, 4);

/* A search field for what has the class `item_class` and data-name. */
void html_search(struct html *html, const char *id, const char *label, const char *item_class);

/* A picture in the page itself: "image/jpeg". */
void html_picture(struct html *html, const char *type, const void *bytes, size_t size, int width,
                  int height, const char *description);

#endif
