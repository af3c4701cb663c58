/* SPDX-License-Identifier: Apache-2.0 */
/* `build --precision auto`: engines of every precision, timed in turn on this machine, with
 * --device auto on each kind of device, and judged by
 * how well their boxes agree with the float engine's. */
#ifndef TOOLS_AUTO_PRECISION_H
#define TOOLS_AUTO_PRECISION_H

#include "build/candidates.h"

/* Builds, times, judges and chooses. The caller frees the candidates, whatever the status. */
int auto_precision(struct app *app, const struct candidate_request *request,
                   struct candidates *candidates);

#endif
