/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what was measured, as tables or as JSON. */
#include "bench/bench_report.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "app/json_print.h"
#include "app/table.h"
#include "bench/bench_frame.h"
#include "bench/bench_layers.h"
#include "bench/bench_machine.h"
#include "models/model_file.h"

/* One model's figures. */
struct figures {
    octet_info info;
    double fps, fraction; /* fraction of the peak: NAN when that is not known */
    double host_ms;       /* work of the processor's, a run */
    int threads, height, width;
};

static struct figures figures_of(const struct bench_model *model,
                                 const struct bench_hardware *hardware)
{
    struct figures figures;
    const struct bench_settings *settings = model->settings;
    octet_engine_info(model->engine, &figures.info);
    figures.threads = octet_session_threads(model->sessions[0]);
    figures.height = octet_session_height(model->sessions[0]);
    figures.width = octet_session_width(model->sessions[0]);
    double pictures = (double)(settings->batch * settings->streams) * (double)model->done;
    figures.fps = pictures / (model->wall_ms / 1e3);
    figures.host_ms = model->host_ms / ((double)settings->streams * (double)model->done);
    /* Streams share a GPU; of the processor each has cores of its own. */
    const double at_once = bench_is_on_cpu(model) ? 1 : (double)settings->streams;
    figures.fraction =
        fraction_of_peak(hardware, model, figures.info.precision,
                         at_once * bench_multiply_adds(model), model->latency.median);
    return figures;
}

static bool is_cut_short(const struct bench_model *model)
{
    return model->done < (size_t)model->settings->iterations;
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

/* The stages from `first` on, named as octet detect names them, and what they lead to. */
static void put_way(json_t *json, const struct pipeline *pipeline, int first)
{
    static const char *const names[] = {"decode", "preprocess", "inference", "postprocess",
                                        "whole"};
    json_t *times = json_new_object();
    for (int stage = first; stage <= PIPELINE_STAGES; stage++)
        json_put(times, names[stage], json_number(pipeline->median_ms[stage]));
    json_put(json, "width", json_integer(pipeline->width));
    json_put(json, "height", json_integer(pipeline->height));
    json_put(json, "boxes", json_integer(pipeline->boxes));
    json_put(json, "time_ms", times);
}

static json_t *pipeline_json(const struct bench_model *model)
{
    json_t *json = json_new_object();
    json_put(json, "image", json_text(model->settings->image));
    put_way(json, &model->pipeline, 0);
    return json;
}

/* The network's part of a way that begins in memory. */
static double network_share(const struct pipeline *pipeline)
{
    return pipeline->median_ms[2] / pipeline->median_ms[PIPELINE_STAGES];
}

static json_t *frame_json(const struct bench_model *model)
{
    json_t *json = json_new_object();
    json_put(json, "format", json_text(bench_frame_format(&model->settings->frame)));
    put_way(json, &model->frame, 1);
    json_put(json, "inference_share", json_number(network_share(&model->frame)));
    json_put(json, "host_ms", json_number(model->frame.host_ms));
    return json;
}

static json_t *result_json(const struct bench_model *model, const struct bench_hardware *hardware)
{
    const struct bench_settings *settings = model->settings;
    struct figures figures = figures_of(model, hardware);
    json_t *json = json_new_object();
    json_put(json, "model", json_text(model->path));
    json_put(json, "device", json_text(bench_device(model)));
    json_put(json, "precision", json_text(precision_word(figures.info.precision)));
    json_put(json, "height", json_integer(figures.height));
    json_put(json, "width", json_integer(figures.width));
    json_put(json, "batch", json_integer(settings->batch));
    json_put(json, "threads", json_integer(figures.threads));
    json_put(json, "streams", json_integer(settings->streams));
    json_put(json, "iterations", json_integer((json_int_t)model->done));
    json_put(json, "interrupted", json_boolean(is_cut_short(model)));
    json_put(json, "latency_ms", latency_json(&model->latency));
    json_put(json, "device_ms", model->device_ms < 0 ? json_null() : json_number(model->device_ms));
    json_put(json, "host_ms", json_number(figures.host_ms));
    json_put(json, "spread", json_number(model->latency.spread));
    json_put(json, "drift", json_number(model->latency.drift));
    json_put(json, "reliable", model->latency.reliable ? json_true() : json_false());
    json_put(json, "fps", json_number(figures.fps));
    json_put(json, "load_ms", json_number(model->load_ms));
    json_put(json, "peak_memory_bytes",
             model->peak_bytes > 0 ? json_integer((json_int_t)model->peak_bytes) : json_null());
    json_put(json, "session_memory_bytes",
             json_integer((json_int_t)octet_session_memory_bytes(model->sessions[0])));
    json_put(json, "fraction_of_peak", json_number(figures.fraction));
    if (model->pipeline.done)
        json_put(json, "pipeline", pipeline_json(model));
    if (model->frame.done)
        json_put(json, "frame", frame_json(model));
    if (settings->layers)
        json_put(json, "layers", layers_json(model, hardware));
    return json;
}

/* Whether the figures can be trusted, where they cannot. */
static void print_doubt(const struct bench_model *model)
{
    const struct latency *latency = &model->latency;
    if (is_cut_short(model)) {
        putchar('\n');
        bench_print_name(model);
        printf(": interrupted after %zu of %lld runs\n", model->done,
               (long long)model->settings->iterations);
    }
    if (latency->reliable)
        return;
    putchar('\n');
    bench_print_name(model);
    printf(": unreliable:");
    if (latency->spread > SPREAD_STEADY)
        printf(" the runs spread over %.0f %% of the median, 10th to 90th of 100 (steady: %.0f %%)",
               100 * latency->spread, 100 * SPREAD_STEADY);
    if (fabs(latency->drift) > DRIFT_STEADY)
        printf("%s the last third of the runs was %.0f %% %s than the first%s",
               latency->spread > SPREAD_STEADY ? ";" : "", 100 * fabs(latency->drift),
               latency->drift > 0 ? "slower" : "faster",
               latency->drift > 0 ? " (heat, power, other work)" : " (more --warmup)");
    putchar('\n');
}

static void print_pipelines(const struct bench_model *models, size_t count)
{
    static const char *const headers[] = {"model",    ">device",    ">decode ms", ">letterbox",
                                          ">network", ">selection", ">whole ms",  ">boxes"};
    struct table table;
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < count && models[i].pipeline.done; i++) {
        table_add_name(&table, models[i].path);
        table_add(&table, "%s", bench_device(&models[i]));
        for (int stage = 0; stage <= PIPELINE_STAGES; stage++)
            table_add(&table, "%.3f", models[i].pipeline.median_ms[stage]);
        table_add(&table, "%d", models[i].pipeline.boxes);
    }
    putchar('\n');
    print_clean(models[0].settings->image);
    printf(": %dx%d, a picture's way\n", models[0].pipeline.width, models[0].pipeline.height);
    table_print(&table);
}

static void print_frames(const struct bench_model *models, size_t count)
{
    static const char *const headers[] = {"model",      ">device",   ">letterbox ms",    ">network",
                                          ">selection", ">whole ms", ">network's share", ">host ms",
                                          ">boxes"};
    struct table table;
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < count && models[i].frame.done; i++) {
        const struct pipeline *way = &models[i].frame;
        table_add_name(&table, models[i].path);
        table_add(&table, "%s", bench_device(&models[i]));
        for (int stage = 1; stage <= PIPELINE_STAGES; stage++)
            table_add(&table, "%.3f", way->median_ms[stage]);
        table_add(&table, "%.0f %%", 100 * network_share(way));
        table_add(&table, "%.3f", way->host_ms);
        table_add(&table, "%d", way->boxes);
    }
    printf("\n%dx%d %s: a frame's way from memory\n", models[0].frame.width, models[0].frame.height,
           bench_frame_format(&models[0].settings->frame));
    table_print(&table);
}

static void print_latencies(const struct bench_model *model)
{
    putchar('\n');
    bench_print_name(model);
    printf(": latencies\n");
    print_histogram(model->samples, (size_t)model->settings->streams * model->done,
                    &model->latency);
}

/* Whether any of them was timed by a GPU's clock as well. */
static bool any_on_gpu(const struct bench_model *models, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (models[i].device_ms >= 0)
            return true;
    return false;
}

static void add_row(struct table *table, const struct bench_model *model,
                    const struct bench_hardware *hardware, bool with_gpu)
{
    char size[SIZE_TEXT_BYTES];
    struct figures figures = figures_of(model, hardware);
    table_add_name(table, model->path);
    table_add(table, "%s", bench_device(model));
    table_add(table, "%s", precision_name(figures.info.precision));
    table_add(table, "%dx%d", figures.height, figures.width);
    table_add(table, "%lld", (long long)model->settings->batch);
    table_add(table, "%d", figures.threads);
    table_add(table, "%lld", (long long)model->settings->streams);
    table_add(table, "%.3f", model->latency.median);
    table_add(table, "%.3f", model->latency.mean);
    table_add(table, "%.3f", model->latency.p90);
    table_add(table, "%.3f", model->latency.p99);
    table_add(table, "%.3f", model->latency.minimum);
    table_add(table, "%.1f", figures.fps);
    table_add(table, "%.1f", model->load_ms);
    table_add(table, "%s", model->peak_bytes > 0 ? size_text(model->peak_bytes, size) : "-");
    if (with_gpu) {
        table_add(table, model->device_ms < 0 ? "-" : "%.3f", model->device_ms);
        table_add(table, "%.3f", figures.host_ms);
        table_add(table, "%s",
                  size_text((double)octet_session_memory_bytes(model->sessions[0]), size));
    }
    if (model->settings->peak)
        table_add(table, isnan(figures.fraction) ? "-" : "%.1f %%", 100 * figures.fraction);
}

static void print_text(const struct bench_model *models, size_t count,
                       const struct bench_hardware *hardware)
{
    const char *headers[] = {"model",
                             ">-device",
                             ">-precision",
                             ">--size",
                             ">-----batch",
                             ">---threads",
                             ">-----streams",
                             ">median ms",
                             ">----mean",
                             ">----p90",
                             ">---p99",
                             ">----min",
                             ">fps",
                             ">---load ms",
                             ">-----memory",
                             NULL,
                             NULL,
                             NULL,
                             NULL};
    size_t columns = sizeof headers / sizeof *headers - 4;
    const bool with_gpu = any_on_gpu(models, count);
    struct table table;
    if (with_gpu) {
        headers[columns++] = ">-device ms";
        headers[columns++] = ">---host ms";
        headers[columns++] = ">-----session";
    }
    if (models[0].settings->peak)
        headers[columns++] = ">-of peak";
    machine_print(hardware);
    putchar('\n');
    table_open(&table, headers, columns);
    for (size_t i = 0; i < count; i++)
        add_row(&table, &models[i], hardware, with_gpu);
    table_print(&table);
    for (size_t i = 0; i < count; i++)
        print_doubt(&models[i]);
    if (models[0].pipeline.done)
        print_pipelines(models, count);
    if (models[0].frame.done)
        print_frames(models, count);
    for (size_t i = 0; i < count; i++) {
        if (models[i].settings->histogram || isatty(STDOUT_FILENO))
            print_latencies(&models[i]);
        if (models[i].settings->layers)
            print_layers(&models[i], hardware);
    }
}

int bench_report(struct app *app, const struct bench_model *models, size_t count,
                 const struct bench_hardware *hardware)
{
    if (!app->json) {
        print_text(models, count, hardware);
        return STATUS_DONE;
    }
    json_t *root = json_new_object(), *results = json_new_array();
    json_put(root, "machine", machine_json(hardware));
    for (size_t i = 0; i < count; i++)
        json_push(results, result_json(&models[i], hardware));
    json_put(root, "results", results);
    return json_print(app, root);
}
