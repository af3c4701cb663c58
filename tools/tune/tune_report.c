/* SPDX-License-Identifier: Apache-2.0 */
/* Tells of a training: on the way, and what came of it. */
#include "tune/tune_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/terminal_text.h"

#define CELL_BYTES 32
#define AGREEMENT "agreement_ap" /* as other verbs call it */

/* A line of the table, as wide as its head. "-" where there is no figure. */
static void say_row(const struct tune_run *run, const char *epoch, double loss,
                    const struct tune_figures *figures, const char *remark)
{
    char losses[CELL_BYTES] = "-", errors[CELL_BYTES] = "-", agreements[CELL_BYTES] = "-";
    char aps[CELL_BYTES] = "";
    if (!isnan(loss))
        snprintf(losses, sizeof losses, "%.4f", loss);
    if (!isnan(figures->score_error)) {
        snprintf(errors, sizeof errors, "%.4f", figures->score_error);
        snprintf(agreements, sizeof agreements, "%.2f %%", 100 * figures->agreement);
    }
    if (run->arguments->labels)
        snprintf(aps, sizeof aps, "%8.2f", 100 * figures->ap);
    app_say(run->app, "%5s %9s %12s %11s%s%s%s", epoch, losses, errors, agreements, aps,
            *remark ? "  " : "", remark);
}

static void say_earlier_moments(const struct tune_run *run)
{
    for (size_t i = 0; i < run->moment_count; i++)
        tune_say_moment(run, &run->moments[i]);
}

void tune_say_start(const struct tune_run *run)
{
    const double none = (double)NAN;
    const struct tune_pictures *p = &run->pictures;
    const struct tune_figures of_float = {none, none, tune_judge_float_ap(run->judge)};
    if (p->bad)
        app_say(run->app, "warning: %zu of %zu pictures were left out", p->bad, p->all->count);
    app_say(run->app, "%zu pictures to learn from; judged on %zu held out, with %zu boxes",
            p->learnt_count, p->held_count, tune_judge_boxes(run->judge));
    app_say(run->app, "%5s %9s %12s %11s%s", "epoch", "loss", "score error", "agreement",
            run->arguments->labels ? "      AP" : "");
    if (run->arguments->labels)
        say_row(run, "float", none, &of_float, "");
    say_row(run, "start", none, &run->start, "");
    say_earlier_moments(run);
}

void tune_say_moment(const struct tune_run *run, const struct tune_moment *moment)
{
    char epoch[CELL_BYTES];
    const bool is_best = run->best_epochs >= moment->epochs && run->best_epochs <= moment->epochs;
    snprintf(epoch, sizeof epoch, "%.4g", moment->epochs);
    say_row(run, epoch, moment->loss, &moment->figures, is_best ? "kept" : "");
}

json_t *tune_figures_json(const struct tune_figures *figures, const char *agreement)
{
    json_t *json = json_new_object();
    json_put(json, "score_error", json_number(figures->score_error));
    json_put(json, agreement, json_number(figures->agreement));
    json_put(json, "ap", json_number(figures->ap));
    return json;
}

json_t *tune_history_json(const struct tune_run *run, const char *agreement)
{
    json_t *history = json_new_array();
    for (size_t i = 0; i < run->moment_count; i++) {
        json_t *moment = tune_figures_json(&run->moments[i].figures, agreement);
        json_put(moment, "epochs", json_number(run->moments[i].epochs));
        json_put(moment, "loss", json_number(run->moments[i].loss));
        json_push(history, moment);
    }
    return history;
}

static int print_json(const struct tune_run *run)
{
    const struct tune_arguments *a = run->arguments;
    const struct tune_pictures *p = &run->pictures;
    json_t *json = json_new_object(), *outputs = json_new_array();
    json_put(json, "model", json_text(a->model));
    json_put(json, "target", json_text(a->for_tensorrt ? "trt" : "octet"));
    json_put(json, "weight_bits", json_integer(a->has_few_bits ? 4 : 8));
    json_put(json, "labels", json_boolean(a->labels));
    json_put(json, "height", json_integer(run->size.height));
    json_put(json, "width", json_integer(run->size.width));
    json_put(json, "pictures", json_integer((json_int_t)p->learnt_count));
    json_put(json, "held_out", json_integer((json_int_t)p->held_count));
    json_put(json, "held_out_boxes", json_integer((json_int_t)tune_judge_boxes(run->judge)));
    json_put(json, "left_out", json_integer((json_int_t)p->bad));
    json_put(json, "seed", json_integer((json_int_t)a->pictures.seed));
    json_put(json, "steps", json_integer((json_int_t)run->info.steps));
    json_put(json, "stopped_at", run->stopped ? json_integer(run->stopped) : json_null());
    json_put(json, "codes", json_integer((json_int_t)run->info.codes));
    json_put(json, "codes_changed", json_integer((json_int_t)run->info.changed));
    json_put(json, "float_ap", json_number(tune_judge_float_ap(run->judge)));
    json_put(json, "start", tune_figures_json(&run->start, AGREEMENT));
    json_put(json, "best", tune_figures_json(&run->best, AGREEMENT));
    json_put(json, "best_epochs", json_number(run->best_epochs));
    json_put(json, "kept", json_text(run->best_epochs > 0 ? "trained" : "start"));
    json_put(json, "history", tune_history_json(run, AGREEMENT));
    for (size_t i = 0; i < a->outputs.count; i++)
        json_push(outputs, json_text(a->outputs.text[i]));
    json_put(json, "outputs", outputs);
    json_put(json, "seconds", json_number(tune_run_seconds(run)));
    return json_print(run->app, json);
}

/* "score error 0.0391, agreement 94.02 %, AP 38.10" of the start, or from it to the best. */
static void print_figures(const struct tune_run *run)
{
    const struct tune_figures *a = &run->start, *b = &run->best;
    if (run->best_epochs > 0)
        printf("score error %.4f -> %.4f, agreement %.2f -> %.2f %%", a->score_error,
               b->score_error, 100 * a->agreement, 100 * b->agreement);
    else
        printf("score error %.4f, agreement %.2f %%", a->score_error, 100 * a->agreement);
    if (run->arguments->labels && run->best_epochs > 0)
        printf(", AP %.2f -> %.2f", 100 * a->ap, 100 * b->ap);
    else if (run->arguments->labels)
        printf(", AP %.2f", 100 * a->ap);
}

int tune_report(const struct tune_run *run)
{
    const struct tune_arguments *a = run->arguments;
    const struct tune_pictures *p = &run->pictures;
    if (run->app->json)
        return print_json(run);
    for (size_t i = 0; i < a->outputs.count; i++) {
        print_clean(a->outputs.text[i]);
        printf("%s", i + 1 < a->outputs.count ? ", " : ": ");
    }
    if (run->best_epochs > 0)
        printf("trained, as of epoch %.4g: ", run->best_epochs);
    else
        printf("the start, not trained: no state was better: ");
    print_figures(run);
    printf(" on %zu pictures held out", p->held_count);
    if (run->best_epochs > 0)
        printf("; %.2f %% of the codes changed",
               100 * (double)run->info.changed / (double)run->info.codes);
    printf("; %.1f s\n", tune_run_seconds(run));
    return STATUS_DONE;
}
