/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the comparison as tables: layers, classes, the worst pictures, and the figures last. */
#include "compare/compare_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/table.h"
#include "models/model_file.h"

static const char *ending(size_t count)
{
    return count == 1 ? "" : "s";
}

static void print_heading(const struct compare_run *run)
{
    for (int i = 0; i < 2; i++) {
        const struct compare_side *side = &run->sides[i];
        const octet_session *first = sized_sessions_first(&side->sessions);
        printf("%c: ", 'A' + i);
        print_clean(side->path);
        printf(" (%s, %s%dx%d, %s)\n", precision_name(side->info.precision),
               run->arguments->rect ? "rect within " : "", octet_session_height(first),
               octet_session_width(first), octet_session_device(first));
    }
    printf("%zu picture%s, %.1f s; A's boxes of score %g and more are taken for true\n\n",
           run->used, ending(run->used), run->seconds, run->arguments->confidence);
}

static void add_decibels(struct table *table, const struct noise_sums *sums)
{
    const double decibels = noise_decibels(sums);
    if (isnan(decibels))
        table_add(table, "-");
    else if (isinf(decibels))
        table_add(table, "equal");
    else
        table_add(table, "%.1f", decibels);
}

static void print_layers(const struct compare_run *run)
{
    static const char *const headers[] = {">-no", "layer",    "--operation", "-A",
                                          "-B",   ">SQNR dB", ">alone dB"};
    const struct layer_noise *layers = &run->layers;
    struct table table;
    table_open(&table, headers, sizeof headers / sizeof *headers - !layers->alone);
    for (int i = 0; i < layers->count; i++) {
        const struct layer_pair *pair = &layers->pairs[i];
        table_add(&table, "%d", pair->b_layer);
        table_add_name(&table, pair->b.name);
        table_add(&table, "%s%s%s", pair->b.operation, pair->b.fused[0] ? "+" : "", pair->b.fused);
        table_add(&table, "%s", precision_name(pair->a.precision));
        table_add(&table, "%s", precision_name(pair->b.precision));
        add_decibels(&table, &pair->through);
        if (layers->alone)
            add_decibels(&table, &pair->alone);
    }
    if (layers->count)
        table_print(&table);
    printf("%d of B's %d layers are layers of A's %d%s\n\n", layers->count, layers->b_layers,
           layers->a_layers,
           layers->alone ? "" : "; layers alone are measured where B runs on the CPU");
}

/* "-" where there is nothing to measure. */
static void add_percent(struct table *table, double share)
{
    if (share < 0)
        table_add(table, "-");
    else
        table_add(table, "%.2f", 100 * share);
}

static double share_of(size_t part, size_t whole)
{
    return whole ? (double)part / (double)whole : -1;
}

static void print_classes(const struct compare_run *run, const struct compare_result *result)
{
    static const char *const headers[] = {"class", ">-boxes", ">matched %",
                                          ">more", ">AP",     ">AP50"};
    const int count = run->sides[0].info.class_count;
    struct table table;
    int empty = 0;
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (int i = 0; i < count; i++) {
        const struct class_totals *class = &run->boxes.classes[i];
        const char *name = octet_engine_class_name(run->sides[0].engine, i);
        if (class->sure == 0 && class->more == 0) {
            empty++;
            continue;
        }
        if (name[0])
            table_add_name(&table, name);
        else
            table_add(&table, "%d", i);
        table_add(&table, "%zu", class->sure);
        add_percent(&table, share_of(class->matched, class->sure));
        table_add(&table, "%zu", class->more);
        add_percent(&table, result->classes[i].ap);
        add_percent(&table, result->classes[i].ap50);
    }
    if (empty < count)
        table_print(&table);
    if (empty)
        printf("%d class%s without boxes not shown\n", empty, empty == 1 ? "" : "es");
    putchar('\n');
}

static void print_worst(const struct compare_run *run)
{
    static const char *const headers[] = {"worst picture", ">-A", ">-B", ">difference", "--drawn"};
    const struct worst_pictures *worst = &run->worst;
    struct table table;
    if (!worst->count)
        return;
    table_open(&table, headers, sizeof headers / sizeof *headers - !run->arguments->output);
    for (size_t i = 0; i < worst->count; i++) {
        const struct worst_picture *picture = &worst->pictures[i];
        table_add_name(&table, picture->label);
        table_add(&table, "%d", picture->counts[0]);
        table_add(&table, "%d", picture->counts[1]);
        table_add(&table, "%.2f", picture->difference);
        if (picture->file)
            table_add_name(&table, picture->file);
        else if (run->arguments->output)
            table_add(&table, "-");
    }
    table_print(&table);
    putchar('\n');
}

static void add_row(struct table *table, const char *figure, const char *unit, double value)
{
    table_add(table, "%s", figure);
    if (isnan(value))
        table_add(table, "-");
    else
        table_add(table, unit[0] == 's' ? "%.4f" : "%.2f", value);
    table_add(table, "%s", unit);
}

static double percent_of(double share)
{
    return share < 0 ? (double)NAN : 100 * share;
}

static void print_figures(const struct compare_run *run, const struct compare_result *result)
{
    static const char *const headers[] = {"figure", ">value", "unit"};
    const struct box_totals *boxes = &run->boxes;
    const octet_agreement *agreement = &result->agreement;
    const double matched = boxes->all.matched ? (double)boxes->all.matched : (double)NAN;
    const double of_boxes = boxes->all.matched ? 1 : (double)NAN;
    struct table table;
    table_open(&table, headers, sizeof headers / sizeof *headers);
    add_row(&table, "agreement AP", "%", percent_of(agreement->ap));
    add_row(&table, "agreement AP50", "%", percent_of(agreement->ap50));
    add_row(&table, "agreement AP75", "%", percent_of(agreement->ap75));
    table_add(&table, "boxes of A");
    table_add(&table, "%zu", boxes->all.sure);
    table_add(&table, "%s", "");
    add_row(&table, "of these matched by B", "%",
            percent_of(share_of(boxes->all.matched, boxes->all.sure)));
    table_add(&table, "boxes of B that A lacks");
    table_add(&table, "%zu", boxes->all.more);
    table_add(&table, "%s", "");
    add_row(&table, "score error, mean (B - A)", "score", boxes->score_sum / matched);
    add_row(&table, "score error, root mean square", "score",
            sqrt(boxes->score_square_sum / matched));
    add_row(&table, "box error, mean", "px", result->errors.mean * of_boxes);
    add_row(&table, "box error, 95 % within", "px", result->errors.share_95 * of_boxes);
    add_row(&table, "box error, largest", "px", result->errors.most * of_boxes);
    table_print(&table);
}

int compare_report_text(struct compare_run *run, const struct compare_result *result)
{
    print_heading(run);
    if (!run->arguments->no_layers)
        print_layers(run);
    print_classes(run, result);
    print_worst(run);
    print_figures(run, result);
    return app_flush(run->app);
}
