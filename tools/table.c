/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void table_open(struct table *table, const char *const *headers, size_t columns)
{
    *table = (struct table){.columns = columns};
    for (size_t i = 0; i < columns; i++) {
        table->right[i] = headers[i][0] == '>';
        table->headers[i] = headers[i] + table->right[i];
    }
}

static void clean(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++)
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
}

void table_add(struct table *table, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = app_strdup("");
    va_end(arguments);
    clean(text);
    if (table->cells == table->capacity) {
        table->capacity = table->capacity ? table->capacity * 2 : 64;
        table->cell = app_resize(table->cell, table->capacity, sizeof *table->cell);
    }
    table->cell[table->cells++] = text;
}

int text_columns(const char *text)
{
    int columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

static void print_cell(const char *text, int width, bool right, bool last)
{
    int blanks = width - text_columns(text);
    if (right)
        printf("%*s%s", blanks, "", text);
    else
        printf("%s%*s", text, last ? 0 : blanks, "");
    fputs(last ? "\n" : "  ", stdout);
}

void table_print(struct table *table)
{
    int widths[TABLE_COLUMNS_MAX];
    for (size_t c = 0; c < table->columns; c++)
        widths[c] = text_columns(table->headers[c]);
    for (size_t i = 0; i < table->cells; i++) {
        int width = text_columns(table->cell[i]);
        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
    for (size_t c = 0; c < table->columns; c++)
        print_cell(table->headers[c], widths[c], table->right[c], c + 1 == table->columns);
    for (size_t i = 0; i < table->cells; i++) {
        size_t c = i % table->columns;
        print_cell(table->cell[i], widths[c], table->right[c], c + 1 == table->columns);
        free(table->cell[i]);
    }
    free(table->cell);
    *table = (struct table){0};
}

const char *size_text(double bytes, char *text)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    while (bytes >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1000;
        unit++;
    }
    snprintf(text, SIZE_TEXT_BYTES, unit && bytes < 99.95 ? "%.1f %s" : "%.0f %s", bytes,
             units[unit]);
    return text;
}

void print_clean(const char *text)
{
    for (; *text; text++)
        putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}
