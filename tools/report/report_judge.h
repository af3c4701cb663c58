/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict in words, why, and what to do. */
#ifndef TOOLS_REPORT_JUDGE_H
#define TOOLS_REPORT_JUDGE_H

#include "report/report_data.h"

/* Sets mood, verdict, reasons and, where there is something to do, advice, which the caller
 * frees. */
void report_judge(struct report_data *data);

#endif
