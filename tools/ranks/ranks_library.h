/* SPDX-License-Identifier: Apache-2.0 */
/* Opens liboctet-mpi.so.0 when ranks are asked for. */
#ifndef TOOLS_RANKS_LIBRARY_H
#define TOOLS_RANKS_LIBRARY_H

#include "app/app.h"
#include "ranks/ranks.h"

/* The one beside the program, else the one that the system finds; it stays open. NULL, reported,
 * where it is not there or does not fit. */
const struct ranks_library *ranks_library_open(struct app *app);

#endif
