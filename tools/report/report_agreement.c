/* SPDX-License-Identifier: Apache-2.0 */
/* How good the engine is beside the float model: against labels, where there are any, and by how
 * well the two agree; both class by class. */
#include <math.h>

#include "report/page_parts.h"

static double percent(double share)
{
    return share < 0 ? NAN : 100 * share;
}

static void add_difference(struct html *html, double of_float, double of_engine)
{
    html_cell_number(html, percent(of_engine) - percent(of_float), 2, "");
}

static void add_label_totals(struct html *html, const struct report_labels *labels)
{
    static const struct html_column columns[] = {{"measure", HTML_NAME},
                                                 {"float model", HTML_NUMBER},
                                                 {"this engine", HTML_NUMBER},
                                                 {"difference", HTML_NUMBER}};
    const octet_evaluation *a = &labels->all[0], *b = &labels->all[1];
    const struct {
        const char *name;
        double of_float, of_engine;
    } rows[] = {{"AP, overlaps 0.50 to 0.95", a->ap, b->ap},
                {"AP50", a->ap50, b->ap50},
                {"AP75", a->ap75, b->ap75},
                {"AP of small objects", a->ap_small, b->ap_small},
                {"AP of medium objects", a->ap_medium, b->ap_medium},
                {"AP of large objects", a->ap_large, b->ap_large},
                {"recall, 100 boxes a picture", a->ar_100, b->ar_100}};
    html_table_begin(html, "Average precision by COCO\xe2\x80\x99s rules, points", columns, 4,
                     false);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        html_row_begin(html, NULL, NULL);
        html_cell_text(html, &columns[0], rows[i].name);
        html_cell_number(html, percent(rows[i].of_float), 2, "");
        html_cell_number(html, percent(rows[i].of_engine), 2, "");
        add_difference(html, rows[i].of_float, rows[i].of_engine);
        html_row_end(html);
    }
    html_table_end(html);
}

static void add_label_classes(struct html *html, const struct report_labels *labels)
{
    static const struct html_column columns[] = {
        {"class", HTML_NAME},          {"labels", HTML_NUMBER},     {"AP, float", HTML_NUMBER},
        {"AP, engine", HTML_NUMBER},   {"difference", HTML_NUMBER}, {"AP50, float", HTML_NUMBER},
        {"AP50, engine", HTML_NUMBER}, {"difference", HTML_NUMBER}};
    html_search(html, "label-search", "Find a class", "label-row");
    html_table_begin(html, "Against labels, by class, points", columns,
                     sizeof columns / sizeof *columns, true);
    for (size_t i = 0; i < labels->class_count; i++) {
        const struct report_label_class *one = &labels->classes[i];
        html_row_begin(html, "label-row", one->name);
        html_cell_text(html, &columns[0], one->name);
        html_cell_number(html, (double)one->boxes, 0, "");
        html_cell_number(html, percent(one->ap_float), 1, "");
        html_cell_number(html, percent(one->ap_engine), 1, "");
        add_difference(html, one->ap_float, one->ap_engine);
        html_cell_number(html, percent(one->ap50_float), 1, "");
        html_cell_number(html, percent(one->ap50_engine), 1, "");
        add_difference(html, one->ap50_float, one->ap50_engine);
        html_row_end(html);
    }
    html_table_end(html);
}

static void write_labels(struct html *html, const struct report_data *data)
{
    const struct report_labels *labels = &data->labels;
    html_add(html, "<h3>Against labels</h3>\n");
    html_paragraph(html, NULL, "%zu boxes of %zu pictures, of %s; classes are matched by %s.",
                   labels->all[0].boxes, labels->all[0].images, labels->source,
                   labels->match && labels->match[0] == 'c' ? "COCO\xe2\x80\x99s numbers"
                                                            : labels->match);
    add_label_totals(html, labels);
    add_label_classes(html, labels);
    html_add(html, "<h3>With the float model</h3>\n");
}

static void write_classes(struct html *html, const struct report_data *data)
{
    static const struct html_column columns[] = {
        {"class", HTML_NAME},      {"float\xe2\x80\x99s boxes", HTML_NUMBER},
        {"found, %", HTML_NUMBER}, {"more boxes", HTML_NUMBER},
        {"AP, %", HTML_NUMBER},    {"AP50, %", HTML_NUMBER}};
    html_search(html, "class-search", "Find a class", "class-row");
    html_table_begin(html, "Agreement by class", columns, sizeof columns / sizeof *columns, true);
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

void report_agreement_write(struct html *html, const struct report_data *data)
{
    if (data->labels.source)
        write_labels(html, data);
    if (data->agreement.ap < 0) {
        html_paragraph(html, NULL,
                       "On %zu picture%s the float model has no box with a score of %.2f and more: "
                       "there is nothing to agree on.",
                       data->pictures, data->pictures == 1 ? "" : "s", data->confidence);
        return;
    }
    html_paragraph(html, NULL,
                   "The float model\xe2\x80\x99s boxes with a score of %.2f and more stand for the "
                   "truth, on %zu picture%s: AP %.1f %% over the overlaps 0.50 to 0.95, %.1f %% at "
                   "0.50, %.1f %% at 0.75.",
                   data->confidence, data->pictures, data->pictures == 1 ? "" : "s",
                   percent(data->agreement.ap), percent(data->agreement.ap50),
                   percent(data->agreement.ap75));
    html_paragraph(html, NULL,
                   "%zu of %zu such boxes are found (a box of half the score answers for one), and "
                   "%zu that the float model does not have. "
                   "Scores differ by %.3f (root mean square), edges by %.2f pixels on average, 95 "
                   "of 100 by no more than %.2f.",
                   data->matched, data->sure, data->more, data->score_rms, data->box_mean_px,
                   data->box_95_px);
    write_classes(html, data);
}
