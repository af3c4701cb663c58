/* SPDX-License-Identifier: Apache-2.0 */
/* Says whether ranges fit, why, and which tensors suffer most. */
#include "models/range_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/json_print.h"
#include "app/table.h"

#define ROWS_SHOWN 12 /* more with -v */

enum { NAME, CLIPPED, UNUSED, NOISE, CALIBRATION, BEST, COLUMNS };

static const char *verdict(const octet_fit *fit)
{
    return fit->fits ? "fits" : "recalibrate";
}

/* What most of the tensors that are worse suffer from. */
static char *worse_text(const octet_fit *fit)
{
    if (!fit->worse)
        return app_strdup("");
    return app_printf("; %d lose 3 dB and more, mostly %s", fit->worse,
                      2 * fit->clipping >= fit->worse ? "by clipping" : "by spans too wide");
}

char *range_reason(const octet_fit *fit)
{
    const bool knows = !isnan(fit->loss);
    const double db = knows ? fit->loss : fit->rise;
    char *worse = worse_text(fit);
    char *text =
        app_printf("%s: over %d tensors coding makes %.1f dB %s noise than %s (limit: "
                   "%.1f)%s",
                   verdict(fit), fit->tensors, fabs(db), db < 0 ? "less" : "more",
                   knows ? "with ranges from these pictures" : "on the calibration's pictures",
                   knows ? OCTET_FIT_LOSS : OCTET_FIT_RISE, worse);
    free(worse);
    return text;
}

static json_t *range_json(const octet_range_fit *range)
{
    json_t *json = json_new_object();
    json_put(json, "name", json_text(range->name));
    json_put(json, "clipped", json_number(range->clipped));
    json_put(json, "unused_codes", json_integer(range->unused));
    json_put(json, "noise_db", json_number(range->noise));
    json_put(json, "calibration_noise_db", json_number(range->calibration));
    json_put(json, "best_noise_db", json_number(range->best));
    return json;
}

static int print_json(struct app *app, const struct range_report *report)
{
    const octet_fit *fit = &report->fit;
    json_t *root = json_new_object(), *tensors = json_new_array();
    char *reason = range_reason(fit);
    json_put(root, "file", json_text(report->path));
    json_put(root, "against", json_text(report->others));
    json_put(root, "images", json_integer(report->pictures));
    json_put(root, "method", json_text(report->by_codes ? "codes" : "statistics"));
    json_put(root, "verdict", json_text(verdict(fit)));
    json_put(root, "reason", json_text(reason));
    json_put(root, "rise_db", json_number(fit->rise));
    json_put(root, "loss_db", json_number(fit->loss));
    json_put(root, "tensors_worse", json_integer(fit->worse));
    json_put(root, "tensors_clipping", json_integer(fit->clipping));
    for (int i = 0; i < fit->tensors; i++)
        json_push(tensors, range_json(&report->ranges[i]));
    json_put(root, "tensors", tensors);
    free(reason);
    return json_print(app, root);
}

static void add_noise(struct table *table, double noise)
{
    if (isnan(noise))
        table_add(table, "-");
    else
        table_add(table, "%.1f", noise);
}

static void print_table(const struct range_report *report, int rows)
{
    static const char *const headers[COLUMNS] = {"tensor",     ">clipped %",      ">--unused",
                                                 ">noise, dB", ">-calibration's", ">best"};
    struct table table;
    table_open(&table, headers, COLUMNS);
    for (int i = 0; i < rows; i++) {
        const octet_range_fit *range = &report->ranges[i];
        table_add_name(&table, range->name);
        table_add(&table, "%.4f", 100 * range->clipped);
        table_add(&table, "%d", range->unused);
        add_noise(&table, range->noise);
        add_noise(&table, range->calibration);
        add_noise(&table, range->best);
    }
    table_print(&table);
}

int range_report_print(struct app *app, const struct range_report *report)
{
    if (app->json)
        return print_json(app, report);
    const int all = report->fit.tensors;
    const int rows = app->verbose || all < ROWS_SHOWN ? all : ROWS_SHOWN;
    char *reason = range_reason(&report->fit);
    print_clean(report->path);
    fputs(" on ", stdout);
    print_clean(report->others);
    printf(", %" PRId64 " pictures\n", report->pictures);
    print_clean(reason);
    fputs("\n\n", stdout);
    free(reason);
    print_table(report, rows);
    if (rows < all)
        printf("and %d more that fit as well or better (-v)\n", all - rows);
    return app_flush(app);
}
