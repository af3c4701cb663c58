/* SPDX-License-Identifier: Apache-2.0 */
/* Figures over seeds, the table and the JSON. */
#include "study/study_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/table.h"

#define POINTS 100.0
#define SCATTER_LEAST 0.05 /* points: less is luck of few seeds */

static double value_of(const struct study_sample *sample, enum study_measure measure)
{
    return measure == STUDY_AP          ? POINTS * sample->ap
           : measure == STUDY_AGREEMENT ? POINTS * sample->agreement
                                        : sample->gather_s + sample->build_s;
}

struct study_figure study_figure(const struct study *study, enum study_measure measure,
                                 size_t count, size_t calibrator)
{
    struct study_figure figure = {.least = INFINITY, .most = -INFINITY};
    double square = 0;
    const size_t seeds = study_plan_seeds(&study->plan, count);
    for (size_t seed = 0; seed < seeds; seed++) {
        const double value = value_of(study_sample(study, seed, count, calibrator), measure);
        figure.samples++;
        figure.mean += value / (double)seeds;
        figure.least = fmin(figure.least, value);
        figure.most = fmax(figure.most, value);
    }
    for (size_t seed = 0; seed < seeds; seed++) {
        const double value = value_of(study_sample(study, seed, count, calibrator), measure);
        square += (value - figure.mean) * (value - figure.mean);
    }
    figure.deviation = seeds > 1 ? sqrt(square / (double)(seeds - 1)) : NAN;
    return figure;
}

static enum study_measure main_measure(const struct study *study)
{
    return study->labelled ? STUDY_AP : STUDY_AGREEMENT;
}

int study_enough(const struct study *study, size_t calibrator, double *scatter)
{
    const size_t counts = study->plan.count_count;
    const enum study_measure measure = main_measure(study);
    double square = 0;
    size_t freedom = 0;
    for (size_t i = 0; i < counts; i++) {
        const struct study_figure figure = study_figure(study, measure, i, calibrator);
        if (figure.samples < 2)
            continue;
        square += figure.deviation * figure.deviation * (double)(figure.samples - 1);
        freedom += figure.samples - 1;
    }
    *scatter = freedom ? sqrt(square / (double)freedom) : NAN;
    if (!freedom || counts < 2)
        return -1;
    const double allowed = fmax(*scatter, SCATTER_LEAST);
    double best = -INFINITY;
    int enough = -1;
    for (size_t i = counts; i-- > 0;) {
        const struct study_figure figure = study_figure(study, measure, i, calibrator);
        best = fmax(best, figure.mean);
        if (best - figure.mean > allowed || best - figure.least > 2 * allowed)
            break;
        enough = (int)i;
    }
    return enough == (int)counts - 1 ? -1 : enough;
}

static void print_verdict(const struct study *study, size_t calibrator)
{
    const struct study_plan *plan = &study->plan;
    const char *measure = study->labelled ? "AP" : "agreement";
    double scatter;
    const int enough = study_enough(study, calibrator, &scatter);
    print_clean(plan->calibrators[calibrator]);
    if (enough >= 0)
        printf(": %zu pictures are enough: more of them gain less %s than samples of one size "
               "scatter (%.2f points)\n",
               plan->counts[enough], measure, scatter);
    else if (!isfinite(scatter) || plan->count_count < 2)
        printf(": how many pictures are enough cannot be told from one %s\n",
               plan->count_count < 2 ? "count" : "seed");
    else
        printf(": %zu pictures may not be enough: %s still rises by more than samples of one size "
               "scatter (%.2f points)\n",
               plan->counts[plan->count_count - 1], measure, scatter);
}

static void add_figure(struct table *table, const struct study_figure *figure)
{
    table_add(table, "%.2f", figure->mean);
    if (figure->samples > 1)
        table_add(table, "%.2f", figure->deviation);
    else
        table_add(table, "-");
}

static void print_rows(const struct study *study, struct table *table)
{
    const struct study_plan *plan = &study->plan;
    for (size_t c = 0; c < plan->calibrator_count; c++) {
        for (size_t i = 0; i < plan->count_count; i++) {
            const struct study_figure ap = study_figure(study, STUDY_AP, i, c);
            const struct study_figure agreement = study_figure(study, STUDY_AGREEMENT, i, c);
            const struct study_figure main = study->labelled ? ap : agreement;
            table_add_name(table, plan->calibrators[c]);
            table_add(table, "%zu", plan->counts[i]);
            table_add(table, "%zu", main.samples);
            if (study->labelled) {
                add_figure(table, &ap);
                table_add(table, "%+.2f", ap.mean - POINTS * study->float_ap);
            }
            add_figure(table, &agreement);
            table_add(table, "%.2f", main.least);
            table_add(table, "%.2f", main.most);
            table_add(table, "%.1f", study_figure(study, STUDY_SECONDS, i, c).mean);
        }
    }
}

static int print_table(const struct study *study)
{
    static const char *const labelled[] = {"calibrator", ">pictures", ">-seeds",    ">AP",
                                           ">+-",        ">to float", ">agreement", ">-+-",
                                           ">-least AP", ">-most AP", ">-seconds"};
    static const char *const unlabelled[] = {"calibrator", ">pictures", ">-seeds", ">agreement",
                                             ">+-",        ">-least",   ">-most",  ">-seconds"};
    struct table table;
    if (study->labelled)
        printf("float model: AP %.2f on %zu pictures with %zu boxes\n", POINTS * study->float_ap,
               study->eval_pictures, study->labels);
    else
        printf("float model: %zu boxes that it is sure of in %zu pictures\n", study->labels,
               study->eval_pictures);
    if (study->labelled)
        table_open(&table, labelled, sizeof labelled / sizeof *labelled);
    else
        table_open(&table, unlabelled, sizeof unlabelled / sizeof *unlabelled);
    print_rows(study, &table);
    table_print(&table);
    for (size_t c = 0; c < study->plan.calibrator_count; c++)
        print_verdict(study, c);
    return app_flush(study->app);
}

static json_t *figure_json(const struct study_figure *figure)
{
    json_t *json = json_new_object();
    json_put(json, "mean", json_number(figure->mean));
    json_put(json, "standard_deviation", json_number(figure->deviation));
    json_put(json, "least", json_number(figure->least));
    json_put(json, "most", json_number(figure->most));
    return json;
}

static json_t *samples_json(const struct study *study, size_t count, size_t calibrator)
{
    json_t *list = json_new_array();
    for (size_t seed = 0; seed < study_plan_seeds(&study->plan, count); seed++) {
        const struct study_sample *sample = study_sample(study, seed, count, calibrator);
        json_t *json = json_new_object();
        json_put(json, "seed", json_integer((json_int_t)seed));
        json_put(json, "ap", json_number(POINTS * sample->ap));
        json_put(json, "agreement", json_number(POINTS * sample->agreement));
        json_put(json, "calibration_seconds", json_number(sample->gather_s));
        json_put(json, "build_seconds", json_number(sample->build_s));
        json_push(list, json);
    }
    return list;
}

static json_t *result_json(const struct study *study, size_t count, size_t calibrator)
{
    static const char *const names[] = {"ap", "agreement", "seconds"};
    json_t *json = json_new_object();
    json_put(json, "calibrator", json_text(study->plan.calibrators[calibrator]));
    json_put(json, "count", json_integer((json_int_t)study->plan.counts[count]));
    for (int measure = STUDY_AP; measure <= STUDY_SECONDS; measure++) {
        const struct study_figure figure =
            study_figure(study, (enum study_measure)measure, count, calibrator);
        const bool known = measure != STUDY_AP || study->labelled;
        json_put(json, names[measure], known ? figure_json(&figure) : json_null());
    }
    json_put(json, "samples", samples_json(study, count, calibrator));
    return json;
}

static json_t *enough_json(const struct study *study, size_t calibrator)
{
    double scatter;
    const int enough = study_enough(study, calibrator, &scatter);
    json_t *json = json_new_object();
    json_put(json, "calibrator", json_text(study->plan.calibrators[calibrator]));
    json_put(json, "count",
             enough < 0 ? json_null() : json_integer((json_int_t)study->plan.counts[enough]));
    json_put(json, "scatter", json_number(scatter));
    return json;
}

json_t *study_json(const struct study *study)
{
    const struct study_plan *plan = &study->plan;
    json_t *root = json_new_object(), *results = json_new_array(), *enough = json_new_array();
    json_put(root, "model", json_text(study->path));
    json_put(root, "model_hash", json_text(study->model_hash));
    json_put(root, "images", json_integer((json_int_t)plan->pictures));
    json_put(root, "images_left_out", json_integer((json_int_t)study->left_out));
    json_put(root, "evaluation_images", json_integer((json_int_t)study->eval_pictures));
    json_put(root, "boxes", json_integer((json_int_t)study->labels));
    json_put(root, "labels", json_boolean(study->labelled));
    json_put(root, "float_ap", json_number(POINTS * study->float_ap));
    for (size_t c = 0; c < plan->calibrator_count; c++) {
        json_push(enough, enough_json(study, c));
        for (size_t i = 0; i < plan->count_count; i++)
            json_push(results, result_json(study, i, c));
    }
    json_put(root, "results", results);
    json_put(root, "enough", enough);
    return root;
}

int study_report(const struct study *study)
{
    return study->app->json ? json_print(study->app, study_json(study)) : print_table(study);
}
