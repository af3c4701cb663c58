/* SPDX-License-Identifier: Apache-2.0 */
/* How well the engine agrees with the float model, class by class. */
#include <math.h>

#include "report/report_page.h"

static double percent(double share)
{
    return share < 0 ? NAN : 100 * share;
}

void report_agreement_write(struct html *html, const struct report_data *data)
{
    static const struct html_column columns[] = {
        {"class", HTML_NAME},     {"float's boxes", HTML_NUMBER}, {"found %", HTML_NUMBER},
        {"besides", HTML_NUMBER}, {"AP %", HTML_NUMBER},          {"AP50 %", HTML_NUMBER}};
    html_paragraph(html, NULL,
                   "The float model's boxes with a score of 0.25 and more stand for the truth, on "
                   "%zu pictures. AP %.1f %% over overlaps 0.50 to 0.95, %.1f %% at 0.50, %.1f %% "
                   "at 0.75.",
                   data->pictures, percent(data->agreement.ap), percent(data->agreement.ap50),
                   percent(data->agreement.ap75));
    html_paragraph(html, NULL,
                   "%zu of %zu such boxes are found. Their scores differ by %.3f (root mean "
                   "square), their edges by %.2f pixels on average, 95 in 100 by less than %.2f.",
                   data->matched, data->sure, data->score_rms, data->box_mean_px, data->box_95_px);
    if (isfinite(data->ap_engine))
        html_paragraph(html, NULL,
                       "Against labels the engine's AP is %.2f points, the float model's %.2f.",
                       100 * data->ap_engine, 100 * data->ap_float);
    html_search(html, "class-search", "Find a class", "class-row");
    html_table_begin(html, "By class", columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < data->class_count; i++) {
        const struct report_class *one = &data->classes[i];
        html_row_begin(html, "class-row", one->name);
        html_cell_text(html, &columns[0], one->name);
        html_cell_number(html, (double)one->sure, 0, "");
        html_cell_number(html, one->sure ? 100.0 * (double)one->matched / (double)one->sure : NAN,
                         1, "");
        html_cell_number(html, (double)one->more, 0, "");
        html_cell_number(html, percent(one->ap), 1, "");
        html_cell_number(html, percent(one->ap50), 1, "");
        html_row_end(html);
    }
    html_table_end(html);
}
