/* SPDX-License-Identifier: Apache-2.0 */
/* Prints COCO's twelve figures and each class' own. */
#include "eval/eval_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/table.h"
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

static json_t *settings_json(const struct eval_run *run)
{
    octet_detect_settings used;
    selection_for_precision(run->engine, &used);
    json_t *settings = json_new_object();
    json_put(settings, "confidence", json_number(used.confidence));
    json_put(settings, "iou", json_number(used.iou));
    json_put(settings, "max_detections", json_integer(used.max_detections));
    json_put(settings, "multi_label", json_boolean(used.multi_label));
    json_put(settings, "class_agnostic", json_boolean(used.class_agnostic));
    const octet_session *session = sized_sessions_first(&run->sessions);
    json_put(settings, "height", json_integer(octet_session_height(session)));
    json_put(settings, "width", json_integer(octet_session_width(session)));
    json_put(settings, "rect", json_boolean(run->arguments->rect));
    if (run->arguments->rect)
        json_put(settings, "sizes", size_tally_json(&run->tally));
    return settings;
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
    octet_info info;
    const char *name;
    json_t *model = json_new_array(), *truth = json_new_array();
    octet_engine_info(run->engine, &info);
    for (int i = 0; i < run->classes.count; i++)
        if (!run->classes.known[i])
            json_push(model, json_text(octet_engine_class_name(run->engine, i)));
    for (size_t i = 0; (name = octet_truth_class_get(run->set.truth, i, NULL)); i++)
        if (!run->classes.truth_known[i])
            json_push(truth, json_text(name));
    json_put(root, "precision", json_text(precision_word(info.precision)));
    json_put(root, "seconds", json_number(run->seconds));
    json_put(root, "settings", settings_json(run));
    json_put(root, "classes_matched_by", json_text(run->classes.how));
    json_put(root, "unmatched_model_classes", model);
    json_put(root, "unmatched_truth_classes", truth);
}

static int report_json(const struct eval_run *run, const struct eval_result *result)
{
    const struct eval_arguments *arguments = run->arguments;
    json_t *root = json_new_object();
    json_put(root, run->model ? "model" : "detections_file",
             json_text(run->model ? run->model : arguments->detections));
    json_put(root, "ground_truth",
             json_text(arguments->data ? arguments->data : arguments->annotations));
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
    octet_detect_settings used;
    selection_for_precision(run->engine, &used);
    char *suppression = suppression_text(&used);
    printf(", %.1f s\nconfidence %g, %s%s, %d boxes a picture, every class above the confidence",
           run->seconds, used.confidence, used.iou < 1 ? "class-aware " : "", suppression,
           used.max_detections);
    free(suppression);
    if (!run->arguments->rect)
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
        octet_info info;
        octet_engine_info(run->engine, &info);
        const octet_session *session = sized_sessions_first(&run->sessions);
        printf(" (%s, %s%dx%d)", precision_name(info.precision),
               run->arguments->rect ? "rect within " : "", octet_session_height(session),
               octet_session_width(session));
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

int eval_report(struct eval_run *run, const struct eval_result *result)
{
    return run->app->json ? report_json(run, result) : report_text(run, result);
}
