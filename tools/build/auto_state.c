/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads how far a choice of float layers got. */
#include "build/auto_state.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/paths.h"
#include "models/checkpoint.h"

#define NOTE "octet build: " /* what a note begins with; then JSON */
#define VERSION 1
#define INTERVAL_MS 10e3 /* between two writings, unless it is to be now */

int auto_state_check(struct app *app, const char *path)
{
    return checkpoint_check(app, path, NOTE);
}

/* ---- reading ---- */

static bool is_state(const json_t *root)
{
    return json_integer_value(json_object_get(root, "version")) == VERSION &&
           json_is_object(json_object_get(root, "request"));
}

int auto_state_read(struct app *app, const char *output, json_t **found,
                    octet_statistics **statistics)
{
    char *path = checkpoint_path(output);
    octet_statistics_info info;
    json_error_t error;
    octet_status status = OCTET_OK;
    int result = STATUS_DONE;
    *found = NULL;
    *statistics = NULL;
    if (!path_exists(path))
        result = app_fail(app, "%s: not there: nothing to resume; leave out --resume", path);
    else if ((status = octet_statistics_load(app->context, path, statistics)) != OCTET_OK)
        result = app_fail_library(app, status, octet_context_message(app->context));
    if (result == STATUS_DONE) {
        octet_statistics_info_get(*statistics, &info);
        if (strncmp(info.note, NOTE, strlen(NOTE)) == 0) {
            *found = json_loads(info.note + strlen(NOTE), 0, &error);
            if (!is_state(*found))
                result = app_fail(app, "%s: damaged: leave out --resume", path);
            else
                octet_statistics_set_note(*statistics, "");
        } else {
            octet_statistics_free(statistics); /* a calibration's; it looks at it itself */
        }
    }
    free(path);
    return result;
}

static int fail_damaged(const struct auto_state *state)
{
    return app_fail(state->app, "%s: damaged: leave out --resume", state->path);
}

/* An error or a loss as it was written; not finite: it is none. */
static double real_of(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static bool take_items(const json_t *list, struct mixed_layers *layers)
{
    if (json_array_size(list) != (size_t)layers->item_count)
        return false;
    for (int i = 0; i < layers->item_count; i++) {
        const json_t *json = json_array_get(list, (size_t)i);
        struct mixed_item *item = &layers->items[i];
        if (json_is_null(json))
            continue;
        item->alone = real_of(json_array_get(json, 0));
        item->left = real_of(json_array_get(json, 1));
        item->ms = real_of(json_array_get(json, 2));
        if (!(item->alone >= 0) || !(item->left >= 0) || !isfinite(item->ms))
            return false;
    }
    return true;
}

/* The set of a list of layers; NULL: it is none. */
static unsigned char *read_set(const struct mixed_layers *layers, const json_t *list)
{
    unsigned char *set = app_alloc((size_t)layers->count, 1);
    bool good = json_is_array(list);
    for (size_t i = 0; i < json_array_size(list) && good; i++) {
        const json_t *number = json_array_get(list, i);
        const json_int_t layer = json_integer_value(number);
        good = json_is_integer(number) && layer >= 0 && layer < layers->count && layers->all[layer];
        if (good)
            set[layer] = 1;
    }
    if (good)
        return set;
    free(set);
    return NULL;
}

static bool take_sets(const json_t *list, struct mixed_search *search)
{
    if (!json_is_array(list))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *json = json_array_get(list, i);
        unsigned char *layers = read_set(&search->layers, json_object_get(json, "layers"));
        if (!layers)
            return false;
        const int place = mixed_search_add(search, layers);
        struct mixed_set *set = &search->sets[place];
        set->ms = real_of(json_object_get(json, "ms"));
        set->percent = real_of(json_object_get(json, "percent"));
        set->loss = real_of(json_object_get(json, "loss"));
        set->meets = set->loss <= search->allowed;
        if (!(set->ms > 0) || !isfinite(set->percent) || !isfinite(set->loss))
            return false;
    }
    return true;
}

static bool take_count(const json_t *root, const char *key, size_t *count)
{
    const json_t *value = json_object_get(root, key);
    const json_int_t number = json_integer_value(value);
    *count = number > 0 ? (size_t)number : 0;
    return json_is_integer(value) && number >= 0;
}

/* ---- what makes a choice this one ---- */

static json_t *word_json(const char *word)
{
    return word ? json_text(word) : json_null();
}

static json_t *labels_json(const struct auto_state *state)
{
    const struct mixed_labels *labels = &state->request->labels;
    const octet_truth *truth = state->search->judge.set.truth;
    json_t *json = json_new_object();
    json_put(json, "annotations", word_json(labels->annotations));
    json_put(json, "images", word_json(labels->images));
    json_put(json, "data", word_json(labels->data));
    json_put(json, "split", word_json(labels->split));
    json_put(json, "classes",
             json_integer((json_int_t)(truth ? octet_truth_class_count(truth) : 0)));
    return json;
}

static json_t *statistics_json(const octet_statistics *statistics)
{
    octet_statistics_info info;
    json_t *json = json_new_object();
    octet_statistics_info_get(statistics, &info);
    json_put(json, "model", json_text(info.model_hash));
    json_put(json, "images", json_text(info.images_fingerprint));
    json_put(json, "count", json_integer((json_int_t)info.image_count));
    json_put(json, "height", json_integer(info.input_height));
    json_put(json, "width", json_integer(info.input_width));
    if (info.part_count > 1)
        json_put(json, "weights", json_text(info.weights));
    return json;
}

static json_t *hash_json(uint64_t hash, size_t count)
{
    char *text = app_printf("%zu %016" PRIx64, count, hash);
    json_t *json = json_text(text);
    free(text);
    return json;
}

static json_t *request_json(const struct auto_state *state)
{
    const struct mixed_search *search = state->search;
    const struct layers_request *request = state->request;
    const struct sources *judging = &search->judge.set.pictures;
    json_t *json = json_new_object();
    json_put(json, "statistics", statistics_json(request->statistics));
    json_put(json, "calibrator", word_json(search->settings.calibrator));
    json_put(json, "bf16", json_boolean(search->settings.float_precision == OCTET_PRECISION_BF16));
    json_put(json, "height", json_integer(request->judges->size.height));
    json_put(json, "width", json_integer(request->judges->size.width));
    json_put(json, "measuring", hash_json(state->measuring, 0));
    json_put(json, "judging", hash_json(checkpoint_hash_list(judging), judging->count));
    json_put(json, "labels", labels_json(state));
    json_put(json, "names", word_json(state->app->names));
    json_put(json, "costs", word_json(request->costs));
    json_put(json, "kernels", word_json(state->app->cpu));
    json_put(json, "layers", json_integer(search->layers.count));
    return json;
}

int auto_state_take(struct auto_state *state, struct mixed_search *search)
{
    const json_t *found = state->found;
    size_t pictures, boxes;
    if (!found)
        return STATUS_DONE;
    json_t *request = request_json(state);
    const bool same = json_equal(request, json_object_get(found, "request"));
    json_decref(request);
    if (!same)
        return app_fail(state->app,
                        "%s: of another choice (model, statistics, pictures, labels or options): "
                        "resume with the same, or leave out --resume",
                        state->path);
    if (!take_items(json_object_get(found, "items"), &search->layers) ||
        !take_sets(json_object_get(found, "sets"), search) ||
        !take_count(found, "pictures", &pictures) || !take_count(found, "boxes", &boxes))
        return fail_damaged(state);
    search->judge.pictures = pictures;
    search->judge.boxes = boxes;
    return STATUS_DONE;
}

int auto_state_take_costs(struct auto_state *state, struct layer_costs *costs, bool *taken)
{
    const json_t *kept = json_object_get(state->found, "costs");
    *taken = json_is_object(kept);
    if (!*taken)
        return STATUS_DONE;
    costs->read = json_is_true(json_object_get(state->found, "costs_read"));
    return layer_costs_take(state->app, state->path, kept, costs);
}

/* ---- writing ---- */

static json_t *items_json(const struct mixed_layers *layers)
{
    json_t *list = json_new_array();
    for (int i = 0; i < layers->item_count; i++) {
        const struct mixed_item *item = &layers->items[i];
        json_t *json = isnan(item->alone) ? json_null() : json_new_array();
        if (!isnan(item->alone)) {
            json_push(json, json_real(item->alone));
            json_push(json, json_real(item->left));
            json_push(json, json_real(item->ms));
        }
        json_push(list, json);
    }
    return list;
}

static json_t *sets_json(const struct mixed_search *search)
{
    json_t *list = json_new_array();
    for (int i = 0; i < search->set_count; i++) {
        const struct mixed_set *set = &search->sets[i];
        json_t *json = json_new_object(), *layers = json_new_array();
        for (int k = 0; k < search->layers.count; k++)
            if (set->layers[k])
                json_push(layers, json_integer(k));
        json_put(json, "layers", layers);
        json_put(json, "ms", json_real(set->ms));
        json_put(json, "percent", json_real(set->percent));
        json_put(json, "loss", json_real(set->loss));
        json_push(list, json);
    }
    return list;
}

static json_t *state_json(const struct auto_state *state)
{
    const struct mixed_search *search = state->search;
    json_t *root = json_new_object();
    json_put(root, "version", json_integer(VERSION));
    json_put(root, "request", request_json(state));
    json_put(root, "costs", search->costs.kernels ? layer_costs_json(&search->costs) : json_null());
    json_put(root, "costs_read", json_boolean(search->costs.read));
    json_put(root, "items", items_json(&search->layers));
    json_put(root, "sets", sets_json(search));
    json_put(root, "pictures", json_integer((json_int_t)search->judge.pictures));
    json_put(root, "boxes", json_integer((json_int_t)search->judge.boxes));
    return root;
}

int auto_state_save(struct auto_state *state, bool now)
{
    struct app *app = state->app;
    octet_statistics *statistics = state->request->statistics;
    if (!state->path || (!now && app_now_ms() - state->written_ms < INTERVAL_MS))
        return STATUS_DONE;
    char *text = json_line(state_json(state)), *note = app_printf("%s%s", NOTE, text);
    int result = STATUS_DONE;
    octet_status status = octet_statistics_set_note(statistics, note);
    if (status != OCTET_OK)
        result = app_fail_library(app, status, octet_statistics_message(statistics));
    else if ((status = octet_statistics_save(app->context, statistics, state->path)) != OCTET_OK)
        result = app_fail_library(app, status, octet_context_message(app->context));
    octet_statistics_set_note(statistics, "");
    free(text);
    free(note);
    state->written_ms = app_now_ms();
    return result;
}
