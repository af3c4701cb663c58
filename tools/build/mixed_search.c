/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of layers that are quantised one at a time add up, nearly: so items are taken in the order
 * of what each gains for its time, as measured one by one. How many of them it takes, boxes decide:
 * sets of the first 1, 2, 4 and so on are built and judged, then between the last that lost too
 * much and the first that did not, and then that one without single layers of its own. What was
 * measured or judged before is not again, so that a search that is begun anew with it takes the
 * same way.
 */
#include "build/mixed_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/progress.h"

/* Times count in steps of this share of the INT8 engine's, so that noise seldom turns the order. */
#define TIME_STEP 0.005
#define TRIALS_MAX 24 /* layers that are tried to be taken away again */

static size_t count_of(const struct mixed_search *search)
{
    return (size_t)search->layers.count;
}

int mixed_search_build(struct mixed_search *search, const unsigned char *set,
                       octet_precision float_precision, octet_engine **engine)
{
    octet_build_settings settings = search->settings;
    char *text = set ? mixed_layers_text(&search->layers, set) : NULL;
    settings.precision = OCTET_PRECISION_INT8;
    settings.float_layers = text;
    settings.float_precision = float_precision;
    const octet_status status =
        octet_build(search->app->context, search->model, search->statistics, &settings, engine);
    free(text);
    return status == OCTET_OK
               ? STATUS_DONE
               : app_fail_library(search->app, status, octet_context_message(search->app->context));
}

/* ---- what each item costs and gains ---- */

static int measure_with(struct mixed_search *search, const unsigned char *set,
                        octet_precision float_precision, double *energy, double *ms)
{
    octet_engine *engine = NULL;
    int status = mixed_search_build(search, set, float_precision, &engine);
    if (status == STATUS_DONE)
        status = output_error_measure(&search->noise, engine, energy);
    if (status == STATUS_DONE && ms)
        *ms = layer_costs_of(&search->costs, engine);
    octet_engine_free(&engine);
    return status;
}

static int measure_item(struct mixed_search *search, struct mixed_item *item)
{
    unsigned char *others = app_alloc(count_of(search), 1);
    double ms = search->int8_ms, alone = 0, left = 0;
    for (int i = 0; i < search->layers.count; i++)
        others[i] = search->layers.all[i] && !item->layers[i];
    int status = measure_with(search, others, OCTET_PRECISION_FP32, &alone, NULL);
    if (status == STATUS_DONE)
        status = measure_with(search, item->layers, search->settings.float_precision, &left, &ms);
    if (status == STATUS_DONE) {
        item->alone = alone;
        item->left = left;
        item->ms = ms - search->int8_ms;
    }
    free(others);
    return status;
}

int mixed_search_measure(struct mixed_search *search)
{
    struct progress progress;
    int done = 0;
    search->int8_ms = layer_costs_of(&search->costs, search->int8);
    int status = output_error_measure(&search->noise, search->int8, &search->int8_noise);
    for (int i = 0; i < search->layers.item_count; i++)
        done += !isnan(search->layers.items[i].alone);
    app_progress(search->app, &progress, "measuring layers",
                 (size_t)(search->layers.item_count - done));
    for (int i = 0; i < search->layers.item_count && status == STATUS_DONE; i++) {
        if (!isnan(search->layers.items[i].alone))
            continue;
        status = measure_item(search, &search->layers.items[i]);
        if (status == STATUS_DONE)
            status = search->keep(search->keeper, false);
        progress_add(&progress, 1);
    }
    progress_finish(&progress);
    return status;
}

/* ---- the order ---- */

/* A time in steps, 1 or more. */
static double steps_of(const struct mixed_search *search, double ms)
{
    const double steps = (double)(int64_t)(ms / (search->int8_ms * TIME_STEP) + 0.5);
    return steps < 1 ? 1 : steps;
}

/* What an item adds to a set per step of time: the error that it makes when it alone is quantised,
 * less that of its layers that are in the set already. What is gained when it is left float in an
 * INT8 engine says the same with far more noise, for all other errors are in it. -1: nothing is
 * left of it. */
static double worth(const struct mixed_search *search, const struct mixed_item *item,
                    const unsigned char *set)
{
    double gain = item->alone, ms = item->ms;
    int left = item->count;
    for (int i = 0; i < search->layers.single_count; i++) {
        const struct mixed_item *single = &search->layers.items[i];
        bool both = false;
        for (int k = 0; k < search->layers.count && !both; k++)
            both = single->layers[k] && item->layers[k] && set[k];
        if (!both)
            continue;
        gain -= single->alone;
        ms -= single->ms;
        left--;
    }
    if (!left)
        return -1;
    return gain > 0 ? gain / steps_of(search, ms) : 0;
}

static void join(const struct mixed_search *search, const struct mixed_item *item,
                 unsigned char *set)
{
    for (int k = 0; k < search->layers.count; k++)
        set[k] |= item->layers[k];
}

void mixed_search_order(struct mixed_search *search)
{
    unsigned char *set = app_alloc(count_of(search), 1);
    const int items = search->layers.item_count;
    int best;
    search->order = app_alloc((size_t)items, sizeof *search->order);
    search->order_count = 0;
    do {
        double most = -1;
        best = -1;
        for (int i = 0; i < items; i++) {
            const double its = worth(search, &search->layers.items[i], set);
            if (its <= most)
                continue;
            most = its;
            best = i;
        }
        if (best >= 0) {
            join(search, &search->layers.items[best], set);
            search->order[search->order_count++] = best;
        }
    } while (best >= 0);
    free(set);
}

/* ---- sets ---- */

/* The place of a set that was judged; -1: none is it. */
static int find_set(const struct mixed_search *search, const unsigned char *layers)
{
    for (int i = 0; i < search->set_count; i++)
        if (memcmp(search->sets[i].layers, layers, count_of(search)) == 0)
            return i;
    return -1;
}

int mixed_search_add(struct mixed_search *search, unsigned char *layers)
{
    search->sets = app_resize(search->sets, (size_t)search->set_count + 1, sizeof *search->sets);
    struct mixed_set *set = &search->sets[search->set_count];
    *set = (struct mixed_set){.layers = layers};
    for (int k = 0; k < search->layers.count; k++)
        set->count += layers[k];
    return search->set_count++;
}

/* Builds the set's engine and judges it. */
static int judge_set(struct mixed_search *search, const unsigned char *layers,
                     struct mixed_set *judged)
{
    octet_engine *engine = NULL;
    int status = mixed_search_build(search, layers, search->settings.float_precision, &engine);
    if (status == STATUS_DONE)
        status = mixed_judge_run(&search->judge, engine, &judged->percent, &judged->loss);
    if (status == STATUS_DONE)
        judged->ms = layer_costs_of(&search->costs, engine);
    octet_engine_free(&engine);
    return status;
}

/* Judges the set, whose layers are taken over; `*place` is where it stands then. */
static int try_set(struct mixed_search *search, unsigned char *layers, int *place)
{
    struct mixed_set judged;
    *place = find_set(search, layers);
    if (*place >= 0) {
        free(layers);
        return STATUS_DONE;
    }
    const int status = judge_set(search, layers, &judged);
    if (status != STATUS_DONE) {
        free(layers);
        return status;
    }
    *place = mixed_search_add(search, layers);
    struct mixed_set *set = &search->sets[*place];
    set->ms = judged.ms;
    set->percent = judged.percent;
    set->loss = judged.loss;
    set->meets = set->loss <= search->allowed;
    return search->keep(search->keeper, true);
}

/* The first `length` items of the order. */
static int try_prefix(struct mixed_search *search, int length, int *place)
{
    unsigned char *layers = app_alloc(count_of(search), 1);
    for (int i = 0; i < length; i++)
        join(search, &search->layers.items[search->order[i]], layers);
    return try_set(search, layers, place);
}

/* Judges prefixes until the shortest that meets the allowance is known, as far as loss falls with
 * length. */
static int judge_prefixes(struct mixed_search *search)
{
    int below = -1, from = 0, place = -1;
    int status = try_prefix(search, 0, &place);
    while (status == STATUS_DONE && !search->sets[place].meets && from < search->order_count) {
        below = from;
        from = from ? 2 * from : 1;
        from = from < search->order_count ? from : search->order_count;
        status = try_prefix(search, from, &place);
    }
    if (status == STATUS_DONE && !search->sets[place].meets)
        return STATUS_DONE; /* not even the longest does */
    while (status == STATUS_DONE && from - below > 1) {
        const int middle = below + (from - below) / 2;
        status = try_prefix(search, middle, &place);
        if (status != STATUS_DONE)
            break;
        if (search->sets[place].meets)
            from = middle;
        else
            below = middle;
    }
    return status;
}

/* Whether a set is the better one: fewer steps of time, then less loss, then fewer layers. */
static bool is_cheaper(const struct mixed_search *search, const struct mixed_set *set,
                       const struct mixed_set *than)
{
    const double its = steps_of(search, set->ms), other = steps_of(search, than->ms);
    if (its < other || its > other)
        return its < other;
    if (set->loss < than->loss || set->loss > than->loss)
        return set->loss < than->loss;
    return set->count < than->count;
}

/* Of the sets that lose little enough the best; -1: there is none. */
static int cheapest(const struct mixed_search *search)
{
    int best = -1;
    for (int i = 0; i < search->set_count; i++)
        if (search->sets[i].meets &&
            (best < 0 || is_cheaper(search, &search->sets[i], &search->sets[best])))
            best = i;
    return best;
}

/* Of the layers of the set that `may` go the one that is worth least; -1: there is none. */
static int least_worth(const struct mixed_search *search, const unsigned char *set,
                       const unsigned char *may)
{
    double least = INFINITY;
    int layer = -1;
    for (int i = 0; i < search->layers.single_count; i++) {
        const struct mixed_item *single = &search->layers.items[i];
        const double its = single->alone / steps_of(search, single->ms);
        const int number = atoi(single->label);
        if (!set[number] || !may[number] || its >= least)
            continue;
        least = its;
        layer = number;
    }
    return layer;
}

/* The layer to try next: one that was never tried, else one that was in another set than the best,
 * whose place `tried` says; -1: none is left, so that no layer of the best can go. */
static int next_trial(const struct mixed_search *search, int best, const int *tried)
{
    unsigned char *may = app_alloc(count_of(search), 1);
    for (int k = 0; k < search->layers.count; k++)
        may[k] = tried[k] < 0;
    int layer = least_worth(search, search->sets[best].layers, may);
    for (int k = 0; k < search->layers.count; k++)
        may[k] = tried[k] != best;
    if (layer < 0)
        layer = least_worth(search, search->sets[best].layers, may);
    free(may);
    return layer;
}

/* Takes layers away again, one by one, wherever what is left meets the allowance and is cheaper. */
static int trim(struct mixed_search *search)
{
    int *tried = app_alloc(count_of(search), sizeof *tried);
    int status = STATUS_DONE;
    for (int k = 0; k < search->layers.count; k++)
        tried[k] = -1;
    for (int trials = 0; trials < TRIALS_MAX && status == STATUS_DONE; trials++) {
        const int best = cheapest(search);
        int place = -1;
        const int layer = next_trial(search, best, tried);
        if (layer < 0)
            break;
        unsigned char *layers = app_alloc(count_of(search), 1);
        memcpy(layers, search->sets[best].layers, count_of(search));
        layers[layer] = 0;
        tried[layer] = best;
        status = try_set(search, layers, &place);
    }
    free(tried);
    return status;
}

int mixed_search_choose(struct mixed_search *search)
{
    int status = judge_prefixes(search);
    if (status == STATUS_DONE && cheapest(search) >= 0)
        status = trim(search);
    search->chosen = cheapest(search);
    if (status == STATUS_DONE && search->chosen < 0)
        return app_fail(
            search->app,
            "no set of float layers loses as little as %g points, not even all of "
            "them; allow more, as in --float-layers auto:1, and with --resume, which uses "
            "what was measured",
            search->allowed);
    return status;
}

void mixed_search_free(struct mixed_search *search)
{
    for (int i = 0; i < search->set_count; i++)
        free(search->sets[i].layers);
    free(search->sets);
    free(search->order);
    output_error_free(&search->noise);
    layer_costs_free(&search->costs);
    mixed_judge_free(&search->judge);
    mixed_layers_free(&search->layers);
    octet_engine_free(&search->fp32);
    octet_engine_free(&search->int8);
}
