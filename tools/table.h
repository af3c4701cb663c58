/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people: columns as wide as their widest cell, numbers on the right. */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include "app.h"

#define TABLE_COLUMNS_MAX 16

struct table {
    const char *headers[TABLE_COLUMNS_MAX];
    bool right[TABLE_COLUMNS_MAX];
    size_t columns, cells, capacity;
    char **cell;
};

/* A header that starts with '>' stands, like its column, on the right. */
void table_open(struct table *table, const char *const *headers, size_t columns);

/* The next cell, row by row. */
void table_add(struct table *table, const char *format, ...) TOOLS_PRINTF(2, 3);

/* Prints header and rows on standard output, and frees the table. */
void table_print(struct table *table);

/* Columns that UTF-8 text takes on a terminal, one for each code point. */
int text_columns(const char *text);

/* `bytes` as "812 B", "3.2 kB", "12.1 MB" (powers of 1000), in a buffer of 24 that it returns. */
#define SIZE_TEXT_BYTES 24
const char *size_text(double bytes, char *text);

/* Prints `text` without control characters, which could drive the terminal. */
void print_clean(const char *text);

#endif
