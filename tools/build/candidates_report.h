/* SPDX-License-Identifier: Apache-2.0 */
/* What `build --precision auto` tells of its candidates. */
#ifndef TOOLS_CANDIDATES_REPORT_H
#define TOOLS_CANDIDATES_REPORT_H

#include "app/json_print.h"
#include "build/candidates.h"

/* What was measured, on standard output, and as JSON. */
void candidates_print(const struct candidates *candidates);
void candidates_json(const struct candidates *candidates, json_t *root);

#endif
