/* SPDX-License-Identifier: Apache-2.0 */
/* What `octet compare` prints. */
#ifndef TOOLS_COMPARE_REPORT_H
#define TOOLS_COMPARE_REPORT_H

#include "insight/compare_run.h"

/* compare_report.c, compare_json.c: as tables, or as JSON. Return a status. */
int compare_report_text(struct compare_run *run, const struct compare_result *result);
int compare_report_json(struct compare_run *run, const struct compare_result *result);

#endif
