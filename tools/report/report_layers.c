/* SPDX-License-Identifier: Apache-2.0 */
/* Every layer: what quantising it did, and what it costs; and the blocks that layers are of. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/model_file.h"
#include "report/report_page.h"

void report_layers_write(struct html *html, const struct report_data *data)
{
    static const struct html_column columns[] = {
        {"#", HTML_NUMBER},         {"output tensor", HTML_NAME}, {"operation", HTML_WORD},
        {"precision", HTML_WORD},   {"output", HTML_WORD},        {"SNR, dB", HTML_NUMBER},
        {"alone, dB", HTML_NUMBER}, {"time %", HTML_NUMBER},      {"M MAC", HTML_NUMBER}};
    html_paragraph(html, NULL,
                   "Signal to quantisation noise of each layer's output beside the float model's: "
                   "as it comes through the network, and of the layer alone, on exact inputs. "
                   "Where the second is low, quantising that layer is what hurts.");
    if (data->layers_svg) {
        html_add(html, "<figure>");
        html_add(html, data->layers_svg);
        html_add(html, "</figure>\n");
    }
    html_search(html, "layer-search", "Find a layer", "layer-row");
    html_table_begin(html, "Layers in running order", columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < data->layer_count; i++) {
        const struct report_layer *layer = &data->layers[i];
        const octet_layer_info *info = &layer->info;
        char text[96];
        html_row_begin(html, "layer-row", info->name);
        html_cell_number(html, (double)i, 0, "");
        html_cell_text(html, &columns[1], info->name);
        snprintf(text, sizeof text, "%s%s%s", info->operation, info->fused[0] ? "+" : "",
                 info->fused);
        html_cell_text(html, &columns[2], text);
        html_cell_text(html, &columns[3], precision_name(info->precision));
        snprintf(text, sizeof text, "%dx%dx%d", info->output_channels, info->output_height,
                 info->output_width);
        html_cell_text(html, &columns[4], text);
        html_cell_number(html, layer->through_db, 1, "");
        html_cell_number(html, layer->alone_db, 1, "");
        html_cell_number(html, 100 * layer->share, 1, "");
        html_cell_number(html, (double)info->multiply_adds / 1e6, 1, "");
        html_row_end(html);
    }
    html_table_end(html);
}

/* Layers that follow one another and whose names begin alike: "/model.4/..." */
struct block {
    char name[64];
    size_t layers, float_layers, bf16_layers;
    double share, worst_db;
};

static void name_block(const char *layer, char *name, size_t size)
{
    const char *begin = layer + (layer[0] == '/');
    size_t length = strcspn(begin, "/");
    snprintf(name, size, "%.*s", (int)(length < size ? length : size - 1), begin);
}

static void add_layer(struct block *block, const struct report_layer *layer)
{
    block->layers++;
    block->float_layers += layer->info.precision == OCTET_PRECISION_FP32;
    block->bf16_layers += layer->info.precision == OCTET_PRECISION_BF16;
    if (isfinite(layer->share))
        block->share += layer->share;
    if (isfinite(layer->alone_db) && !(layer->alone_db >= block->worst_db))
        block->worst_db = layer->alone_db;
}

static void write_block(struct html *html, const struct block *block)
{
    const size_t others = block->float_layers + block->bf16_layers;
    const char *kind = others == 0                           ? "int8"
                       : others < block->layers              ? "both"
                       : block->bf16_layers == block->layers ? "bf16"
                                                             : "float";
    html_add(html, "<li class=\"");
    html_add(html, kind);
    html_add(html, "\"><strong>");
    html_text(html, block->name);
    html_add(html, "</strong> ");
    html_format(html, "%zu layer%s, %.1f %% of the time", block->layers,
                block->layers == 1 ? "" : "s", 100 * block->share);
    if (isfinite(block->worst_db))
        html_format(html, ", least %.1f dB", block->worst_db);
    html_add(html, "</li>\n");
}

void report_blocks_write(struct html *html, const struct report_data *data)
{
    struct block block = {.worst_db = NAN};
    html_add(html, "<p class=\"key\">Kept as <span class=\"int8\">INT8</span><span "
                   "class=\"bf16\">bfloat16</span><span class=\"float\">float</span><span "
                   "class=\"both\">mixed</span>; in running order, with the least signal to noise "
                   "of a layer alone.</p>\n<ol class=\"blocks\">\n");
    for (size_t i = 0; i < data->layer_count; i++) {
        char name[sizeof block.name];
        name_block(data->layers[i].info.name, name, sizeof name);
        if (block.layers && strcmp(name, block.name) != 0) {
            write_block(html, &block);
            block = (struct block){.worst_db = NAN};
        }
        memcpy(block.name, name, sizeof name);
        add_layer(&block, &data->layers[i]);
    }
    if (block.layers)
        write_block(html, &block);
    html_add(html, "</ol>\n");
}
