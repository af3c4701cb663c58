/* SPDX-License-Identifier: Apache-2.0 */
/* The page: one HTML file that needs nothing else. */
#ifndef TOOLS_REPORT_PAGE_H
#define TOOLS_REPORT_PAGE_H

#include "report/html.h"
#include "report/report_data.h"

/* Adds the whole page. */
void report_page_write(struct html *html, const struct report_data *data);

#endif
