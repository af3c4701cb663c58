/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out tables, within the width that the terminal has. */
#include "app/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GAP 2        /* columns between columns */
#define TEXT_EASY 14 /* a text is shortened to this before a column is left out, */
#define TEXT_LEAST 8 /* and to this after all that can be were */

void table_open(struct table *table, const char *const *headers, size_t columns)
{
    assert(columns <= TABLE_COLUMNS_MAX);
    *table = (struct table){.columns = columns, .room = terminal_columns(STDOUT_FILENO)};
    for (size_t i = 0; i < columns; i++) {
        struct table_column *column = &table->column[i];
        const char *header = headers[i];
        column->shown = true;
        column->right = header[0] == '>';
        header += column->right;
        column->spare = (int)strspn(header, "-");
        column->header = header + column->spare;
        column->width = text_columns(column->header);
    }
}

static void add(struct table *table, char *text)
{
    if (table->cells == table->capacity) {
        table->capacity = table->capacity ? table->capacity * 2 : 64;
        table->cell = app_resize(table->cell, table->capacity, sizeof *table->cell);
    }
    table->cell[table->cells++] = text;
}

void table_add(struct table *table, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = app_strdup("");
    va_end(arguments);
    text_clean(text);
    add(table, text);
}

void table_add_name(struct table *table, const char *name)
{
    add(table, text_quoted(name));
}

void table_reserve(struct table *table, size_t column, int width)
{
    if (table->column[column].width < width)
        table->column[column].width = width;
}

/* Columns beyond the terminal's. */
static int excess(const struct table *table)
{
    int width = -GAP;
    for (size_t i = 0; i < table->columns; i++)
        if (table->column[i].shown)
            width += table->column[i].width + GAP;
    return width - table->room;
}

/* The widest text of more than `least` columns, or NULL. */
static struct table_column *widest_text(struct table *table, int least)
{
    struct table_column *widest = NULL;
    for (size_t i = 0; i < table->columns; i++) {
        struct table_column *column = &table->column[i];
        if (column->shown && !column->right && column->width > least &&
            (!widest || column->width > widest->width))
            widest = column;
    }
    return widest;
}

/* Narrows texts, the widest first; true when all fits. Else, unless `anyway`, nothing changes. */
static bool narrow(struct table *table, int least, bool anyway)
{
    struct table tried = *table;
    struct table_column *widest;
    while (excess(&tried) > 0 && (widest = widest_text(&tried, least)))
        widest->width--;
    bool fits = excess(&tried) <= 0;
    if (fits || anyway)
        *table = tried;
    return fits;
}

/* Leaves out the columns easiest to spare; false when none is. */
static bool leave_out(struct table *table)
{
    int most = 0;
    for (size_t i = 0; i < table->columns; i++)
        if (table->column[i].shown && table->column[i].spare > most)
            most = table->column[i].spare;
    for (size_t i = 0; i < table->columns; i++)
        if (table->column[i].spare == most)
            table->column[i].shown = most == 0;
    return most > 0;
}

static void fit(struct table *table)
{
    if (table->room == 0)
        return;
    while (!narrow(table, TEXT_EASY, false))
        if (!leave_out(table))
            break;
    narrow(table, TEXT_LEAST, true);
    for (size_t i = table->columns - 1; i > 0 && excess(table) > 0; i--)
        table->column[i].shown = false;
}

/* Prints the cell after the blanks that are due; those behind it become due. */
static void print_cell(const struct table *table, const struct table_column *column, char *text,
                       int *due)
{
    if (!column->shown)
        return;
    if (table->room && column->width >= TEXT_LEAST)
        text_shorten(text, column->width);
    int blanks = column->width - text_columns(text);
    if (blanks < 0)
        blanks = 0;
    *due += column->right ? blanks : 0;
    if (text[0]) {
        printf("%*s%s", *due, "", text);
        *due = 0;
    }
    *due += GAP + (column->right ? 0 : blanks);
}

void table_begin(struct table *table)
{
    int due = 0;
    fit(table);
    for (size_t i = 0; i < table->columns; i++) {
        char *header = app_strdup(table->column[i].header);
        print_cell(table, &table->column[i], header, &due);
        free(header);
    }
    putchar('\n');
}

void table_flush(struct table *table)
{
    int due = 0;
    for (size_t i = 0; i < table->cells; i++) {
        print_cell(table, &table->column[i % table->columns], table->cell[i], &due);
        free(table->cell[i]);
        if ((i + 1) % table->columns)
            continue;
        putchar('\n');
        due = 0;
    }
    table->cells = 0;
}

/* Words with commas between, broken before the terminal's edge. */
static void print_left_out(const struct table *table)
{
    static const char start[] = "(too narrow for";
    int column = 0;
    for (size_t i = 0; i < table->columns; i++) {
        const char *word = table->column[i].header;
        if (table->column[i].shown)
            continue;
        int width = text_columns(word) + 2;
        const char *before = column ? "," : start;
        column += column ? 1 : (int)strlen(start);
        bool fits = column + width < table->room;
        printf("%s%s%s", before, fits ? " " : "\n ", word);
        column = (fits ? column : 0) + width - 1;
    }
    if (column)
        puts(")");
}

void table_end(struct table *table)
{
    print_left_out(table);
    free(table->cell);
    *table = (struct table){0};
}

void table_print(struct table *table)
{
    for (size_t i = 0; i < table->cells; i++)
        table_reserve(table, i % table->columns, text_columns(table->cell[i]));
    table_begin(table);
    table_flush(table);
    table_end(table);
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
