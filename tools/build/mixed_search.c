/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of layers that are quantised one at a time add up, nearly: so items are taken in the order
 * of what each gains for its time, as measured one by one. How many of them it takes, boxes decide:
 * the sets of the first few are built and judged, first far apart, then between the last that lost
 * too much and the first that did not, and then that one without single items of its own.
 */
#include "build/mixed_search.h"

#include <stdlib.h>
#include <string.h>

#include "app/progress.h"

/* Times count in steps of this share of the INT8 engine's, so that noise seldom turns the order. */
#define TIME_STEP 0.005
#define BATCH (MIXED_ENGINES_MAX - 1)
#define TRIMS_MAX 3 /* rounds in which items are taken away again */

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
    double ms = search->int8_ms;
    for (int i = 0; i < search->layers.count; i++)
        others[i] = search->layers.all[i] && !item->layers[i];
    int status = measure_with(search, others, OCTET_PRECISION_FP32, &item->alone, NULL);
    if (status == STATUS_DONE)
        status =
            measure_with(search, item->layers, search->settings.float_precision, &item->left, &ms);
    item->ms = ms - search->int8_ms;
    free(others);
    return status;
}

int mixed_search_measure(struct mixed_search *search)
{
    struct progress progress;
    search->int8_ms = layer_costs_of(&search->costs, search->int8);
    int status = output_error_measure(&search->noise, search->int8, &search->int8_noise);
    app_progress(search->app, &progress, "measuring layers", (size_t)search->layers.item_count);
    for (int i = 0; i < search->layers.item_count && status == STATUS_DONE; i++) {
        status = measure_item(search, &search->layers.items[i]);
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

/* Takes over the layers; the place of a set that is there already, or of the new one. */
static int add_set(struct mixed_search *search, unsigned char *layers)
{
    for (int i = 0; i < search->set_count; i++) {
        if (memcmp(search->sets[i].layers, layers, count_of(search)) != 0)
            continue;
        free(layers);
        return i;
    }
    search->sets = app_resize(search->sets, (size_t)search->set_count + 1, sizeof *search->sets);
    struct mixed_set *set = &search->sets[search->set_count];
    *set = (struct mixed_set){.layers = layers};
    for (int k = 0; k < search->layers.count; k++)
        set->count += layers[k];
    return search->set_count++;
}

/* The first `length` items of the order. */
static int add_prefix(struct mixed_search *search, int length)
{
    unsigned char *layers = app_alloc(count_of(search), 1);
    for (int i = 0; i < length; i++)
        join(search, &search->layers.items[search->order[i]], layers);
    return add_set(search, layers);
}

/* Builds and judges the sets from `first` on, in one pass. */
static int judge_sets(struct mixed_search *search, int first)
{
    octet_engine *engines[MIXED_ENGINES_MAX] = {search->fp32};
    double percent[MIXED_ENGINES_MAX], loss[MIXED_ENGINES_MAX];
    const int count = search->set_count - first;
    int status = STATUS_DONE;
    for (int i = 0; i < count && status == STATUS_DONE; i++) {
        status = mixed_search_build(search, search->sets[first + i].layers,
                                    search->settings.float_precision, &engines[1 + i]);
        if (status == STATUS_DONE)
            search->sets[first + i].ms = layer_costs_of(&search->costs, engines[1 + i]);
    }
    if (status == STATUS_DONE && count)
        status = mixed_judge_run(&search->judge, engines, (size_t)count + 1, percent, loss);
    for (int i = 0; i < count; i++) {
        struct mixed_set *set = &search->sets[first + i];
        if (status == STATUS_DONE) {
            search->float_percent = percent[0];
            set->percent = percent[1 + i];
            set->loss = loss[1 + i];
            set->meets = set->loss <= search->allowed;
        }
        octet_engine_free(&engines[1 + i]);
    }
    return status;
}

/* Judges the prefixes of these lengths; `*meets` is the first that loses little enough, or
 * `count`. */
static int judge_prefixes(struct mixed_search *search, const int *lengths, int count, int *meets)
{
    int places[BATCH];
    const int first = search->set_count;
    for (int i = 0; i < count; i++)
        places[i] = add_prefix(search, lengths[i]);
    const int status = judge_sets(search, first);
    for (*meets = 0; status == STATUS_DONE && *meets < count; (*meets)++)
        if (search->sets[places[*meets]].meets)
            break;
    return status;
}

/* `count` lengths, at most BATCH, of those between `below` and `from` or all, evenly. */
static int lengths_between(int below, int from, int *lengths)
{
    const int between = from - below - 1, count = between < BATCH ? between : BATCH;
    for (int i = 0; i < count; i++)
        lengths[i] = below + 1 + (int)((int64_t)between * i / count);
    return count;
}

/* The shortest prefix that meets the allowance, as far as loss falls with length. */
static int find_prefix(struct mixed_search *search, int *length)
{
    static const int few[BATCH] = {1, 2, 3, 4, 6, 8, 12};
    int lengths[BATCH] = {0}, count = 1, meets = 0, below = -1, from = search->order_count;
    int status = judge_prefixes(search, lengths, count, &meets);
    *length = 0;
    if (status != STATUS_DONE || meets == 0)
        return status;
    for (count = 0; count < BATCH && few[count] <= from; count++)
        lengths[count] = few[count];
    status = judge_prefixes(search, lengths, count, &meets);
    below = 0;
    while (status == STATUS_DONE) {
        below = meets > 0 ? lengths[meets - 1] : below;
        from = meets < count ? lengths[meets] : from;
        count = lengths_between(below, from, lengths);
        if (!count)
            break;
        status = judge_prefixes(search, lengths, count, &meets);
    }
    *length = from;
    return status;
}

/* The set without one of the items that made it, for the last of them, which were worth least. */
static int trim(struct mixed_search *search, int place, int length)
{
    const int first = search->set_count;
    for (int i = length - 1; i >= 0 && search->set_count - first < BATCH; i--) {
        const struct mixed_item *item = &search->layers.items[search->order[i]];
        unsigned char *layers = app_alloc(count_of(search), 1);
        memcpy(layers, search->sets[place].layers, count_of(search));
        for (int k = 0; k < search->layers.count; k++)
            layers[k] &= !item->layers[k];
        add_set(search, layers);
    }
    return judge_sets(search, first);
}

/* Whether a set is the better one: fewer steps of time, then less loss. */
static bool is_cheaper(const struct mixed_search *search, const struct mixed_set *set,
                       const struct mixed_set *than)
{
    const double its = steps_of(search, set->ms), other = steps_of(search, than->ms);
    return its < other || (its <= other && set->loss < than->loss);
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

int mixed_search_choose(struct mixed_search *search)
{
    int length = 0;
    int status = find_prefix(search, &length);
    if (status == STATUS_DONE && cheapest(search) < 0) { /* even the longest was not enough */
        const int first = search->set_count;
        add_prefix(search, search->order_count);
        status = judge_sets(search, first);
    }
    search->chosen = cheapest(search);
    for (int round = 0; round < TRIMS_MAX && status == STATUS_DONE && search->chosen >= 0;
         round++) {
        const int before = search->chosen;
        if (search->sets[before].count < 2)
            break;
        status = trim(search, before, length);
        search->chosen = cheapest(search);
        if (search->chosen == before)
            break;
    }
    if (status == STATUS_DONE && search->chosen < 0)
        return app_fail(search->app,
                        "no set of float layers loses as little as %g points, not even all of "
                        "them; allow more, as in --float-layers auto:1",
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
