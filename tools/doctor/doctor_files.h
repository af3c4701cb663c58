/* SPDX-License-Identifier: Apache-2.0 */
/* Reading /proc, /sys, /etc and the like below the doctor's root. Paths come without the leading
 * slash. What is absent, no plain file or too long to be what it should be counts as not there. */
#ifndef TOOLS_DOCTOR_FILES_H
#define TOOLS_DOCTOR_FILES_H

#include <stdio.h>

#include "doctor/doctor.h"

/* Opens `path` (a folder or "/") as the root; links in it lead to places below it. A negative
 * number, with errno, when that is not possible. */
int doctor_open_root(const char *path);

/* A plain file for reading line by line, or NULL. */
FILE *doctor_open(struct doctor *doctor, const char *path);

/* The first line, or the first text of files that hold several ended by NUL, without blanks at its
 * ends; false, and "", when there is none. `size` bytes at most, the rest is cut. */
bool doctor_text(struct doctor *doctor, const char *path, char *text, size_t size);

/* The first line as a whole number. */
bool doctor_number(struct doctor *doctor, const char *path, long long *number);

/* The value of the first line "KEY: value" (or "KEY<blanks>: value"). */
bool doctor_field(struct doctor *doctor, const char *path, const char *key, char *value,
                  size_t size);

/* The names in a folder, sorted, without "." and ".."; free with doctor_free_list(). */
char **doctor_list(struct doctor *doctor, const char *path, size_t *count);
void doctor_free_list(char **names, size_t count);

/* The last part of what a link points to; false when it is no link. */
bool doctor_link(struct doctor *doctor, const char *path, char *name, size_t size);

/* The version of an installed Debian package, from dpkg's status file. */
bool doctor_package(struct doctor *doctor, const char *name, char *version, size_t size);

/* Whether `word` stands among words separated by blanks. */
bool has_word(const char *words, const char *word);

#endif
