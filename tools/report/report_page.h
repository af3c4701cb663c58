/* SPDX-License-Identifier: Apache-2.0 */
/* The page: one HTML file that needs nothing else. */
#ifndef TOOLS_REPORT_PAGE_H
#define TOOLS_REPORT_PAGE_H

#include "report/html.h"
#include "report/report_data.h"

/* Adds the whole page. */
void report_page_write(struct html *html, const struct report_data *data);

/* Its parts. */
void report_summary_write(struct html *html, const struct report_data *data);
void report_agreement_write(struct html *html, const struct report_data *data);
void report_pictures_write(struct html *html, const struct report_data *data);
void report_layers_write(struct html *html, const struct report_data *data);
void report_blocks_write(struct html *html, const struct report_data *data);
void report_histograms_write(struct html *html, const struct report_data *data);
void report_drift_write(struct html *html, const struct report_data *data);
void report_study_write(struct html *html, const struct report_data *data);
void report_provenance_write(struct html *html, const struct report_data *data);

#endif
