/* SPDX-License-Identifier: Apache-2.0 */
/* Every layer: what quantising it did, and what it costs; and the blocks that layers are of. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/model_file.h"
#include "report/page_parts.h"

static void write_row(struct html *html, const struct html_column *columns, size_t index,
                      const struct report_layer *layer)
{
    const octet_layer_info *info = &layer->info;
    char text[96];
    html_row_begin(html, "layer-row", info->name);
    html_cell_number(html, (double)index, 0, "");
    html_cell_text(html, &columns[1], layer->label);
    snprintf(text, sizeof text, "%s%s%s", info->operation, info->fused[0] ? "+" : "", info->fused);
    html_cell_text(html, &columns[2], text);
    html_cell_text(html, &columns[3], precision_name(info->precision));
    snprintf(text, sizeof text, "%dx%dx%d", info->output_channels, info->output_height,
             info->output_width);
    html_cell_text(html, &columns[4], text);
    html_cell_number(html, layer->through_db, 1, "");
    html_cell_number(html, layer->alone_db, 1, "");
    html_cell_number(html, 100 * layer->effect, 2, "");
    html_cell_number(html, 100 * layer->share, 1, "");
    html_cell_number(html, (double)info->multiply_adds / 1e6, 1, "");
    html_row_end(html);
}

static void write_table(struct html *html, const struct report_data *data)
{
    static const struct html_column columns[] = {
        {"#", HTML_NUMBER},           {"layer", HTML_NAME},       {"operation", HTML_WORD},
        {"kept as", HTML_WORD},       {"output", HTML_WORD},      {"SNR, dB", HTML_NUMBER},
        {"alone, dB", HTML_NUMBER},   {"effect, %", HTML_NUMBER}, {"time, %", HTML_NUMBER},
        {"million MACs", HTML_NUMBER}};
    html_search(html, "layer-search", "Find a layer", "layer-row");
    html_table_begin(html, "Layers in running order", columns, sizeof columns / sizeof *columns,
                     true);
    for (size_t i = 0; i < data->layer_count; i++)
        write_row(html, columns, i, &data->layers[i]);
    html_table_end(html);
}

void report_layers_write(struct html *html, const struct report_data *data)
{
    html_paragraph(html, NULL,
                   "SNR is signal to quantisation noise of a layer\xe2\x80\x99s output beside the "
                   "float model\xe2\x80\x99s: as it comes through the network, and of the layer "
                   "alone, on exact inputs.");
    if (data->effect_svg)
        html_paragraph(html, NULL,
                       "The effect is what scores and boxes are off when that layer alone is "
                       "quantised, on %zu picture%s, in percent of the scores: layers at the top "
                       "are the first to be left float.",
                       data->effect_pictures, data->effect_pictures == 1 ? "" : "s");
    if (data->effect_svg && data->effect_layers < data->layer_count)
        html_paragraph(html, "muted",
                       "It was measured of the %zu layers with most noise of their own that the "
                       "float model has too.",
                       data->effect_layers);
    html_add(html, "<div class=\"pair\">\n");
    html_figure(html, data->noise_svg, "Signal to quantisation noise");
    html_figure(html, data->effect_svg, "Layers that cost the outputs most");
    html_add(html, "</div>\n");
    write_table(html, data);
}

static const char *kind_of(const struct report_block *block)
{
    const size_t others = block->float_layers + block->bf16_layers;
    return others == 0                            ? "INT8"
           : others < block->layers               ? "mixed"
           : block->bf16_layers == block->layers  ? "bfloat16"
           : block->float_layers == block->layers ? "float"
                                                  : "float and bfloat16";
}

static void write_blocks_table(struct html *html, const struct report_data *data)
{
    static const struct html_column columns[] = {
        {"block", HTML_NAME},       {"stride", HTML_NUMBER},  {"layers", HTML_NUMBER},
        {"kept as", HTML_WORD},     {"time, %", HTML_NUMBER}, {"least dB", HTML_NUMBER},
        {"effect, %", HTML_NUMBER},
    };
    html_table_begin(html, "Blocks in running order", columns, sizeof columns / sizeof *columns,
                     true);
    for (size_t i = 0; i < data->block_count; i++) {
        const struct report_block *block = &data->blocks[i];
        html_row_begin(html, NULL, NULL);
        html_cell_text(html, &columns[0], block->name);
        html_cell_number(html, block->stride, 0, "");
        html_cell_number(html, (double)block->layers, 0, "");
        html_cell_text(html, &columns[3], kind_of(block));
        html_cell_number(html, 100 * block->share, 1, "");
        html_cell_number(html, block->worst_db, 1, "");
        html_cell_number(html, 100 * block->effect, 2, "");
        html_row_end(html);
    }
    html_table_end(html);
}

void report_blocks_write(struct html *html, const struct report_data *data)
{
    html_add(html, "<p class=\"key\">Kept as <span class=\"int8\">INT8</span> <span "
                   "class=\"bf16\">bfloat16</span> <span class=\"float\">float</span> <span "
                   "class=\"both\">mixed</span></p>\n<div class=\"pair graph\">\n");
    html_figure(
        html, data->blocks_svg,
        "In running order from above; further right, the coarser the output beside the picture");
    html_add(html, "<div>\n");
    write_blocks_table(html, data);
    html_add(html, "</div></div>\n");
}
