/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a run as JSON: made, checked, compared. */
#include "eval/eval_facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/byte_hash.h"
#include "models/checkpoint.h"
#include "models/model_file.h"
#include "models/selection.h"

/* Facts, and how two runs are told from each other by them. Those without words come with what has
 * some. */
static const struct {
    const char *key;
    json_type kind;
    const char *differs;
} facts_known[] = {
    {"octet", JSON_STRING, "another version of octet"},
    {"model_bytes", JSON_STRING, "another model"},
    {"precision", JSON_STRING, "another model"},
    {"settings", JSON_OBJECT, "other settings (--imgsz, --rect)"},
    {"listed", JSON_INTEGER, "other pictures"},
    {"missing", JSON_INTEGER, "other pictures"},
    {"pictures", JSON_STRING, "other pictures"},
    {"labels", JSON_STRING, "other labels"},
    {"categories", JSON_ARRAY, "other classes of the ground truth"},
    {"only_classes", JSON_STRING, "other --classes"},
    {"class_ids", JSON_ARRAY, "other classes of the model (--names)"},
    {"classes_matched_by", JSON_STRING, "other classes of the model (--names)"},
    {"unmatched_model_classes", JSON_ARRAY, "other classes of the model (--names)"},
    {"unmatched_truth_classes", JSON_ARRAY, "other classes of the model (--names)"},
    {"max_bad", JSON_REAL, "another --max-bad"},
};
#define LABEL_FILES "files" /* in place of the annotations' hash */
#define FACT_COUNT (sizeof facts_known / sizeof *facts_known)

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
    return settings;
}

json_t *eval_facts_of_run(const struct eval_run *run)
{
    octet_info info;
    const char *name;
    json_t *facts = json_new_object(), *model = json_new_array(), *truth = json_new_array();
    octet_engine_info(run->engine, &info);
    for (int i = 0; i < run->classes.count; i++)
        if (!run->classes.known[i])
            json_push(model, json_text(octet_engine_class_name(run->engine, i)));
    for (size_t i = 0; (name = octet_truth_class_get(run->set.truth, i, NULL)); i++)
        if (!run->classes.truth_known[i])
            json_push(truth, json_text(name));
    json_put(facts, "precision", json_text(precision_word(info.precision)));
    json_put(facts, "settings", settings_json(run));
    json_put(facts, "classes_matched_by", json_text(run->classes.how));
    json_put(facts, "unmatched_model_classes", model);
    json_put(facts, "unmatched_truth_classes", truth);
    return facts;
}

static json_t *hash_json(uint64_t hash)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    return json_text(text);
}

/* [[id, name], ...], in the ground truth's order. */
static json_t *categories_json(const octet_truth *truth)
{
    json_t *list = json_new_array();
    const char *name;
    int64_t id;
    for (size_t i = 0; (name = octet_truth_class_get(truth, i, &id)); i++) {
        json_t *pair = json_new_array();
        json_push(pair, json_integer(id));
        json_push(pair, json_text(name));
        json_push(list, pair);
    }
    return list;
}

/* By the model's class the ground truth's id, or null. */
static json_t *class_ids_json(const struct class_match *classes)
{
    json_t *list = json_new_array();
    for (int i = 0; i < classes->count; i++)
        json_push(list, classes->known[i] ? json_integer(classes->ids[i]) : json_null());
    return list;
}

int eval_facts_identify(const struct eval_run *run, json_t *facts)
{
    const struct eval_arguments *a = run->arguments;
    uint64_t model = APP_HASH_START, labels = APP_HASH_START;
    int status = checkpoint_hash_file(run->app, run->model, &model);
    for (size_t i = 0; i < run->app->data_file_count && status == STATUS_DONE; i++)
        status = checkpoint_hash_file(run->app, run->app->data_files[i], &model);
    /* of label files each shard reads its own alone */
    if (status == STATUS_DONE && a->annotations)
        status = checkpoint_hash_file(run->app, a->annotations, &labels);
    if (status != STATUS_DONE)
        return status;
    json_put(facts, "octet", json_text(octet_version()));
    json_put(facts, "model_bytes", hash_json(model));
    json_put(facts, "listed", json_integer((json_int_t)run->set.listed));
    json_put(facts, "missing", json_integer((json_int_t)run->set.missing));
    json_put(facts, "pictures", hash_json(run->set.list_hash));
    json_put(facts, "labels", a->annotations ? hash_json(labels) : json_text(LABEL_FILES));
    json_put(facts, "categories", categories_json(run->set.truth));
    json_put(facts, "only_classes", json_text(a->classes ? a->classes : ""));
    json_put(facts, "class_ids", class_ids_json(&run->classes));
    json_put(facts, "max_bad", json_number(a->max_bad));
    return STATUS_DONE;
}

static bool is_setting(const json_t *settings, const char *key)
{
    const json_t *value = json_object_get(settings, key);
    return json_is_number(value) || json_is_boolean(value);
}

static bool is_count(const json_t *value)
{
    return json_integer_value(value) >= 0 && json_integer_value(value) <= (json_int_t)SAMPLE_MAX;
}

static bool categories_are_whole(const json_t *categories)
{
    for (size_t i = 0; i < json_array_size(categories); i++) {
        const json_t *pair = json_array_get(categories, i);
        if (json_array_size(pair) != 2 || !json_is_integer(json_array_get(pair, 0)) ||
            !json_is_string(json_array_get(pair, 1)))
            return false;
    }
    return json_array_size(categories) > 0;
}

const char *eval_facts_check(const json_t *facts)
{
    static const char *const settings[] = {"confidence",     "iou",    "max_detections",
                                           "multi_label",    "height", "width",
                                           "class_agnostic", "rect",   NULL};
    for (size_t i = 0; i < FACT_COUNT; i++) {
        const json_t *value = json_object_get(facts, facts_known[i].key);
        if (!value || json_typeof(value) != facts_known[i].kind)
            return facts_known[i].key;
    }
    for (size_t i = 0; settings[i]; i++)
        if (!is_setting(json_object_get(facts, "settings"), settings[i]))
            return "settings";
    if (!categories_are_whole(json_object_get(facts, "categories")))
        return "categories";
    if (!is_count(json_object_get(facts, "listed")))
        return "listed";
    return is_count(json_object_get(facts, "missing")) ? NULL : "missing";
}

const char *eval_facts_differ(const json_t *facts, const json_t *others)
{
    for (size_t i = 0; i < FACT_COUNT; i++)
        if (!json_equal(json_object_get(facts, facts_known[i].key),
                        json_object_get(others, facts_known[i].key)))
            return facts_known[i].differs;
    return NULL;
}

bool eval_facts_labelled(const json_t *facts)
{
    return strcmp(json_string_value(json_object_get(facts, "labels")), LABEL_FILES) == 0;
}

bool eval_facts_rect(const json_t *facts)
{
    return json_is_true(json_object_get(json_object_get(facts, "settings"), "rect"));
}

octet_detect_settings eval_facts_selection(const json_t *facts)
{
    const json_t *settings = json_object_get(facts, "settings");
    octet_detect_settings used;
    octet_detect_defaults(&used);
    used.confidence = json_number_value(json_object_get(settings, "confidence"));
    used.iou = json_number_value(json_object_get(settings, "iou"));
    used.max_detections = (int)json_integer_value(json_object_get(settings, "max_detections"));
    used.class_agnostic = json_is_true(json_object_get(settings, "class_agnostic"));
    return used;
}

const char *eval_facts_precision(const json_t *facts)
{
    const char *word = json_string_value(json_object_get(facts, "precision"));
    for (int i = 0; strcmp(precision_word((octet_precision)i), "unknown") != 0; i++)
        if (strcmp(precision_word((octet_precision)i), word) == 0)
            return precision_name((octet_precision)i);
    return word;
}
