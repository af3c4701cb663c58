/* SPDX-License-Identifier: Apache-2.0 */
/* A file, pipe or terminal that lines are added to. What is in a file always ends with a whole
 * line. */
#ifndef TOOLS_RECORD_FILE_H
#define TOOLS_RECORD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct record_file {
    const char *path; /* NULL: standard output; it must outlive the struct */
    int descriptor;   /* -1: not open */
    bool is_file;     /* and no pipe, terminal or device */
    dev_t device;
    ino_t number;
};

/* Opens a file for adding to it, and makes it where it is not there; what is in it stays. A last
 * line that has no end (another program was cut off) gets one. Of a pipe there must be a reader.
 * Returns 0 or an errno. */
int record_file_open(struct record_file *file, const char *path);

/* Leaves standard output open. */
void record_file_close(struct record_file *file);

/* Whether the file at the path is no longer this one: somebody moved or removed it. False for
 * pipes, terminals and devices. */
bool record_file_was_moved(const struct record_file *file);

/* Adds the bytes, some at a time where that can be a pipe: `wait` is called before each part with
 * the descriptor, and returns 0 once it takes PIPE_BUF bytes, else an errno. Returns 0 or an errno;
 * in a file the bytes then are taken back that were written. */
int record_file_write(const struct record_file *file, const char *bytes, size_t size,
                      int (*wait)(void *user, int descriptor), void *user);

#endif
