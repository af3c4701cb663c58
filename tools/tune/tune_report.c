/* SPDX-License-Identifier: Apache-2.0 */
/* Tells of a training: on the way, and what came of it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/json_print.h"
#include "app/terminal_text.h"
#include "tune/tune_run.h"

/* "score error 0.0391, agreement 94.02 %". The caller frees it. */
static char *figures_text(const struct tune_figures *figures)
{
    char *ap = isnan(figures->ap) ? app_strdup("") : app_printf(", AP %.2f", 100 * figures->ap);
    char *text = app_printf("score error %.4f, agreement %.2f %%%s", figures->score_error,
                            100 * figures->agreement, ap);
    free(ap);
    return text;
}

void tune_say_start(const struct tune_run *run)
{
    const double ap = tune_judge_float_ap(run->judge);
    char *text = figures_text(&run->start);
    char *of_float =
        isnan(ap) ? app_strdup("") : app_printf("; the float model's AP is %.2f", 100 * ap);
    app_say(run->app, "%zu pictures to learn from, %zu held out with %zu boxes", run->learnt_count,
            run->held_count, tune_judge_boxes(run->judge));
    app_say(run->app, "start: %s%s", text, of_float);
    free(of_float);
    free(text);
}

void tune_say_moment(const struct tune_run *run, const struct tune_moment *moment)
{
    char *text = figures_text(&moment->figures);
    app_say(run->app, "epoch %.4g: loss %.4f, %s", moment->epochs, moment->loss, text);
    free(text);
}

static json_t *figures_json(const struct tune_figures *figures)
{
    json_t *json = json_new_object();
    json_put(json, "score_error", json_number(figures->score_error));
    json_put(json, "agreement_ap", json_number(figures->agreement));
    json_put(json, "ap", isnan(figures->ap) ? json_null() : json_number(figures->ap));
    return json;
}

static int print_json(const struct tune_run *run)
{
    const struct tune_arguments *a = run->arguments;
    json_t *json = json_new_object(), *history = json_new_array(), *outputs = json_new_array();
    json_put(json, "model", json_text(a->model));
    json_put(json, "target", json_text(a->for_tensorrt ? "trt" : "octet"));
    json_put(json, "pictures", json_integer((json_int_t)run->learnt_count));
    json_put(json, "held_out", json_integer((json_int_t)run->held_count));
    json_put(json, "held_out_boxes", json_integer((json_int_t)tune_judge_boxes(run->judge)));
    json_put(json, "steps", json_integer((json_int_t)run->info.steps));
    json_put(json, "seed", json_integer((json_int_t)a->pictures.seed));
    json_put(json, "codes", json_integer((json_int_t)run->info.codes));
    json_put(json, "codes_changed", json_integer((json_int_t)run->info.changed));
    json_put(json, "start", figures_json(&run->start));
    json_put(json, "best", figures_json(&run->best));
    json_put(json, "kept", json_text(run->is_better ? "trained" : "start"));
    for (size_t i = 0; i < run->moment_count; i++) {
        json_t *moment = figures_json(&run->moments[i].figures);
        json_put(moment, "epochs", json_number(run->moments[i].epochs));
        json_put(moment, "loss", json_number(run->moments[i].loss));
        json_push(history, moment);
    }
    json_put(json, "history", history);
    for (size_t i = 0; i < a->outputs.count; i++)
        json_push(outputs, json_text(a->outputs.text[i]));
    json_put(json, "outputs", outputs);
    json_put(json, "seconds", json_number(run->seconds));
    return json_print(run->app, json);
}

int tune_report(const struct tune_run *run)
{
    const struct tune_arguments *a = run->arguments;
    if (run->app->json)
        return print_json(run);
    for (size_t i = 0; i < a->outputs.count; i++) {
        print_clean(a->outputs.text[i]);
        printf("%s", i + 1 < a->outputs.count ? ", " : ": ");
    }
    char *best = figures_text(&run->best), *start = figures_text(&run->start);
    if (run->is_better)
        printf("trained, %.2f %% of the codes changed; %s; before: %s; %.1f s\n",
               100 * (double)run->info.changed / (double)run->info.codes, best, start,
               run->seconds);
    else
        printf("not trained: no state was better than the start on the pictures that were held "
               "out (%s), which was written; %.1f s\n",
               start, run->seconds);
    free(best);
    free(start);
    return STATUS_DONE;
}
