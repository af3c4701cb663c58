/* SPDX-License-Identifier: Apache-2.0 */
/* Text from files (names of pictures, classes, tensors) on its way to people's terminals. */
#ifndef TOOLS_TERMINAL_TEXT_H
#define TOOLS_TERMINAL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes '?' of what could drive a terminal or make text read otherwise than it is: control
 * characters of either set, marks that change the direction of writing, characters that are not
 * seen, separators of lines and paragraphs, and bytes 0x80 to 0x9f that are no UTF-8. */
void text_clean(char *text);

/* Whether text_clean() replaces this character. */
bool is_control(uint32_t character);

/* The length in bytes of the character at `text`, which is not its end; 1 for a byte that is no
 * UTF-8, with `*character` then 0xffffffff. */
int text_character(const char *text, uint32_t *character);

/* Columns that UTF-8 text takes on a terminal: two for wide characters, none for combining ones.
 * The locale's character set must be UTF-8. */
int text_columns(const char *text);

/* The length, of at most `most` bytes, that cuts no character of UTF-8 text in two. */
size_t text_cut(const char *text, size_t most);

/* Where `text` takes more than `columns` (8 or more), puts "..." for its middle, in place. */
void text_shorten(char *text, int columns);

/* A clean copy that stands in double quotes, with '\' before '"' and '\', where it is empty or
 * holds blanks or quotes: a table splits at blanks as the shell splits. The caller frees it. */
char *text_quoted(const char *text);

/* Prints a clean copy on standard output. */
void print_clean(const char *text);

/* Columns of the terminal behind a file descriptor; 0 where there is none. */
int terminal_columns(int descriptor);

#endif
