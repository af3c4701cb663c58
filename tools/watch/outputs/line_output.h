/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines on standard output or in a file, written by a thread of their own. Lines are added to what
 * is in the file, and can be read at once. A file that is moved or removed (by logrotate, without
 * a signal) is made anew within a second. A full disk stops the recording and nothing else: what is
 * in the file then ends with a whole line, and moving or removing it begins anew.
 */
#ifndef TOOLS_LINE_OUTPUT_H
#define TOOLS_LINE_OUTPUT_H

#include "watch/outputs/output_state.h"

/* Opaque. Any thread may call all but opening and closing. */
struct line_output;

/* `path`: NULL or "-" is standard output. A file that cannot be opened is reported. */
int line_output_open(struct app *app, const char *path, struct line_output **output);

/* Takes a copy of the line, without its end. Never waits: lines that a slow disk or reader has no
 * room for are dropped, the oldest first. */
void line_output_write(struct line_output *output, const char *line, size_t length);

/* Whether standard output is a pipe that nobody reads any more: the program ends then. */
bool line_output_reader_is_gone(struct line_output *output);

struct output_counts line_output_counts(struct line_output *output);

/* What is wrong now, the caller's to free; NULL: nothing. */
char *line_output_problem(struct line_output *output);

/* Writes what waits, for at most a third of a second, and closes. `counts`, unless NULL, are the
 * last ones. Accepts a pointer to NULL. */
void line_output_close(struct line_output **output, struct output_counts *counts);

#endif
