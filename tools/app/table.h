/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people: columns as wide as their widest cell, numbers on the right. On a terminal no
 * line is wider than it: long texts lose their middle, then the columns least needed go. */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include "app/app.h"
#include "app/terminal_text.h"

#define TABLE_COLUMNS_MAX 24

struct table_column {
    const char *header;
    bool right, shown;
    int spare; /* 0: needed; else the higher, the sooner it is left out */
    int width;
};

struct table {
    struct table_column column[TABLE_COLUMNS_MAX];
    size_t columns, cells, capacity;
    char **cell;
    int room; /* columns of the terminal; 0: no terminal */
};

/* Before a header, '>' puts its column on the right; then each '-' makes it easier to spare where
 * the terminal is narrow: those with most of them go first, all of one degree together. */
void table_open(struct table *table, const char *const *headers, size_t columns);

/* The next cell, row by row. A name is quoted where it would not split (text_quoted). */
void table_add(struct table *table, const char *format, ...) TOOLS_PRINTF(2, 3);
void table_add_name(struct table *table, const char *name);

/* Prints header and rows on standard output, and frees the table. */
void table_print(struct table *table);

/* A table that is printed as it grows. table_reserve() tells the width that cells will take;
 * table_begin() prints the header; table_flush() the rows so far, which are then forgotten;
 * table_end() which columns were left out, and frees the table. */
void table_reserve(struct table *table, size_t column, int width);
void table_begin(struct table *table);
void table_flush(struct table *table);
void table_end(struct table *table);

/* `bytes` as "812 B", "3.2 kB", "12.1 MB" (powers of 1000), in a buffer of 24 that it returns. */
#define SIZE_TEXT_BYTES 24
const char *size_text(double bytes, char *text);

#endif
