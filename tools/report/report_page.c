/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the parts of the page together. */
#include "report/report_page.h"

#include <stdio.h>

#include "report/report_assets.h" /* made of report.css and report.js */

struct part {
    const char *id, *title;
    bool (*is_there)(const struct report_data *data);
    void (*write)(struct html *html, const struct report_data *data);
};

static bool always(const struct report_data *data)
{
    (void)data;
    return true;
}

static bool has_histograms(const struct report_data *data)
{
    return data->histogram_count > 0;
}

static bool has_pictures(const struct report_data *data)
{
    return data->shown_count > 0;
}

static bool has_drift(const struct report_data *data)
{
    return data->drift != NULL;
}

static bool has_study(const struct report_data *data)
{
    return data->study_svg != NULL;
}

static void add_figure(struct html *html, const char *svg, const char *caption)
{
    html_add(html, "<figure>");
    html_add(html, svg);
    html_add(html, "<figcaption>");
    html_text(html, caption);
    html_add(html, "</figcaption></figure>\n");
}

static void write_histograms(struct html *html, const struct report_data *data)
{
    html_paragraph(html, NULL,
                   "What the values of each tensor were in calibration, and the ends of what its "
                   "codes reach: beyond the dashed lines values are clipped. Heights are "
                   "logarithmic.");
    html_search(html, "activation-search", "Find a tensor", "activation");
    html_add(html, "<div class=\"cards\">\n");
    for (size_t i = 0; i < data->histogram_count; i++) {
        const struct report_histogram *histogram = &data->histograms[i];
        html_add(html, "<div class=\"card activation\" data-name=\"");
        html_text(html, histogram->name);
        html_add(html, "\"><figure>");
        html_add(html, histogram->svg);
        html_add(html, "<figcaption>");
        html_format(html, "%s: values %.4g to %.4g, codes %.4g to %.4g", histogram->name,
                    histogram->minimum, histogram->maximum, histogram->low, histogram->high);
        html_add(html, "</figcaption></figure></div>\n");
    }
    html_add(html, "</div>\n");
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
        char description[256];
        snprintf(description, sizeof description,
                 "%d boxes of the float model on the left, %d of the engine on the right",
                 picture->counts[0], picture->counts[1]);
        html_add(html, "<figure>");
        html_picture(html, "image/jpeg", picture->jpeg, picture->size, picture->width,
                     picture->height, description);
        html_add(html, "<figcaption>");
        html_format(html, "%s: %s", picture->label, description);
        html_add(html, "</figcaption></figure>\n");
    }
}

static void write_pictures(struct html *html, const struct report_data *data)
{
    html_paragraph(html, NULL, "The float model's boxes on the left, the engine's on the right.");
    add_pictures(html, data, false, "Where they differ most");
    add_pictures(html, data, true, "Where they agree best");
}

static void write_drift(struct html *html, const struct report_data *data)
{
    html_paragraph(html, NULL, "%s", data->drift);
    if (data->drift_svg)
        add_figure(html, data->drift_svg, "How well the ranges fit these pictures");
}

static void write_study(struct html *html, const struct report_data *data)
{
    add_figure(html, data->study_svg, "How many calibration pictures are enough (octet study)");
}

static void write_provenance(struct html *html, const struct report_data *data)
{
    static const struct html_column columns[] = {{"what", HTML_WORD}, {"value", HTML_NAME}};
    html_table_begin(html, "The engine, and what made it", columns, 2);
    for (size_t i = 0; i < data->fact_count; i++) {
        html_row_begin(html, NULL, NULL);
        html_cell_text(html, &columns[0], data->facts[i].key);
        html_cell_text(html, &columns[1], data->facts[i].text);
        html_row_end(html);
    }
    html_table_end(html);
    html_paragraph(html, NULL, "This page was made by");
    html_add(html, "<pre><code>");
    html_text(html, data->command);
    html_add(html, "</code></pre>\n");
}

static const struct part parts[] = {
    {"summary", "Summary", always, report_summary_write},
    {"agreement", "Agreement", always, report_agreement_write},
    {"pictures", "Pictures", has_pictures, write_pictures},
    {"layers", "Layers", always, report_layers_write},
    {"blocks", "Blocks", always, report_blocks_write},
    {"activations", "Activations", has_histograms, write_histograms},
    {"drift", "Drift", has_drift, write_drift},
    {"study", "Calibration study", has_study, write_study},
    {"provenance", "How it was made", always, write_provenance},
};
#define PARTS (sizeof parts / sizeof *parts)

static void write_head(struct html *html, const struct report_data *data)
{
    html_add(html, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<title>");
    html_format(html, "%s: what quantisation did", data->title);
    html_add(html, "</title>\n<style>\n");
    html_add_bytes(html, report_css, sizeof report_css);
    html_add(html, "</style>\n</head>\n<body>\n"
                   "<a class=\"skip\" href=\"#summary\">Skip to the summary</a>\n<header><h1>");
    html_format(html, "%s: what quantisation did", data->title);
    html_add(html, "</h1></header>\n<nav aria-label=\"Contents\"><ul>\n");
    for (size_t i = 0; i < PARTS; i++) {
        if (!parts[i].is_there(data))
            continue;
        html_add(html, "<li><a href=\"#");
        html_add(html, parts[i].id);
        html_add(html, "\">");
        html_text(html, parts[i].title);
        html_add(html, "</a></li>\n");
    }
    html_add(html, "</ul></nav>\n<main>\n");
}

void report_page_write(struct html *html, const struct report_data *data)
{
    write_head(html, data);
    for (size_t i = 0; i < PARTS; i++) {
        if (!parts[i].is_there(data))
            continue;
        html_section(html, parts[i].id, parts[i].title);
        parts[i].write(html, data);
        html_add(html, "</section>\n");
    }
    html_add(html, "</main>\n<footer>");
    html_format(html, "octet %s. One file, nothing is fetched.", OCTET_VERSION);
    html_add(html, "</footer>\n<script>\n");
    html_add_bytes(html, report_js, sizeof report_js);
    html_add(html, "</script>\n</body>\n</html>\n");
}
