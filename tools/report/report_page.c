/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the parts of the page together. */
#include "report/report_page.h"

#include <stdlib.h>

#include "plot/plot_svg.h"
#include "report/page_parts.h"
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
    return data->drift.verdict || data->drift.missing || data->drift.watched;
}

static bool has_study(const struct report_data *data)
{
    return data->study.is_there;
}

static const struct part parts[] = {
    {"summary", "Summary", always, report_summary_write},
    {"accuracy", "Accuracy", always, report_agreement_write},
    {"pictures", "Pictures", has_pictures, report_pictures_write},
    {"layers", "Layers", always, report_layers_write},
    {"blocks", "Blocks", always, report_blocks_write},
    {"activations", "Activations", has_histograms, report_histograms_write},
    {"drift", "Ranges and drift", has_drift, report_drift_write},
    {"study", "Calibration study", has_study, report_study_write},
    {"provenance", "How it was made", always, report_provenance_write},
};
#define PARTS (sizeof parts / sizeof *parts)

/* The page runs its own script and nothing else, whatever stands in names. */
static void write_policy(struct html *html)
{
    html_add(html, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                   "img-src data:; style-src 'unsafe-inline'; script-src 'sha256-");
    html_add(html, report_js_sha256);
    html_add(html, "'; base-uri 'none'; form-action 'none'\">\n");
}

static void write_head(struct html *html, const struct report_data *data)
{
    char *inks = plot_svg_style();
    html_add(html, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    write_policy(html);
    html_add(html, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta name=\"color-scheme\" content=\"light dark\">\n"
                   "<meta name=\"generator\" content=\"octet " OCTET_VERSION "\">\n<title>");
    html_format(html, "%s: what quantisation did", data->title);
    html_add(html, "</title>\n<style>\n");
    html_add_bytes(html, report_css, sizeof report_css);
    html_add(html, inks);
    html_add(html, "</style>\n</head>\n");
    free(inks);
}

static void write_contents(struct html *html, const struct report_data *data)
{
    html_add(html, "<body>\n<a class=\"skip\" href=\"#summary\">Skip to the summary</a>\n"
                   "<header><h1>");
    html_format(html, "%s: what quantisation did", data->title);
    html_add(html, "</h1>\n");
    html_paragraph(html, "muted", "%s", data->subtitle);
    html_add(html, "</header>\n<nav aria-label=\"Contents\"><ul>\n");
    for (size_t i = 0; i < PARTS; i++) {
        if (!parts[i].is_there(data))
            continue;
        html_add(html, "<li><a href=\"#");
        html_add(html, parts[i].id);
        html_add(html, "\">");
        html_text(html, parts[i].title);
        html_add(html, "</a></li>\n");
    }
    html_add(html, "</ul></nav>\n");
}

void report_page_write(struct html *html, const struct report_data *data)
{
    write_head(html, data);
    write_contents(html, data);
    html_add(html, "<main>\n");
    for (size_t i = 0; i < PARTS; i++) {
        if (!parts[i].is_there(data))
            continue;
        html_section(html, parts[i].id, parts[i].title);
        parts[i].write(html, data);
        html_add(html, "</section>\n");
    }
    html_add(html, "</main>\n<footer><p>");
    html_format(html, "Made by octet %s. One file: nothing is fetched, and nothing is sent.",
                OCTET_VERSION);
    html_add(html, "</p></footer>\n<script>"); /* its hash is of every byte up to the end tag */
    html_add_bytes(html, report_js, sizeof report_js);
    html_add(html, "</script>\n</body>\n</html>\n");
}
