/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_report.h"

#include <math.h>
#include <stdio.h>

#include "detector.h"
#include "json.h"
#include "table.h"

/* One model's figures. */
struct figures {
    octet_info info;
    struct latency latency;
    double fps, fraction; /* fraction of the peak: NAN when the peak was not measured */
    int threads, height, width;
};

static struct figures figures_of(struct bench_model *model, const struct bench_peak *peak)
{
    struct figures figures;
    const struct bench_settings *settings = model->settings;
    octet_engine_info(model->engine, &figures.info);
    figures.latency = bench_latency(model);
    figures.threads = octet_session_threads(model->sessions[0]);
    figures.height = octet_session_height(model->sessions[0]);
    figures.width = octet_session_width(model->sessions[0]);
    double pictures = (double)(settings->batch * settings->streams) * (double)model->done;
    figures.fps = pictures / (model->wall_ms / 1e3);
    double gmacs =
        figures.info.precision == OCTET_PRECISION_FP32 ? peak->fp32_gmacs : peak->int8_gmacs;
    figures.fraction = NAN;
    if (gmacs > 0)
        figures.fraction =
            bench_multiply_adds(model) / (figures.latency.median * 1e6 * gmacs * figures.threads);
    return figures;
}

static json_t *layers_json(const struct bench_model *model, int count)
{
    json_t *layers = json_new_array();
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += bench_layer_ms(model, i);
    for (int i = 0; i < count; i++) {
        octet_layer_info layer;
        if (octet_engine_layer(model->engine, i, &layer) != OCTET_OK)
            break;
        json_t *one = json_new_object();
        json_put(one, "name", json_text(layer.name));
        json_put(one, "operation", json_text(layer.operation));
        json_put(one, "ms", json_number(bench_layer_ms(model, i)));
        json_put(one, "share", json_number(bench_layer_ms(model, i) / sum));
        json_put(one, "multiply_adds", json_integer(layer.multiply_adds));
        json_push(layers, one);
    }
    return layers;
}

static json_t *latency_json(const struct latency *latency)
{
    json_t *json = json_new_object();
    json_put(json, "median", json_number(latency->median));
    json_put(json, "mean", json_number(latency->mean));
    json_put(json, "p90", json_number(latency->p90));
    json_put(json, "p99", json_number(latency->p99));
    json_put(json, "min", json_number(latency->minimum));
    return json;
}

static json_t *result_json(struct bench_model *model, const struct bench_peak *peak)
{
    const struct bench_settings *settings = model->settings;
    struct figures figures = figures_of(model, peak);
    json_t *json = json_new_object();
    json_put(json, "model", json_text(model->path));
    json_put(json, "precision", json_text(precision_name(figures.info.precision)));
    json_put(json, "height", json_integer(figures.height));
    json_put(json, "width", json_integer(figures.width));
    json_put(json, "batch", json_integer(settings->batch));
    json_put(json, "threads", json_integer(figures.threads));
    json_put(json, "streams", json_integer(settings->streams));
    json_put(json, "iterations", json_integer(settings->iterations));
    json_put(json, "latency_ms", latency_json(&figures.latency));
    json_put(json, "fps", json_number(figures.fps));
    json_put(json, "load_ms", json_number(model->load_ms));
    json_put(json, "peak_memory_bytes",
             model->peak_bytes > 0 ? json_integer((json_int_t)model->peak_bytes) : json_null());
    json_put(json, "fraction_of_peak", json_number(figures.fraction));
    if (settings->layers)
        json_put(json, "layers", layers_json(model, figures.info.layer_count));
    return json;
}

static json_t *machine_json(const octet_machine *machine, const char *isa,
                            const struct bench_peak *peak)
{
    json_t *json = json_new_object();
    json_put(json, "cpu", json_text(machine->cpu));
    json_put(json, "isa", json_text(isa));
    json_put(json, "kernel_sets", json_text(machine->kernel_sets));
    json_put(json, "physical_cores", json_integer(machine->physical_cores));
    json_put(json, "peak_int8_gmacs",
             peak->int8_gmacs > 0 ? json_number(peak->int8_gmacs) : json_null());
    json_put(json, "peak_fp32_gmacs",
             peak->fp32_gmacs > 0 ? json_number(peak->fp32_gmacs) : json_null());
    return json;
}

static void print_layers(const struct bench_model *model)
{
    static const char *const headers[] = {">#",  "output tensor", "operation", ">output",
                                          ">ms", ">share",        ">M MAC",    ">G MAC/s"};
    octet_info info;
    struct table table;
    double sum = 0;
    octet_engine_info(model->engine, &info);
    for (int i = 0; i < info.layer_count; i++)
        sum += bench_layer_ms(model, i);
    table_open(&table, headers, sizeof headers / sizeof *headers);
    double scale = bench_multiply_adds(model) / (double)info.multiply_adds;
    for (int i = 0; i < info.layer_count; i++) {
        octet_layer_info layer;
        if (octet_engine_layer(model->engine, i, &layer) != OCTET_OK)
            break;
        double ms = bench_layer_ms(model, i), macs = (double)layer.multiply_adds * scale;
        table_add(&table, "%d", i);
        table_add(&table, "%s", layer.name);
        table_add(&table, "%s", layer.operation);
        table_add(&table, "%dx%dx%d", layer.output_channels, layer.output_height,
                  layer.output_width);
        table_add(&table, "%.3f", ms);
        table_add(&table, "%.1f %%", 100 * ms / sum);
        table_add(&table, "%.2f", macs / 1e6);
        table_add(&table, ms > 0 && macs > 0 ? "%.1f" : "-", macs / (ms * 1e6));
    }
    putchar('\n');
    print_clean(model->path);
    printf(": layers, mean of %zu runs, %.3f ms together\n", model->done, sum);
    table_print(&table);
}

static void add_row(struct table *table, struct bench_model *model, const struct bench_peak *peak)
{
    char size[SIZE_TEXT_BYTES];
    struct figures figures = figures_of(model, peak);
    table_add(table, "%s", model->path);
    table_add(table, "%s", precision_name(figures.info.precision));
    table_add(table, "%dx%d", figures.height, figures.width);
    table_add(table, "%lld", (long long)model->settings->batch);
    table_add(table, "%d", figures.threads);
    table_add(table, "%lld", (long long)model->settings->streams);
    table_add(table, "%.3f", figures.latency.median);
    table_add(table, "%.3f", figures.latency.mean);
    table_add(table, "%.3f", figures.latency.p90);
    table_add(table, "%.3f", figures.latency.p99);
    table_add(table, "%.3f", figures.latency.minimum);
    table_add(table, "%.1f", figures.fps);
    table_add(table, "%.1f", model->load_ms);
    table_add(table, "%s", model->peak_bytes > 0 ? size_text(model->peak_bytes, size) : "-");
    if (!isnan(figures.fraction))
        table_add(table, "%.1f %%", 100 * figures.fraction);
}

static void print_text(const octet_machine *machine, struct bench_model *models, size_t count,
                       const struct bench_peak *peak)
{
    static const char *const headers[] = {
        "model", "precision", ">size", ">batch", ">threads", ">streams", ">median ms", ">mean",
        ">p90",  ">p99",      ">min",  ">fps",   ">load ms", ">memory",  ">of peak"};
    size_t columns = sizeof headers / sizeof *headers;
    struct table table;
    printf("%s, kernels %s, %d core%s\n", machine->cpu, octet_session_cpu(models[0].sessions[0]),
           machine->physical_cores, machine->physical_cores == 1 ? "" : "s");
    if (peak->int8_gmacs > 0)
        printf("peak of one core: %.1f G int8 and %.1f G fp32 multiply-adds a second\n",
               peak->int8_gmacs, peak->fp32_gmacs);
    putchar('\n');
    table_open(&table, headers, peak->int8_gmacs > 0 ? columns : columns - 1);
    for (size_t i = 0; i < count; i++)
        add_row(&table, &models[i], peak);
    table_print(&table);
    for (size_t i = 0; i < count; i++)
        if (models[i].settings->layers)
            print_layers(&models[i]);
}

int bench_report(struct app *app, struct bench_model *models, size_t count,
                 const struct bench_peak *peak)
{
    octet_machine machine;
    octet_machine_get(&machine);
    if (!app->json) {
        print_text(&machine, models, count, peak);
        return STATUS_DONE;
    }
    json_t *root = json_new_object(), *results = json_new_array();
    json_put(root, "machine",
             machine_json(&machine, octet_session_cpu(models[0].sessions[0]), peak));
    for (size_t i = 0; i < count; i++)
        json_push(results, result_json(&models[i], peak));
    json_put(root, "results", results);
    return json_print(app, root);
}
