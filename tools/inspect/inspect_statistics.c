/* SPDX-License-Identifier: Apache-2.0 */
/* Describes statistics: their parts, their tensors, and what parts lose by sharing ranges. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/table.h"
#include "inspect/inspect.h"
#include "models/statistics_parts.h"

#define NOTE_MAX 200 /* bytes of a note; an interrupted build keeps all that it measured there */
#define REGRETS_SHOWN 12

/* What sharing costs, the worst first; none where there is one part. The caller frees it. */
static int find_regrets(struct app *app, const octet_statistics *statistics, const char *calibrator,
                        octet_shared_range **ranges, size_t *count)
{
    octet_statistics_info info;
    octet_statistics_info_get(statistics, &info);
    *ranges = NULL;
    *count = 0;
    if (info.part_count < 2)
        return STATUS_DONE;
    *count = (size_t)info.part_count * (size_t)info.tensor_count;
    *ranges = app_alloc(*count, sizeof **ranges);
    const octet_status status = octet_ranges_shared(app->context, statistics, calibrator, *ranges);
    return status == OCTET_OK ? STATUS_DONE
                              : app_fail_library(app, status, octet_context_message(app->context));
}

/* Of one part, over all tensors: the mean, and the worst, which stands first. */
static double mean_regret(const octet_shared_range *ranges, size_t count, int part,
                          const octet_shared_range **worst)
{
    double sum = 0;
    size_t tensors = 0;
    *worst = NULL;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].part != part)
            continue;
        *worst = *worst ? *worst : &ranges[i];
        sum += ranges[i].regret;
        tensors++;
    }
    return sum / (double)tensors;
}

/* ---- for people ---- */

static void print_mean_regrets(const octet_statistics *statistics, const octet_shared_range *ranges,
                               size_t count)
{
    static const char *const headers[] = {"part",   ">size",     "source", ">mean regret dB",
                                          ">worst", "-of tensor"};
    octet_part_statistics part;
    struct table table;
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (int i = 0; octet_statistics_part(statistics, i, &part) == OCTET_OK; i++) {
        const octet_shared_range *worst;
        const double mean = mean_regret(ranges, count, i, &worst);
        table_add(&table, "%d", i);
        table_add(&table, "%dx%d", part.height, part.width);
        table_add_name(&table, *part.source ? part.source : "-");
        table_add(&table, "%.2f", mean);
        table_add(&table, "%.2f", worst->regret);
        table_add_name(&table, worst->name);
    }
    table_print(&table);
}

static void print_worst_regrets(const octet_shared_range *ranges, size_t count)
{
    static const char *const headers[] = {"tensor",      ">part", ">low",    ">high",     ">-noise",
                                          ">shared low", ">high", ">-noise", ">regret dB"};
    struct table table;
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < count && i < REGRETS_SHOWN; i++) {
        const octet_shared_range *range = &ranges[i];
        table_add_name(&table, range->name);
        table_add(&table, "%d", range->part);
        table_add(&table, "%.4g", range->low);
        table_add(&table, "%.4g", range->high);
        table_add(&table, "%.2f", range->noise);
        table_add(&table, "%.4g", range->shared_low);
        table_add(&table, "%.4g", range->shared_high);
        table_add(&table, "%.2f", range->shared_noise);
        table_add(&table, "%.2f", range->regret);
    }
    table_print(&table);
}

static void print_regrets(const octet_statistics *statistics, const octet_statistics_info *info,
                          const octet_shared_range *ranges, size_t count)
{
    printf("\nregret: noise of coding more than with a range of the part's own (weighed by %s)\n",
           info->weights);
    print_mean_regrets(statistics, ranges, count);
    putchar('\n');
    print_worst_regrets(ranges, count);
    if (count > REGRETS_SHOWN)
        printf("  %zu more: --json has all\n", count - REGRETS_SHOWN);
}

static void statistics_text(const char *path, const octet_statistics *statistics,
                            const octet_statistics_info *info)
{
    static const char *const headers[] = {
        "tensor",   ">--channels", ">---elements",         ">minimum",
        ">maximum", ">-mean",      ">--standard deviation"};
    struct table table;
    octet_tensor_statistics tensor;
    char text[64];
    print_clean(path);
    puts(": calibration statistics");
    snprintf(text, sizeof text, "%lld", (long long)info->image_count);
    inspect_row("pictures", text);
    if (info->part_count == 1) {
        snprintf(text, sizeof text, "%dx%d (height x width)", info->input_height,
                 info->input_width);
        inspect_row("size", text);
    }
    inspect_row("model hash", info->model_hash);
    inspect_row("fingerprint", info->images_fingerprint);
    if (*info->shards) {
        inspect_row("shards", info->shards);
        inspect_row("missing", info->shards_missing);
    }
    if (info->note[0]) {
        char *note = strlen(info->note) > NOTE_MAX ? app_printf("%.*s...", NOTE_MAX, info->note)
                                                   : app_strdup(info->note);
        inspect_row("note", note);
        free(note);
    }
    if (statistics_have_parts(statistics)) {
        putchar('\n');
        statistics_print_parts(statistics);
    }
    putchar('\n');
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (int i = 0; octet_statistics_tensor(statistics, i, &tensor) == OCTET_OK; i++) {
        table_add_name(&table, tensor.name);
        table_add(&table, "%d", tensor.channels);
        table_add(&table, "%lld", (long long)tensor.count);
        table_add(&table, "%.5g", tensor.minimum);
        table_add(&table, "%.5g", tensor.maximum);
        table_add(&table, "%.5g", tensor.mean);
        table_add(&table, "%.5g", tensor.standard_deviation);
    }
    table_print(&table);
}

/* ---- as JSON ---- */

static json_t *regrets_json(const octet_shared_range *ranges, size_t count)
{
    json_t *list = json_new_array();
    for (size_t i = 0; i < count; i++) {
        const octet_shared_range *range = &ranges[i];
        json_t *one = json_new_object();
        json_put(one, "tensor", json_text(range->name));
        json_put(one, "part", json_integer(range->part));
        json_put(one, "low", json_number(range->low));
        json_put(one, "high", json_number(range->high));
        json_put(one, "noise_db", json_number(range->noise));
        json_put(one, "shared_low", json_number(range->shared_low));
        json_put(one, "shared_high", json_number(range->shared_high));
        json_put(one, "shared_noise_db", json_number(range->shared_noise));
        json_put(one, "regret_db", json_number(range->regret));
        json_push(list, one);
    }
    return list;
}

/* The list of parts, each with its mean regret where there are several. */
static json_t *parts_json(const octet_statistics *statistics, const octet_shared_range *ranges,
                          size_t count)
{
    const octet_shared_range *worst;
    json_t *list = statistics_parts_json(statistics);
    for (size_t p = 0; count && p < json_array_size(list); p++)
        json_put(json_array_get(list, p), "mean_regret_db",
                 json_number(mean_regret(ranges, count, (int)p, &worst)));
    return list;
}

static json_t *statistics_json(const char *path, const octet_statistics *statistics,
                               const octet_statistics_info *info)
{
    octet_tensor_statistics tensor;
    json_t *root = json_new_object(), *tensors = json_new_array();
    json_put(root, "file", json_text(path));
    json_put(root, "kind", json_text("statistics"));
    json_put(root, "images", json_integer(info->image_count));
    json_put(root, "height", json_integer(info->input_height));
    json_put(root, "width", json_integer(info->input_width));
    json_put(root, "model_hash", json_text(info->model_hash));
    json_put(root, "images_fingerprint", json_text(info->images_fingerprint));
    json_put(root, "note", info->note[0] ? json_text(info->note) : json_null());
    json_put(root, "weights", json_text(info->weights));
    json_put(root, "shards", json_text(info->shards));
    json_put(root, "shards_missing", json_text(info->shards_missing));
    for (int i = 0; octet_statistics_tensor(statistics, i, &tensor) == OCTET_OK; i++) {
        json_t *one = json_new_object();
        json_put(one, "name", json_text(tensor.name));
        json_put(one, "channels", json_integer(tensor.channels));
        json_put(one, "count", json_integer(tensor.count));
        json_put(one, "minimum", json_number(tensor.minimum));
        json_put(one, "maximum", json_number(tensor.maximum));
        json_put(one, "mean", json_number(tensor.mean));
        json_put(one, "standard_deviation", json_number(tensor.standard_deviation));
        json_push(tensors, one);
    }
    json_put(root, "tensors", tensors);
    return root;
}

int describe_statistics(struct app *app, const char *path, const octet_statistics *statistics,
                        const char *calibrator)
{
    octet_statistics_info info;
    octet_shared_range *ranges;
    size_t count;
    octet_statistics_info_get(statistics, &info);
    int status = find_regrets(app, statistics, calibrator, &ranges, &count);
    if (status == STATUS_DONE && app->json) {
        json_t *root = statistics_json(path, statistics, &info);
        json_put(root, "parts", parts_json(statistics, ranges, count));
        json_put(root, "regrets", regrets_json(ranges, count));
        status = json_print(app, root);
    } else if (status == STATUS_DONE) {
        statistics_text(path, statistics, &info);
        if (count)
            print_regrets(statistics, &info, ranges, count);
    }
    free(ranges);
    return status;
}
