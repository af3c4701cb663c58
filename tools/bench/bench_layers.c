/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what each layer takes, does and moves. */
#include "bench/bench_layers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/table.h"

/* A layer at the size and batch in use. */
struct layer_figures {
    octet_layer_info info;
    double ms, share;     /* of a run, and of all layers' time */
    double multiply_adds; /* of a run */
    double bytes;         /* read and written in a run: input, what is added, output, weights */
    double fraction;      /* as fraction_of_peak() */
};

static double all_layers_ms(const struct bench_model *model, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += model->layer_ms[i];
    return sum;
}

static double bytes_moved(const octet_layer_info *layer, double pictures, double scale)
{
    double input_element = layer->precision == OCTET_PRECISION_INT8   ? 1
                           : layer->precision == OCTET_PRECISION_BF16 ? 2
                                                                      : 4;
    double output_element = layer->output_scale > 0                    ? 1
                            : layer->precision == OCTET_PRECISION_BF16 ? 2
                                                                       : 4;
    double input = (double)layer->input_channels * layer->input_height * layer->input_width;
    double output = (double)layer->output_channels * layer->output_height * layer->output_width;
    double added = strstr(layer->fused, "Add") ? output * output_element : 0;
    return scale * (input * input_element + output * output_element + added) +
           pictures * (double)layer->weight_bytes;
}

static bool layer_figures(const struct bench_model *model, int layer, double sum,
                          const struct bench_hardware *hardware, struct layer_figures *figures)
{
    octet_info info;
    if (octet_engine_layer(model->engine, layer, &figures->info) != OCTET_OK)
        return false;
    octet_engine_info(model->engine, &info);
    double scale = bench_multiply_adds(model) / (double)info.multiply_adds;
    figures->ms = model->layer_ms[layer];
    figures->share = figures->ms / sum;
    figures->multiply_adds = (double)figures->info.multiply_adds * scale;
    figures->bytes = bytes_moved(&figures->info, (double)model->settings->batch, scale);
    figures->fraction = fraction_of_peak(hardware, model, figures->info.precision,
                                         figures->multiply_adds, figures->ms);
    return true;
}

json_t *layers_json(const struct bench_model *model, const struct bench_hardware *hardware)
{
    octet_info info;
    struct layer_figures figures;
    json_t *layers = json_new_array();
    octet_engine_info(model->engine, &info);
    double sum = all_layers_ms(model, info.layer_count);
    for (int i = 0; layer_figures(model, i, sum, hardware, &figures); i++) {
        json_t *one = json_new_object();
        json_put(one, "name", json_text(figures.info.name));
        json_put(one, "operation", json_text(figures.info.operation));
        json_put(one, "ms", json_number(figures.ms));
        json_put(one, "share", json_number(figures.share));
        json_put(one, "multiply_adds", json_integer((json_int_t)figures.multiply_adds));
        json_put(one, "fraction_of_peak", json_number(figures.fraction));
        json_put(one, "bytes_moved", json_integer((json_int_t)figures.bytes));
        json_push(layers, one);
    }
    return layers;
}

void print_layers(const struct bench_model *model, const struct bench_hardware *hardware)
{
    static const char *const headers[] = {">#",       "output tensor", "---operation", ">--output",
                                          ">ms",      ">share",        ">----M MAC",   ">-G MAC/s",
                                          ">of peak", ">---moved"};
    octet_info info;
    struct layer_figures figures;
    struct table table;
    octet_engine_info(model->engine, &info);
    double sum = all_layers_ms(model, info.layer_count);
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (int i = 0; layer_figures(model, i, sum, hardware, &figures); i++) {
        char size[SIZE_TEXT_BYTES];
        const octet_layer_info *layer = &figures.info;
        table_add(&table, "%d", i);
        table_add_name(&table, layer->name);
        table_add(&table, "%s", layer->operation);
        table_add(&table, "%dx%dx%d", layer->output_channels, layer->output_height,
                  layer->output_width);
        table_add(&table, "%.3f", figures.ms);
        table_add(&table, "%.1f %%", 100 * figures.share);
        table_add(&table, "%.2f", figures.multiply_adds / 1e6);
        table_add(&table, figures.multiply_adds > 0 && figures.ms > 0 ? "%.1f" : "-",
                  figures.multiply_adds / (figures.ms * 1e6));
        table_add(&table, isnan(figures.fraction) ? "-" : "%.0f %%", 100 * figures.fraction);
        table_add(&table, "%s", size_text(figures.bytes, size));
    }
    putchar('\n');
    bench_print_name(model);
    printf(": layers, medians of %zu runs, %.3f ms together\n", model->done, sum);
    table_print(&table);
}
