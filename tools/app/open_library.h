/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that are opened when they are needed, and may be missing. Of a list of its functions
 *     #define FUNCTIONS(DO) DO(zmq_socket) DO(zmq_close)
 * the user makes a table and the names for library_open():
 *     struct functions { FUNCTIONS(LIBRARY_DECLARE) };
 *     static const char *const function_names[] = {FUNCTIONS(LIBRARY_NAME)};
 */
#ifndef TOOLS_OPEN_LIBRARY_H
#define TOOLS_OPEN_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#define LIBRARY_DECLARE(name) __typeof__(name) *name;
#define LIBRARY_NAME(name) #name,

/* Opens the library for good, and fills `table`, whose members are pointers to the `count`
 * functions in the order of `names`. False: it is not there, or lacks one of them. */
bool library_open(const char *library, const char *const *names, size_t count, void *table);

/* Opens a library of octet's own, for good: the one beside the program, else the one that the
 * system finds. NULL: dlerror() says why. */
void *library_open_beside(const char *library);

#endif
