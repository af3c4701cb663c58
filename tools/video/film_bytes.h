/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a film's file has all the bytes that it says it has. */
#ifndef TOOLS_FILM_BYTES_H
#define TOOLS_FILM_BYTES_H

#include <stdint.h>

/* How many bytes are missing at the end of an MP4, QuickTime, Matroska, WebM or AVI file, by its
 * own lengths; 0 where none are, or nobody can tell. */
uint64_t film_bytes_missing(const char *path);

#endif
