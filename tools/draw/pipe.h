/* SPDX-License-Identifier: Apache-2.0 */
/* Whole blocks over a pipe. */
#ifndef TOOLS_PIPE_H
#define TOOLS_PIPE_H

#include <stdbool.h>
#include <stddef.h>

/* False when the other end is closed, or the call fails, before all bytes went. */
bool pipe_write(int descriptor, const void *bytes, size_t size);
bool pipe_read(int descriptor, void *bytes, size_t size);

/* As pipe_read(), and false when nothing comes for `patience_ms`. */
bool pipe_read_soon(int descriptor, void *bytes, size_t size, int patience_ms);

#endif
