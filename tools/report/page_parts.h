/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the page, each of which adds itself below its heading. */
#ifndef TOOLS_REPORT_PAGE_PARTS_H
#define TOOLS_REPORT_PAGE_PARTS_H

#include "report/html.h"
#include "report/report_data.h"

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
