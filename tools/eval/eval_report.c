/* SPDX-License-Identifier: Apache-2.0 */
/* Prints COCO's twelve figures and each class' own. */
#include "eval/eval_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/table.h"
#include "eval/eval_facts.h"
#include "eval/part_writer.h"
#include "models/model_file.h"
#include "models/selection.h"

/* COCO's twelve figures: where each stands, and what it is. */
static const struct {
    size_t offset;
    const char *key, *name, *iou, *area, *detections;
} figures[] = {
    {offsetof(octet_evaluation, ap), "ap", "AP", "0.50:0.95", "all", "100"},
    {offsetof(octet_evaluation, ap50), "ap50", "AP50", "0.50", "all", "100"},
    {offsetof(octet_evaluation, ap75), "ap75", "AP75", "0.75", "all", "100"},
    {offsetof(octet_evaluation, ap_small), "ap_small", "AP small", "0.50:0.95", "small", "100"},
    {offsetof(octet_evaluation, ap_medium), "ap_medium", "AP medium", "0.50:0.95", "medium", "100"},
    {offsetof(octet_evaluation, ap_large), "ap_large", "AP large", "0.50:0.95", "large", "100"},
    {offsetof(octet_evaluation, ar_1), "ar_1", "AR 1", "0.50:0.95", "all", "1"},
    {offsetof(octet_evaluation, ar_10), "ar_10", "AR 10", "0.50:0.95", "all", "10"},
    {offsetof(octet_evaluation, ar_100), "ar_100", "AR 100", "0.50:0.95", "all", "100"},
    {offsetof(octet_evaluation, ar_small), "ar_small", "AR small", "0.50:0.95", "small", "100"},
    {offsetof(octet_evaluation, ar_medium), "ar_medium", "AR medium", "0.50:0.95", "medium", "100"},
    {offsetof(octet_evaluation, ar_large), "ar_large", "AR large", "0.50:0.95", "large", "100"},
};
#define FIGURE_COUNT (sizeof figures / sizeof *figures)

static double figure(const octet_evaluation *evaluation, size_t index)
{
    return *(const double *)((const char *)evaluation + figures[index].offset);
}

/* Numbers keep all digits: scripts compare them. */
static int print_exact(struct app *app, json_t *root)
{
    json_write(root, JSON_INDENT(2));
    putchar('\n');
    return app_flush(app);
}

static json_t *classes_json(const struct eval_run *run, const struct eval_result *result)
{
    json_t *list = json_new_array();
    const char *name;
    int64_t id;
    for (size_t i = 0; (name = octet_truth_class_get(run->set.truth, i, &id)); i++) {
        const octet_class_evaluation *class = &result->classes[i];
        if (!class_match_is_chosen(&run->classes, id))
            continue;
        json_t *entry = json_new_object();
        json_put(entry, "id", json_integer(id));
        json_put(entry, "name", json_text(name));
        json_put(entry, "boxes", json_integer((json_int_t) class->boxes));
        json_put(entry, "ap", json_number(class->ap));
        json_put(entry, "ap50", json_number(class->ap50));
        json_put(entry, "ar_100", json_number(class->ar_100));
        json_push(list, entry);
    }
    return list;
}

static void put_model(json_t *root, const struct eval_run *run)
{
    static const char *const facts[] = {"settings", "classes_matched_by", "unmatched_model_classes",
                                        "unmatched_truth_classes"};
    json_put(root, "precision", json_incref(json_object_get(run->facts, "precision")));
    json_put(root, "seconds", json_number(run->seconds));
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        json_put(root, facts[i], json_incref(json_object_get(run->facts, facts[i])));
    if (eval_facts_rect(run->facts)) {
        json_t *settings = json_copy(json_object_get(root, "settings"));
        json_put(settings, "sizes", size_tally_json(&run->tally));
        json_put(root, "settings", settings);
    }
}

static int report_json(const struct eval_run *run, const struct eval_result *result)
{
    const struct eval_arguments *arguments = run->arguments;
    json_t *root = json_new_object();
    json_put(root, run->model ? "model" : "detections_file",
             json_text(run->model ? run->model : arguments->detections));
    json_put(root, "ground_truth", json_text(run->ground_truth));
    json_put(root, "images", json_integer((json_int_t)result->all.images));
    json_put(root, "images_left_out", json_integer((json_int_t)run->set.bad));
    json_put(root, "boxes", json_integer((json_int_t)result->all.boxes));
    json_put(root, "detections", json_integer((json_int_t)result->all.detections));
    for (size_t i = 0; i < FIGURE_COUNT; i++)
        json_put(root, figures[i].key, json_number(figure(&result->all, i)));
    if (arguments->min_ap >= 0) {
        json_put(root, "min_ap", json_number(arguments->min_ap));
        json_put(root, "min_ap_reached",
                 result->all.ap >= arguments->min_ap ? json_true() : json_false());
    }
    if (run->model)
        put_model(root, run);
    json_put(root, "per_class", classes_json(run, result));
    return print_exact(run->app, root);
}

/* "-" where there is nothing to measure. */
static void add_figure(struct table *table, double value)
{
    if (value < 0)
        table_add(table, "-");
    else
        table_add(table, "%.4f", value);
}

static void print_settings(const struct eval_run *run)
{
    const octet_detect_settings used = eval_facts_selection(run->facts);
    char *suppression = suppression_text(&used);
    printf(", %.1f s\nconfidence %g, %s%s, %d boxes a picture, every class above the confidence",
           run->seconds, used.confidence, used.iou < 1 ? "class-aware " : "", suppression,
           used.max_detections);
    free(suppression);
    if (!eval_facts_rect(run->facts))
        return;
    char *sizes = size_tally_text(&run->tally);
    printf("\ninput sizes (pictures): %s", sizes);
    free(sizes);
}

static void print_heading(const struct eval_run *run, const struct eval_result *result)
{
    const octet_evaluation *all = &result->all;
    print_clean(run->model ? run->model : run->arguments->detections);
    if (run->model) {
        const json_t *settings = json_object_get(run->facts, "settings");
        printf(" (%s, %s%lldx%lld)", eval_facts_precision(run->facts),
               eval_facts_rect(run->facts) ? "rect within " : "",
               (long long)json_integer_value(json_object_get(settings, "height")),
               (long long)json_integer_value(json_object_get(settings, "width")));
    }
    printf(": %zu picture%s, %zu box%s, %zu detections", all->images, all->images == 1 ? "" : "s",
           all->boxes, all->boxes == 1 ? "" : "es", all->detections);
    if (run->model)
        print_settings(run);
    printf("\n\n");
}

static void print_classes(const struct eval_run *run, const struct eval_result *result)
{
    static const char *const headers[] = {"class", ">-boxes", ">AP", ">AP50", ">-AR 100"};
    struct table table;
    const char *name;
    int64_t id;
    size_t empty = 0;
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; (name = octet_truth_class_get(run->set.truth, i, &id)); i++) {
        const octet_class_evaluation *class = &result->classes[i];
        if (!class_match_is_chosen(&run->classes, id))
            continue;
        if (class->boxes == 0) {
            empty++;
            continue;
        }
        if (name[0])
            table_add_name(&table, name);
        else
            table_add(&table, "%lld", (long long)id);
        table_add(&table, "%zu", class->boxes);
        add_figure(&table, class->ap);
        add_figure(&table, class->ap50);
        add_figure(&table, class->ar_100);
    }
    table_print(&table);
    if (empty)
        printf("%zu class%s without boxes not shown\n", empty, empty == 1 ? "" : "es");
    putchar('\n');
}

static int report_text(const struct eval_run *run, const struct eval_result *result)
{
    static const char *const headers[] = {"figure", ">value", "-IoU", "--area", ">---detections"};
    struct table table;
    print_heading(run, result);
    print_classes(run, result);
    table_open(&table, headers, sizeof headers / sizeof *headers);
    for (size_t i = 0; i < FIGURE_COUNT; i++) {
        table_add(&table, "%s", figures[i].name);
        add_figure(&table, figure(&result->all, i));
        table_add(&table, "%s", figures[i].iou);
        table_add(&table, "%s", figures[i].area);
        table_add(&table, "%s", figures[i].detections);
    }
    table_print(&table);
    return app_flush(run->app);
}

int eval_report_part(struct eval_run *run)
{
    const char *path = run->arguments->output;
    const struct part_writer *part = run->part;
    const size_t left_out = run->set.bad - run->set.missing;
    if (run->app->json) {
        json_t *root = json_new_object();
        json_put(root, "file", json_text(path));
        json_put(root, "shard", json_integer(run->set.shard.index));
        json_put(root, "shards", json_integer(run->set.shard.count));
        json_put(root, "images", json_integer((json_int_t)part->pictures));
        json_put(root, "images_left_out", json_integer((json_int_t)left_out));
        json_put(root, "boxes", json_integer((json_int_t)part->boxes));
        json_put(root, "detections", json_integer((json_int_t)part->found));
        json_put(root, "seconds", json_number(run->seconds));
        return json_print(run->app, root);
    }
    print_clean(path);
    printf(": shard %d/%d: %zu picture%s, %zu box%s, %zu detections, %.1f s\n",
           run->set.shard.index, run->set.shard.count, part->pictures,
           part->pictures == 1 ? "" : "s", part->boxes, part->boxes == 1 ? "" : "es", part->found,
           run->seconds);
    return app_flush(run->app);
}

int eval_report(struct eval_run *run, const struct eval_result *result)
{
    return run->app->json ? report_json(run, result) : report_text(run, result);
}
