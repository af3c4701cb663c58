/* SPDX-License-Identifier: Apache-2.0 */
/* One calibration by several processes, each of which has a shard of the pictures. */
#ifndef TOOLS_CALIBRATION_RANKS_H
#define TOOLS_CALIBRATION_RANKS_H

#include "models/calibration_run.h"
#include "ranks/ranks.h"

/* Zeroed: this process is alone. */
struct calibration_ranks {
    const struct ranks_library *library;
    int rank, count;
};

/* Finds out which of them this is, and gives `request` its shard. Returns a status. */
int ranks_start(struct app *app, struct calibration_ranks *ranks,
                struct calibration_request *request);

/* Whether this process has the result in the end, and is to write it. */
bool ranks_leads(const struct calibration_ranks *ranks);

/* Joins what all have, pair by pair: rank 0 then has the result of one run, the others hand theirs
 * on. `status` is how this process fared; of those that failed rank 0 says which, and fails.
 * Returns a status. */
int ranks_join(struct app *app, const struct calibration_ranks *ranks, int status,
               struct calibration_result *result);

/* Waits for the others. Accepts a zeroed struct. */
void ranks_end(struct calibration_ranks *ranks);

#endif
