/* SPDX-License-Identifier: Apache-2.0 */
/* octet build: options, scales from wherever they come, and the engine made of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/commands.h"
#include "app/json_print.h"
#include "app/output_file.h"
#include "app/table.h"
#include "build/auto_layers.h"
#include "build/auto_precision.h"
#include "build/auto_state.h"
#include "build/candidates_report.h"
#include "models/calibration_run.h"
#include "models/checkpoint.h"
#include "models/model_file.h"
#include "models/names_file.h"
#include "models/scales_text.h"
#include "models/statistics_parts.h"
#include "pictures/inputs.h"

struct arguments {
    const char *statistics, *cache, *precision, *calibrator, *float_layers, *float_precision;
    const char *output, *save_statistics, *costs, *weights, *scales;
    struct mixed_labels labels;
    struct calibration_request calibration;
    double min_agreement;    /* percent; below 0: not given */
    bool chooses_layers;     /* --float-layers auto */
    const char *weight_bits; /* "4", "8"; NULL: not given */
    double allowed;          /* then: points of AP that may be lost; below 0: nonsense was given */
};

/* All that one call of the verb holds. */
struct build_run {
    struct app *app;
    const struct arguments *arguments;
    octet_model *model;
    octet_cache *cache;
    octet_engine *engine;         /* without --precision auto */
    struct candidates candidates; /* with it */
    struct mixed_search search;   /* with --float-layers auto */
    char *chosen_layers;          /* then */
    json_t *found;                /* then: what an interrupted run kept, or NULL */
    struct calibration_result calibration;
    double seconds; /* of the build alone */
};

static int parse(struct app *app, int argc, char **argv, struct arguments *a,
                 struct operands *operands)
{
    static const char *const float_precisions[] = {"fp32", "bf16", "half=bf16", NULL};
    static const char *const precisions[] = {"int8", "bf16", "fp32", "auto", "half=bf16", NULL};
    static const char *const bits[] = {"8", "4", NULL};
    static const char *const splits[] = {"train", "val", "test", NULL};
    *a = (struct arguments){.precision = "int8", .min_agreement = -1};
    a->calibration.max_bad = MAX_BAD_DEFAULT;
    const struct option options[] = {
        {"output", 'o', OPTION_TEXT, "FILE", "the engine to write (needed)", &a->output, 0, 0,
         NULL},
        {"stats", 0, OPTION_TEXT, "FILE", "statistics from octet calibrate", &a->statistics, 0, 0,
         NULL},
        {"trt-cache", 0, OPTION_TEXT, "FILE", "scales from a TensorRT calibration cache", &a->cache,
         0, 0, NULL},
        {"images", 'i', OPTION_TEXTS, "SOURCE", "calibrate with these pictures instead",
         &a->calibration.images, 0, 0, NULL},
        {"count", 'n', OPTION_INTEGER, "N", "only N of them, a random sample (default: all)",
         &a->calibration.count, 1, SAMPLE_MAX, NULL},
        {"seed", 0, OPTION_INTEGER, "N", "of the random sample (default 0)", &a->calibration.seed,
         0, SEED_MAX, NULL},
        EVERY_OPTION(&a->calibration.every),
        {"imgsz", 0, OPTION_SIZES, "SIZES",
         "N or HxW to calibrate at, or some with commas (default: the model's)",
         &a->calibration.sizes, 0, 0, NULL},
        WEIGHTS_OPTION(&a->weights),
        {"scales", 0, OPTION_TEXT, "HOW",
         "of several sizes: merged (default), per-size, or auto[:REGRET_DB]", &a->scales, 0, 0,
         NULL},
        {"max-bad", 0, OPTION_REAL, "SHARE", "of them may be unreadable (default 0.01)",
         &a->calibration.max_bad, 0, 1, NULL},
        {"save-stats", 0, OPTION_TEXT, "FILE", "keep the statistics of --images",
         &a->save_statistics, 0, 0, NULL},
        {"precision", 0, OPTION_CHOICE, "NAME",
         "int8 (default), bf16, fp32, or auto: the fastest here", &a->precision, 0, 0, precisions},
        {"min-agreement", 0, OPTION_REAL, "PERCENT",
         "with auto: that its boxes must agree with fp32's (default 95)", &a->min_agreement, 0, 100,
         NULL},
        {"calibrator", 0, OPTION_TEXT, "NAME",
         "mse (default), minmax, percentile[:P], entropy or minmax-trt", &a->calibrator, 0, 0,
         NULL},
        {"float-layers", 0, OPTION_LIST, "SET",
         "keep float: a part, N, N-M, PATTERN, with commas; or auto[:LOSS]", &a->float_layers, 0, 0,
         NULL},
        {"annotations", 'a', OPTION_TEXT, "FILE",
         "with auto: COCO labels of --images, for AP to judge", &a->labels.annotations, 0, 0, NULL},
        {"eval-images", 0, OPTION_TEXT, "DIR", "the folder of their pictures, to judge by these",
         &a->labels.images, 0, 0, NULL},
        {"data", 'd', OPTION_TEXT, "FILE", "with auto: judge by a data.yaml with label files",
         &a->labels.data, 0, 0, NULL},
        {"split", 0, OPTION_CHOICE, "NAME", "of the data.yaml: train, val (default) or test",
         &a->labels.split, 0, 0, splits},
        {"costs", 0, OPTION_TEXT, "FILE", "with auto: times of layers, read or else written",
         &a->costs, 0, 0, NULL},
        {.name = "resume",
         .help = "with auto: go on from FILE.partial, which an interrupted run left",
         .target = &a->calibration.resume},
        {"float-precision", 0, OPTION_CHOICE, "NAME", "of these: fp32 (default) or bf16",
         &a->float_precision, 0, 0, float_precisions},
        {"weight-bits", 0, OPTION_CHOICE, "N",
         "with int8: of weights, 8 (default), or 4: files of half the size", &a->weight_bits, 0, 0,
         bits},
        {"device", 0, OPTION_DEVICE, "NAME",
         "where --images and auto run: cpu (default), cuda, cuda:N or auto", &app->device, 0, 0,
         NULL},
        CACHE_OPTION(app),
        NAMES_OPTION(app),
    };
    const struct command command = {
        .name = "build",
        .operands = "MODEL.onnx",
        .summary = "make an engine from an ONNX model",
        .notes = "int8 needs --stats, --images or --trt-cache, auto one of the first two.\n"
                 "See octet-build(1).",
        .options = options,
        .option_count = OPTION_COUNT(options),
        .operands_minimum = 1,
        .operands_maximum = 1,
    };
    int status;
    return options_parse(app, &command, argc, argv, operands, &status) ? -1 : status;
}

static bool is_auto(const struct arguments *a)
{
    return strcmp(a->precision, "auto") == 0;
}

/* Whether pictures judge after they calibrated, so that they may come beside statistics. */
static bool judges(const struct arguments *a)
{
    return is_auto(a) || a->chooses_layers;
}

/* The option of labels that was given, or NULL. */
static const char *labels_option(const struct mixed_labels *labels)
{
    return labels->annotations ? "annotations"
           : labels->images    ? "eval-images"
           : labels->data      ? "data"
           : labels->split     ? "split"
                               : NULL;
}

static int check_labels(struct app *app, const struct mixed_labels *labels)
{
    if (labels->annotations && labels->data)
        return app_usage(app, "--annotations and --data exclude each other");
    if (labels->images && !labels->annotations)
        return app_usage(app, "--eval-images goes with --annotations");
    if (labels->split && !labels->data)
        return app_usage(app, "--split goes with --data");
    return STATUS_DONE;
}

/* What goes with --float-layers auto, and what does not. */
static int check_layers(struct app *app, const struct arguments *a)
{
    if (a->float_layers && strchr(a->float_layers, ',') &&
        (strncmp(a->float_layers, "auto", 4) == 0 || strstr(a->float_layers, ",auto")))
        return app_usage(app, "--float-layers auto stands alone");
    const char *of_auto = labels_option(&a->labels);
    of_auto = a->costs ? "costs" : a->calibration.resume ? "resume" : of_auto;
    if (!a->chooses_layers && of_auto)
        return app_usage(app, "--%s goes with --float-layers auto", of_auto);
    if (!a->chooses_layers)
        return STATUS_DONE;
    if (a->allowed < 0)
        return app_usage(
            app, "--float-layers auto:LOSS takes points of AP, 0 to %g, as in auto:0.3", LOSS_MAX);
    if (strcmp(a->precision, "int8") != 0)
        return app_usage(app, "--float-layers auto goes with int8, not with --precision %s",
                         a->precision);
    if (!a->calibration.images.count)
        return app_usage(app, "--float-layers auto needs --images SOURCE to measure by");
    return check_labels(app, &a->labels);
}

static bool has_few_bits(const struct arguments *a)
{
    return a->weight_bits && strcmp(a->weight_bits, "4") == 0;
}

static int check_bits(struct app *app, const struct arguments *a)
{
    if (has_few_bits(a) && judges(a))
        return app_usage(app, "--weight-bits 4 and %s exclude each other",
                         is_auto(a) ? "--precision auto" : "--float-layers auto");
    if (a->weight_bits && strcmp(a->precision, "int8") != 0)
        return app_usage(app, "--weight-bits goes with int8, not with --precision %s",
                         a->precision);
    return STATUS_DONE;
}

/* With a cache, which has all that int8 needs. */
static int check_cache(struct app *app, const struct arguments *a)
{
    const struct calibration_request *calibration = &a->calibration;
    if (strcmp(a->precision, "int8") != 0)
        return app_usage(app, "--trt-cache goes with int8, not with --precision %s", a->precision);
    if (a->statistics || calibration->images.count)
        return app_usage(app, "--trt-cache and --%s exclude each other",
                         a->statistics ? "stats" : "images");
    if (a->calibrator || a->min_agreement >= 0 || a->save_statistics || calibration->count ||
        calibration->every || calibration->seed || calibration->size.height ||
        calibration->sizes.count || a->weights || a->scales || app->device)
        return app_usage(app, "--trt-cache gives the scales: options of calibration do not go "
                              "with it");
    return STATUS_DONE;
}

static int needs_scales(struct app *app, const struct arguments *a)
{
    return app_usage(app, "%s needs --stats FILE%s (or say --precision bf16 or fp32)", a->precision,
                     strcmp(a->precision, "int8") == 0 ? ", --images SOURCE or --trt-cache FILE"
                                                       : " or --images SOURCE");
}

/* Options that do not go together. */
static int check(struct app *app, const struct arguments *a)
{
    bool is_float = strcmp(a->precision, "int8") != 0 && !is_auto(a);
    const struct calibration_request *calibration = &a->calibration;
    if (!a->output)
        return app_usage(app, "-o FILE is missing: where the engine goes");
    if (check_layers(app, a) != STATUS_DONE)
        return STATUS_USAGE;
    if (a->statistics && calibration->images.count && !judges(a))
        return app_usage(app, "--stats and --images exclude each other");
    if (is_float && (a->statistics || calibration->images.count))
        return app_usage(app, "--precision %s takes neither --stats nor --images", a->precision);
    if (a->float_precision && !a->float_layers && !a->cache)
        return app_usage(app, "--float-precision goes with --float-layers");
    if (check_bits(app, a) != STATUS_DONE)
        return STATUS_USAGE;
    if (a->cache)
        return check_cache(app, a);
    if (is_auto(a) && !a->statistics && !calibration->images.count)
        return needs_scales(app, a);
    if (!calibration->images.count &&
        (calibration->count || calibration->every || calibration->seed ||
         calibration->size.height || calibration->sizes.count))
        return app_usage(app, "--count, --every, --seed and --imgsz go with --images");
    if (app->device && !calibration->images.count && !is_auto(a))
        return app_usage(app, "--device goes with --images or --precision auto");
    if (a->save_statistics && (!calibration->images.count || a->statistics))
        return app_usage(app, "--save-stats goes with --images");
    if (a->min_agreement >= 0 && (!is_auto(a) || !calibration->images.count))
        return app_usage(app, "--min-agreement goes with --precision auto and --images");
    if (weights_check(app, a->weights,
                      a->statistics ? 0 : calibration->sizes.count + !calibration->sizes.count) !=
        STATUS_DONE)
        return STATUS_USAGE;
    if (is_float && a->scales)
        return app_usage(app, "--scales goes with int8: %s has none", a->precision);
    if (is_float && a->weights)
        return app_usage(app, "--weights goes with int8: %s has no ranges", a->precision);
    if (judges(a) && calibration->sizes.count > 1)
        return app_usage(app, "auto judges at one size: give one --imgsz, and --stats of several");
    if (is_float && a->float_layers)
        return app_usage(app, "--float-layers goes with int8: with %s all layers are float",
                         a->precision);
    return STATUS_DONE;
}

/* A model that is quantised already brings its scales; others need some. */
static int check_scales(struct app *app, const struct arguments *a, const octet_model *model)
{
    octet_info info;
    octet_model_info(model, &info);
    const bool brings_them = info.precision != OCTET_PRECISION_FP32;
    if (brings_them && a->chooses_layers)
        return app_fail(app, "the model is quantised already: --float-layers auto measures by the "
                             "float model, which it needs");
    if (strcmp(a->precision, "int8") != 0 || a->statistics || a->calibration.images.count ||
        a->cache || brings_them)
        return STATUS_DONE;
    return needs_scales(app, a);
}

/* Both outputs can be written, and neither takes the place of what is read. */
static int check_outputs(struct app *app, const struct arguments *a, const char *model)
{
    enum { OUTPUTS = 4 };
    char *partial = a->chooses_layers ? checkpoint_path(a->output) : NULL;
    const char *const outputs[OUTPUTS] = {a->output, a->save_statistics, a->costs, partial};
    struct inputs inputs = {0};
    inputs_add(&inputs, model);
    inputs_add(&inputs, a->statistics);
    inputs_add(&inputs, a->cache);
    inputs_add(&inputs, app->names);
    inputs_add(&inputs, a->labels.annotations);
    inputs_add(&inputs, a->labels.data);
    int status = STATUS_DONE;
    for (size_t i = 0; i < OUTPUTS && status == STATUS_DONE; i++) {
        if (!outputs[i])
            continue;
        status = output_check(app, outputs[i]);
        if (status == STATUS_DONE)
            status = inputs_protect(app, &inputs, &a->calibration.images, outputs[i]);
    }
    if (status == STATUS_DONE && a->save_statistics)
        status = inputs_check_outputs(app, a->output, a->save_statistics);
    if (status == STATUS_DONE && a->costs)
        status = inputs_check_outputs(app, a->output, a->costs);
    if (status == STATUS_DONE && a->costs && a->save_statistics)
        status = inputs_check_outputs(app, a->save_statistics, a->costs);
    if (status == STATUS_DONE && partial && !a->calibration.resume)
        status = auto_state_check(app, partial);
    free(partial);
    inputs_free(&inputs);
    return status;
}

static void fill_settings(const struct arguments *a, octet_build_settings *settings)
{
    octet_build_defaults(settings);
    settings->precision = strcmp(a->precision, "fp32") == 0   ? OCTET_PRECISION_FP32
                          : strcmp(a->precision, "bf16") == 0 ? OCTET_PRECISION_BF16
                                                              : OCTET_PRECISION_INT8;
    settings->calibrator = a->calibrator ? a->calibrator : "mse";
    settings->weight_bits = has_few_bits(a) ? 4 : 8;
    settings->scales = a->scales;
    settings->float_layers = a->chooses_layers ? NULL : a->float_layers;
    if (a->float_precision && strcmp(a->float_precision, "bf16") == 0)
        settings->float_precision = OCTET_PRECISION_BF16;
}

/* The names that only the library knows, before long work: their form without a model, and whether
 * a model has such layers. */
static int check_names(struct app *app, const struct arguments *a, const octet_model *model)
{
    octet_build_settings settings;
    fill_settings(a, &settings);
    octet_status status = octet_build(app->context, model, NULL, &settings, NULL);
    if (status == OCTET_OK)
        return STATUS_DONE;
    const char *message = octet_context_message(app->context);
    return model ? app_fail_library(app, status, message) : app_usage(app, "%s", message);
}

/* Where an interrupted choice of layers was through with it, nothing is calibrated again. */
static int calibrate(struct build_run *run)
{
    const struct arguments *a = run->arguments;
    int status = STATUS_DONE;
    if (a->chooses_layers && a->calibration.resume)
        status = auto_state_read(run->app, a->output, &run->found, &run->calibration.statistics);
    if (status != STATUS_DONE || run->calibration.statistics)
        return status;
    return calibration_run(run->app, run->model, &a->calibration, &run->calibration);
}

/* Beside statistics of a file, an interrupted choice of layers has nothing but what it measured. */
static int find_measured(struct build_run *run)
{
    octet_statistics *same = NULL;
    const int status = auto_state_read(run->app, run->arguments->output, &run->found, &same);
    octet_statistics_free(&same);
    if (status == STATUS_DONE && !run->found)
        return app_fail(run->app, "%s.partial: of a calibration: resume without --stats",
                        run->arguments->output);
    return status;
}

static int prepare_statistics(struct build_run *run)
{
    struct app *app = run->app;
    const struct arguments *a = run->arguments;
    octet_status status = OCTET_OK;
    if (a->cache) {
        status = octet_cache_load(app->context, a->cache, &run->cache);
    } else if (a->statistics) {
        status = octet_statistics_load(app->context, a->statistics, &run->calibration.statistics);
        if (status == OCTET_OK && a->chooses_layers && a->calibration.resume)
            return find_measured(run);
    } else if (a->calibration.images.count) {
        int ran = calibrate(run);
        if (ran != STATUS_DONE)
            return ran;
        app_hold_signals();
        if (a->save_statistics)
            status = octet_statistics_save(app->context, run->calibration.statistics,
                                           a->save_statistics);
        app_release_signals();
    }
    if (status != OCTET_OK)
        return app_fail_library(app, status, octet_context_message(app->context));
    return STATUS_DONE;
}

static const octet_engine *result_of(const struct build_run *run)
{
    const struct candidates *candidates = &run->candidates;
    return is_auto(run->arguments) ? candidates->all[candidates->chosen].engine : run->engine;
}

static int compare_candidates(struct build_run *run)
{
    const double least = run->arguments->min_agreement;
    struct candidate_request request = {.model = run->model,
                                        .statistics = run->calibration.statistics,
                                        .judges = &run->arguments->calibration,
                                        .judges_known = !run->arguments->statistics,
                                        .min_agreement = least < 0 ? AGREEMENT_DEFAULT : least};
    fill_settings(run->arguments, &request.settings);
    return auto_precision(run->app, &request, &run->candidates);
}

static int choose_layers(struct build_run *run)
{
    const struct arguments *a = run->arguments;
    struct layers_request request = {.model = run->model,
                                     .statistics = run->calibration.statistics,
                                     .judges = &a->calibration,
                                     .judges_known = !a->statistics,
                                     .labels = a->labels,
                                     .costs = a->costs,
                                     .allowed = a->allowed,
                                     .output = a->output,
                                     .found = run->found};
    fill_settings(a, &request.settings);
    return auto_layers(run->app, &request, &run->search, &run->engine, &run->chosen_layers);
}

static int make_engine(struct build_run *run)
{
    struct app *app = run->app;
    octet_build_settings settings;
    fill_settings(run->arguments, &settings);
    settings.cache = run->cache;
    double start_ms = app_now_ms();
    octet_status status = OCTET_OK;
    if (judges(run->arguments)) {
        int ran = is_auto(run->arguments) ? compare_candidates(run) : choose_layers(run);
        if (ran != STATUS_DONE)
            return ran;
    } else {
        status = octet_build(app->context, run->model, run->calibration.statistics, &settings,
                             &run->engine);
    }
    if (app_interrupted())
        return app_fail(app, "interrupted: nothing was written");
    app_hold_signals();
    if (status == OCTET_OK)
        status = octet_engine_save(app->context, result_of(run), run->arguments->output);
    if (status == OCTET_OK && run->arguments->chooses_layers)
        checkpoint_remove(run->arguments->output);
    app_release_signals();
    run->seconds = (app_now_ms() - start_ms) / 1e3;
    if (status == OCTET_OK)
        return STATUS_DONE;
    return app_fail_library(app, status, octet_context_message(app->context));
}

/* What gave the scales. */
static const char *calibrator(const struct build_run *run)
{
    if (run->cache)
        return octet_cache_header(run->cache);
    return run->arguments->calibrator ? run->arguments->calibrator : "mse";
}

static int print_json(struct build_run *run, const octet_info *info, double bytes,
                      const octet_statistics_info *statistics)
{
    json_t *root = json_new_object();
    json_put(root, "file", json_text(run->arguments->output));
    json_put(root, "bytes", json_integer((json_int_t)bytes));
    json_put(root, "precision", json_text(precision_word(info->precision)));
    json_put(root, "calibrator",
             statistics || run->cache ? json_text(calibrator(run)) : json_null());
    const char *layers = run->chosen_layers ? run->chosen_layers : run->arguments->float_layers;
    json_put(root, "float_layers", layers ? json_text(layers) : json_null());
    json_put(root, "weight_bits", json_integer(info->weight_bits));
    json_put(root, "scales", scales_json(result_of(run)));
    json_put(root, "layers", json_integer(info->layer_count));
    json_put(root, "weight_bytes", json_integer(info->weight_bytes));
    json_put(root, "images", json_integer(statistics ? statistics->image_count : 0));
    json_put(root, "images_left_out", json_integer((json_int_t)run->calibration.failed));
    json_put(root, "calibration_seconds", json_number(run->calibration.seconds));
    json_put(root, "build_seconds", json_number(run->seconds));
    if (is_auto(run->arguments))
        candidates_json(&run->candidates, root);
    if (run->chosen_layers)
        auto_layers_json(&run->search, root);
    return json_print(run->app, root);
}

static void print_calibration(const struct build_run *run, const octet_statistics_info *info)
{
    printf("  calibration  %lld picture%s at ", (long long)info->image_count,
           info->image_count == 1 ? "" : "s");
    statistics_print_sizes(run->calibration.statistics);
    printf(", %s", calibrator(run));
    if (info->part_count > 1)
        printf(", %d parts weighed by %s", info->part_count, info->weights);
    putchar('\n');
}

/* The text of that key in the engine's provenance, or NULL. */
static const char *provenance_of(const octet_engine *engine, const char *wanted)
{
    const char *key, *text;
    for (int i = 0; octet_engine_provenance(engine, i, &key, &text); i++)
        if (strcmp(key, wanted) == 0)
            return text;
    return NULL;
}

static void print_scales(const octet_engine *engine)
{
    const char *regret = provenance_of(engine, "scales_regret");
    char *text = scales_text(engine);
    if (regret) {
        printf("  scales       %s\n", text ? text : "1 set for all sizes");
        printf("  sharing one  would cost, in dB of noise: %s\n", regret);
    }
    free(text);
}

static int print_summary(struct build_run *run)
{
    octet_info before, after;
    octet_statistics_info statistics;
    struct stat entry;
    char size[SIZE_TEXT_BYTES], float_size[SIZE_TEXT_BYTES], weights[SIZE_TEXT_BYTES];
    octet_model_info(run->model, &before);
    octet_engine_info(result_of(run), &after);
    double bytes = stat(run->arguments->output, &entry) == 0 ? (double)entry.st_size : 0;
    bool calibrated =
        run->calibration.statistics &&
        (!is_auto(run->arguments) ||
         run->candidates.all[run->candidates.chosen].precision == OCTET_PRECISION_INT8);
    if (calibrated)
        octet_statistics_info_get(run->calibration.statistics, &statistics);
    if (run->app->json)
        return print_json(run, &after, bytes, calibrated ? &statistics : NULL);
    print_clean(run->arguments->output);
    printf(": %s engine, %d layers, %s\n", precision_name(after.precision), after.layer_count,
           size_text(bytes, size));
    printf("  weights      %s%s (%s in the model)\n",
           size_text((double)after.weight_bytes, weights),
           after.weight_bits == 4 ? ", most of them of 4 bits" : "",
           size_text((double)before.weight_bytes, float_size));
    if (calibrated)
        print_calibration(run, &statistics);
    print_scales(result_of(run));
    if (run->cache)
        printf("  calibration  %s\n", calibrator(run));
    if (is_auto(run->arguments))
        candidates_print(&run->candidates);
    if (run->chosen_layers)
        auto_layers_print(&run->search, run->chosen_layers);
    printf("  time         %.1f s", run->calibration.seconds + run->seconds);
    if (run->calibration.used)
        printf(" (calibration %.1f s, build %.1f s)", run->calibration.seconds, run->seconds);
    putchar('\n');
    return STATUS_DONE;
}

int cmd_build(struct app *app, int argc, char **argv)
{
    struct arguments arguments;
    struct operands operands;
    int status = parse(app, argc, argv, &arguments, &operands);
    if (status >= 0)
        return status;
    arguments.chooses_layers = auto_layers_asked(arguments.float_layers, &arguments.allowed);
    calibration_take_size(&arguments.calibration);
    arguments.calibration.twice = judges(&arguments);
    arguments.calibration.output = arguments.chooses_layers ? arguments.output : NULL;
    status = check(app, &arguments);
    if (status == STATUS_DONE)
        status = check_names(app, &arguments, NULL);
    if (status != STATUS_DONE)
        return status;
    struct build_run run = {.app = app, .arguments = &arguments};
    status = check_outputs(app, &arguments, operands.text[0]);
    if (status == STATUS_DONE)
        status = model_open(app, operands.text[0], &run.model);
    if (status == STATUS_DONE && app->data_file_count)
        status = check_outputs(app, &arguments, operands.text[0]);
    if (status == STATUS_DONE)
        status = check_scales(app, &arguments, run.model);
    if (status == STATUS_DONE)
        status = check_names(app, &arguments, run.model);
    if (status == STATUS_DONE)
        status = prepare_statistics(&run);
    if (status == STATUS_DONE && run.calibration.statistics)
        status = statistics_weigh(app, run.calibration.statistics, arguments.weights);
    if (status == STATUS_DONE)
        status = make_engine(&run);
    if (status == STATUS_DONE)
        status = print_summary(&run);
    if (status == STATUS_DONE)
        calibration_verdict(app, &run.calibration);
    candidates_free(&run.candidates);
    mixed_search_free(&run.search);
    free(run.chosen_layers);
    json_decref(run.found);
    octet_cache_free(&run.cache);
    octet_engine_free(&run.engine);
    octet_statistics_free(&run.calibration.statistics);
    octet_model_free(&run.model);
    return status;
}
