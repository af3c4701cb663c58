/* SPDX-License-Identifier: Apache-2.0 */
/* What can be looked at: pictures, values, ranges, the study; and how it all was made. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/allocate.h"
#include "report/page_parts.h"

#define HISTOGRAMS_FIRST 6 /* that are shown at once */

/* ---- pictures ---- */

static void add_side(struct html *html, const struct report_picture *picture, int side)
{
    static const char *const names[] = {"float model", "this engine"};
    const struct report_side *one = &picture->sides[side];
    char *alt = app_printf("%s with the boxes of the %s", picture->label,
                           side == 0 ? "float model" : "engine");
    html_add(html, "<figure><figcaption>");
    html_format(html, "%s: %d box%s", names[side], one->count, one->count == 1 ? "" : "es");
    html_add(html, "</figcaption>\n");
    html_picture(html, "image/jpeg", one->jpeg, one->size, one->width, one->height, alt);
    html_add(html, "</figure>\n");
    free(alt);
}

static void add_pictures(struct html *html, const struct report_data *data, bool is_best,
                         const char *title)
{
    bool has_any = false;
    for (size_t i = 0; i < data->shown_count; i++) {
        const struct report_picture *picture = &data->shown[i];
        if (picture->is_best != is_best)
            continue;
        if (!has_any) {
            html_add(html, "<h3>");
            html_text(html, title);
            html_add(html, "</h3>\n");
        }
        has_any = true;
        html_add(html, "<div class=\"picture\" role=\"group\" aria-label=\"");
        html_text(html, picture->label);
        html_add(html, "\">\n");
        html_paragraph(html, "muted", "%s, difference %.2f", picture->label, picture->difference);
        html_add(html, "<div class=\"pair\">\n");
        add_side(html, picture, 0);
        add_side(html, picture, 1);
        html_add(html, "</div></div>\n");
    }
}

void report_pictures_write(struct html *html, const struct report_data *data)
{
    html_paragraph(html, NULL,
                   "Boxes with a score of %.2f and more. The difference adds up scores of boxes "
                   "that only one has, and of the others what scores and overlaps lack.",
                   data->confidence);
    add_pictures(html, data, false, "Where they differ most");
    add_pictures(html, data, true, "Where they agree best");
}

/* ---- values ---- */

static int by_clipped(const void *a, const void *b)
{
    const struct report_histogram *left = *(const struct report_histogram *const *)a;
    const struct report_histogram *right = *(const struct report_histogram *const *)b;
    const int order = (left->clipped < right->clipped) - (left->clipped > right->clipped);
    return order ? order : (left > right) - (left < right);
}

static void add_histogram(struct html *html, const struct report_histogram *histogram)
{
    html_add(html, "<div class=\"card activation\" data-name=\"");
    html_text(html, histogram->name);
    html_add(html, "\"><figure><figcaption><strong>");
    html_text(html, histogram->label);
    html_add(html, "</strong><br>");
    html_format(html, "values %.3g to %.3g, codes %.3g to %.3g, %.3f %% clipped",
                histogram->minimum, histogram->maximum, histogram->low, histogram->high,
                100 * histogram->clipped);
    html_add(html, "</figcaption>\n");
    html_add(html, histogram->svg);
    html_add(html, "</figure></div>\n");
}

void report_histograms_write(struct html *html, const struct report_data *data)
{
    const size_t count = data->histogram_count;
    const size_t first = count < HISTOGRAMS_FIRST ? count : HISTOGRAMS_FIRST;
    const struct report_histogram **order = app_alloc(count + 1, sizeof(void *));
    for (size_t i = 0; i < count; i++)
        order[i] = &data->histograms[i];
    qsort(order, count, sizeof *order, by_clipped);
    html_paragraph(html, NULL,
                   "How often each value of a layer\xe2\x80\x99s output came, in the float model. "
                   "The dashed lines are the ends of the codes: what lies beyond is clipped. Those "
                   "that clip most stand first.");
    html_search(html, "activation-search", "Find a layer", "activation");
    html_add(html, "<div class=\"cards\">\n");
    for (size_t i = 0; i < first; i++)
        add_histogram(html, order[i]);
    html_add(html, "</div>\n");
    if (count > first) {
        html_add(html, "<details id=\"more-activations\"><summary>");
        html_format(html, "The other %zu layers", count - first);
        html_add(html, "</summary>\n<div class=\"cards\">\n");
        for (size_t i = first; i < count; i++)
            add_histogram(html, order[i]);
        html_add(html, "</div></details>\n");
    }
    free(order);
}

/* ---- ranges ---- */

static void add_ranges(struct html *html, const struct report_drift *drift)
{
    static const struct html_column columns[] = {{"tensor", HTML_NAME},
                                                 {"clipped, %", HTML_NUMBER},
                                                 {"unused codes", HTML_NUMBER},
                                                 {"noise, dB", HTML_NUMBER},
                                                 {"calibration\xe2\x80\x99s", HTML_NUMBER},
                                                 {"best", HTML_NUMBER}};
    html_add(html, "<details><summary>");
    html_format(html, "All %d tensors", drift->fit.tensors);
    html_add(html, "</summary>\n");
    html_search(html, "range-search", "Find a tensor", "range-row");
    html_table_begin(html, "Ranges, the most harmed first", columns,
                     sizeof columns / sizeof *columns, true);
    for (int i = 0; i < drift->fit.tensors; i++) {
        const octet_range_fit *range = &drift->ranges[i];
        html_row_begin(html, "range-row", range->name);
        html_cell_text(html, &columns[0], range->name);
        html_cell_number(html, 100 * range->clipped, 4, "");
        html_cell_number(html, range->unused, 0, "");
        html_cell_number(html, range->noise, 1, "");
        html_cell_number(html, range->calibration, 1, "");
        html_cell_number(html, range->best, 1, "");
        html_row_end(html);
    }
    html_table_end(html);
    html_add(html, "</details>\n");
}

void report_drift_write(struct html *html, const struct report_data *data)
{
    const struct report_drift *drift = &data->drift;
    html_paragraph(html, NULL,
                   "Do the ranges that were chosen in calibration fit these pictures? (octet "
                   "calibrate --check)");
    if (drift->verdict) {
        html_add(html,
                 drift->fit.fits ? "<p class=\"outcome good\">" : "<p class=\"outcome warn\">");
        html_text(html, drift->verdict);
        html_add(html, "</p>\n");
    }
    if (drift->missing)
        html_paragraph(html, "muted", "No verdict: %s.", drift->missing);
    if (drift->watched)
        html_paragraph(html, NULL, "%s", drift->watched);
    html_figure(html, drift->svg, "Signal to noise of the codes, worst tensors first");
    if (drift->fit.tensors)
        add_ranges(html, drift);
}

/* ---- the study ---- */

static void add_study_table(struct html *html, const struct report_study *study)
{
    static const struct html_column columns[] = {
        {"calibrator", HTML_NAME},  {"pictures", HTML_NUMBER}, {"AP", HTML_NUMBER},
        {"agreement", HTML_NUMBER}, {"\xc2\xb1", HTML_NUMBER}, {"least", HTML_NUMBER},
        {"most", HTML_NUMBER},      {"seconds", HTML_NUMBER}};
    html_table_begin(html, "Calibration pictures and calibrators, points", columns,
                     sizeof columns / sizeof *columns, true);
    for (size_t i = 0; i < study->row_count; i++) {
        const struct report_study_row *row = &study->rows[i];
        html_row_begin(html, NULL, NULL);
        html_cell_text(html, &columns[0], row->calibrator);
        html_cell_number(html, row->count, 0, "");
        html_cell_number(html, row->ap, 2, "");
        html_cell_number(html, row->agreement, 2, "");
        html_cell_number(html, row->deviation, 2, "");
        html_cell_number(html, row->least, 2, "");
        html_cell_number(html, row->most, 2, "");
        html_cell_number(html, row->seconds, 1, "");
        html_row_end(html);
    }
    html_table_end(html);
}

void report_study_write(struct html *html, const struct report_data *data)
{
    const struct report_study *study = &data->study;
    html_paragraph(html, NULL, "How many calibration pictures are enough? (octet study)");
    html_add(html, "<ul>\n");
    for (size_t i = 0; i < study->verdict_count; i++) {
        html_add(html, "<li>");
        html_text(html, study->verdicts[i]);
        html_add(html, "</li>\n");
    }
    html_add(html, "</ul>\n");
    html_figure(html, study->svg, "%s by calibration pictures",
                study->labelled ? "Average precision" : "Agreement");
    add_study_table(html, study);
}

/* ---- how it was made ---- */

static void add_facts(struct html *html, const char *caption, const struct report_fact *facts,
                      size_t count)
{
    static const struct html_column columns[] = {{"what", HTML_NAME}, {"value", HTML_LONG}};
    html_table_begin(html, caption, columns, 2, false);
    for (size_t i = 0; i < count; i++) {
        html_row_begin(html, NULL, NULL);
        html_cell_text(html, &columns[0], facts[i].key);
        html_cell_text(html, &columns[1], facts[i].text);
        html_row_end(html);
    }
    html_table_end(html);
}

void report_provenance_write(struct html *html, const struct report_data *data)
{
    add_facts(html, "The engine, and what made it", data->facts, data->fact_count);
    add_facts(html, "What it was measured with", data->conditions, data->condition_count);
    html_paragraph(html, NULL, "The command that made this page:");
    html_add(html, "<pre tabindex=\"0\"><code>");
    html_text(html, data->command);
    html_add(html, "</code></pre>\n");
}
