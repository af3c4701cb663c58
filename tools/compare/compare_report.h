/* SPDX-License-Identifier: Apache-2.0 */
/* What `octet compare` prints. */
#ifndef TOOLS_COMPARE_REPORT_H
#define TOOLS_COMPARE_REPORT_H

#include "draw/label_font.h"
#include "insight/compare_run.h"

/* compare_report.c, compare_json.c: as tables, or as JSON. Return a status. */
int compare_report_text(struct compare_run *run, const struct compare_result *result);
int compare_report_json(struct compare_run *run, const struct compare_result *result);

/* compare_charts.c: the charts into the folder of -o, as SVG and PNG; each where there is something
 * to show. Returns a status. */
int compare_charts(const struct compare_run *run, const struct compare_result *result,
                   struct label_font *font);

/* The names that its files may have. */
#define COMPARE_CHART_FILES 8
const char *compare_chart_file(int index);

#endif
