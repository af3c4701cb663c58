/* SPDX-License-Identifier: Apache-2.0 */
/* The process that draws text with pango, and what is said to it over its pipes. */
#ifndef TOOLS_LABEL_PROCESS_H
#define TOOLS_LABEL_PROCESS_H

#include <stdint.h>

#define LABEL_TEXT_MAX 65536
#define LABEL_SIDE_MAX 32767 /* pixels: cairo's own limit */

/* Followed by `length` bytes of UTF-8. */
struct label_request {
    double size, width_most; /* pixels */
    uint32_t white;          /* 0: black */
    uint32_t length;         /* LABEL_TEXT_MAX at most */
};

/* Followed by the rows, width * 4 bytes each, of a CAIRO_FORMAT_ARGB32 surface. */
struct label_reply {
    int32_t has_font;      /* 0: there is none at all, and nothing follows */
    int32_t missing;       /* letters that no font has */
    int32_t width, height; /* pixels */
};

/* Answers requests until the pipe ends; does not return. Uses neither the program's output nor its
 * signals. */
_Noreturn void label_process_run(int requests, int replies);

#endif
