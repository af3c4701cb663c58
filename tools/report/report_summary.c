/* SPDX-License-Identifier: Apache-2.0 */
/* The first part: the verdict, the figures that matter, speed and size. */
#include <math.h>
#include <stdio.h>

#include "app/table.h"
#include "report/page_parts.h"

static void add_figure(struct html *html, const char *name, const char *value)
{
    html_add(html, "<div><dt>");
    html_text(html, name);
    html_add(html, "</dt><dd>");
    html_text(html, value);
    html_add(html, "</dd></div>\n");
}

static const struct report_speed *find_speed(const struct report_data *data, bool is_engine)
{
    for (size_t i = 0; i < data->speed_count; i++)
        if (data->speeds[i].is_engine == is_engine)
            return &data->speeds[i];
    return NULL;
}

static void add_quality(struct html *html, const struct report_data *data)
{
    char text[64];
    if (data->labels.source && data->labels.all[1].ap >= 0) {
        snprintf(text, sizeof text, "%.2f", 100 * data->labels.all[1].ap);
        add_figure(html, "AP against labels, points", text);
        snprintf(text, sizeof text, "%+.2f",
                 100 * (data->labels.all[1].ap - data->labels.all[0].ap));
        add_figure(html, "AP beside the float model", text);
    }
    if (data->agreement.ap >= 0) {
        snprintf(text, sizeof text, "%.1f %%", 100 * data->agreement.ap);
        add_figure(html, "agreement AP with float", text);
    }
    if (data->sure) {
        snprintf(text, sizeof text, "%.1f %%", 100.0 * (double)data->matched / (double)data->sure);
        add_figure(html, "of float\xe2\x80\x99s boxes found", text);
    }
}

/* "2.6 times" and the like beside the float model, which stands first. */
static void add_figures(struct html *html, const struct report_data *data)
{
    const struct report_speed *engine = find_speed(data, true), *other = find_speed(data, false);
    char text[64], size[SIZE_TEXT_BYTES];
    html_add(html, "<dl class=\"figures\">\n");
    add_quality(html, data);
    if (engine && other && engine->median_ms > 0) {
        snprintf(text, sizeof text, "%.2f ms", engine->median_ms);
        add_figure(html, "the network, this machine", text);
        snprintf(text, sizeof text, "%.1f\xc3\x97", other->median_ms / engine->median_ms);
        add_figure(html, "as fast as float", text);
    }
    add_figure(html, "weights", size_text((double)data->info.weight_bytes, size));
    html_add(html, "</dl>\n");
}

static void add_speed_table(struct html *html, const struct report_data *data)
{
    static const struct html_column columns[] = {{"precision", HTML_NAME},
                                                 {"median, ms", HTML_NUMBER},
                                                 {"90 of 100 below, ms", HTML_NUMBER},
                                                 {"times as fast", HTML_NUMBER},
                                                 {"weights, MB", HTML_NUMBER}};
    const struct report_speed *other = find_speed(data, false);
    html_table_begin(html, "The network alone, timed in turns on this machine", columns, 5, false);
    for (size_t i = 0; i < data->speed_count; i++) {
        const struct report_speed *speed = &data->speeds[i];
        html_row_begin(html, NULL, NULL);
        html_cell_text(html, &columns[0], speed->name);
        html_cell_number(html, speed->median_ms, 2, "");
        html_cell_number(html, speed->p90_ms, 2, "");
        html_cell_number(html, other ? other->median_ms / speed->median_ms : NAN, 2, "");
        html_cell_number(html, (double)speed->weight_bytes / 1e6, 2, "");
        html_row_end(html);
    }
    html_table_end(html);
}

void report_summary_write(struct html *html, const struct report_data *data)
{
    static const char *const moods[] = {"good", "warn", "bad"};
    static const char *const signs[] = {"\xe2\x9c\x93", "!", "\xe2\x9c\x97"};
    html_add(html, "<div class=\"verdict ");
    html_add(html, moods[data->mood]);
    html_add(html, "\"><span class=\"sign\" aria-hidden=\"true\">");
    html_add(html, signs[data->mood]);
    html_add(html, "</span><div><strong>");
    html_text(html, data->verdict);
    html_add(html, "</strong>");
    html_paragraph(html, NULL, "%s", data->reasons);
    if (data->advice)
        html_paragraph(html, "advice", "%s", data->advice);
    html_add(html, "</div></div>\n");
    add_figures(html, data);
    if (!data->speed_count)
        return;
    html_add(html, "<h3 id=\"speed\">Speed and size</h3>\n<div class=\"pair\">\n");
    html_figure(html, data->speed_svg, "Time of the network for a picture");
    html_figure(html, data->size_svg, "Size of the weights");
    html_add(html, "</div>\n");
    add_speed_table(html, data);
}
