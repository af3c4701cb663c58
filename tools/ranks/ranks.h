/* SPDX-License-Identifier: Apache-2.0 */
/* The contract with liboctet-mpi.so.0: processes that run the same command, numbered from 0, and
 * bytes between them. An error of MPI ends all of them, with MPI's own message. */
#ifndef TOOLS_RANKS_H
#define TOOLS_RANKS_H

#include <stdbool.h>
#include <stddef.h>

#define RANKS_LIBRARY "liboctet-mpi.so.0"
#define RANKS_SYMBOL "octet_mpi_library"
#define RANKS_LAYOUT 1 /* of this struct */

struct ranks_library {
    int layout;
    const char *version; /* of octet */
    /* Which one this process is, of how many. */
    bool (*start)(int *rank, int *count);
    void (*send)(int to, const void *bytes, size_t size);
    /* How many bytes `from` sends next, and these; in this order. */
    size_t (*size_from)(int from);
    void (*receive)(int from, void *bytes, size_t size);
    /* Waits until all have come to their end. */
    void (*end)(void);
};

#endif
