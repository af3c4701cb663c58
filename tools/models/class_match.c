/* SPDX-License-Identifier: Apache-2.0 */
/* Matches the classes of a model with those of a ground truth. */
#include "models/class_match.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "app/suggest.h"

#define COCO_CLASSES 80

/* Letters' case does not count, nor whether words are joined by blanks, '_' or '-'. */
static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        int left = strchr("_-", *a) ? ' ' : tolower((unsigned char)*a);
        int right = strchr("_-", *b) ? ' ' : tolower((unsigned char)*b);
        if (left != right)
            return false;
    }
    return *a == *b;
}

/* The place of a class of the ground truth by name or, where `name` is NULL, by id; -1: none. */
static int find_truth(const octet_truth *truth, const char *name, int64_t id)
{
    int64_t other;
    const char *text;
    for (size_t i = 0; (text = octet_truth_class_get(truth, i, &other)); i++)
        if (name ? same_name(text, name) : other == id)
            return (int)i;
    return -1;
}

static void set_known(struct class_match *classes, const octet_truth *truth, int model, int place)
{
    octet_truth_class_get(truth, (size_t)place, &classes->ids[model]);
    classes->known[model] = true;
    classes->truth_known[place] = true;
}

static bool match_names(const octet_engine *engine, const octet_truth *truth,
                        struct class_match *classes)
{
    bool any = false;
    for (int i = 0; i < classes->count; i++) {
        const char *name = octet_engine_class_name(engine, i);
        int place = name[0] ? find_truth(truth, name, 0) : -1;
        if (place < 0 || classes->truth_known[place])
            continue;
        set_known(classes, truth, i, place);
        any = true;
    }
    return any;
}

/* COCO's ids of its 80 classes are 1 to 90, without these. */
static int64_t coco_id(int class_index)
{
    static const int unused[] = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83};
    int64_t id = class_index + 1;
    for (size_t i = 0; i < sizeof unused / sizeof *unused; i++)
        id += unused[i] <= id;
    return id;
}

static bool is_coco(const octet_engine *engine, int count)
{
    static const struct {
        int index;
        const char *name;
    } samples[] = {{0, "person"}, {9, "traffic light"}, {56, "chair"}, {79, "toothbrush"}};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        if (count != COCO_CLASSES ||
            !same_name(octet_engine_class_name(engine, samples[i].index), samples[i].name))
            return false;
    return true;
}

/* Only where every class of the ground truth has an id of COCO's. */
static bool match_coco(const octet_truth *truth, struct class_match *classes)
{
    size_t found = 0, count = octet_truth_class_count(truth);
    for (int i = 0; i < COCO_CLASSES; i++)
        found += find_truth(truth, NULL, coco_id(i)) >= 0;
    if (found != count)
        return false;
    for (int i = 0; i < COCO_CLASSES; i++) {
        int place = find_truth(truth, NULL, coco_id(i));
        if (place >= 0)
            set_known(classes, truth, i, place);
    }
    return true;
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void match_index(const octet_truth *truth, struct class_match *classes)
{
    size_t count = octet_truth_class_count(truth);
    int64_t *ids = app_alloc(count, sizeof *ids);
    for (size_t i = 0; i < count; i++)
        octet_truth_class_get(truth, i, &ids[i]);
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < count && i < (size_t)classes->count; i++)
        set_known(classes, truth, (int)i, find_truth(truth, NULL, ids[i]));
    free(ids);
}

/* Says which names stand alone; those that do not are NULL. */
static void list_alone(struct app *app, const char *text, const char *const *names, size_t count)
{
    char *list = app_strdup("");
    size_t alone = 0;
    for (size_t i = 0; i < count; i++) {
        if (!names[i])
            continue;
        char *longer = app_printf("%s%s%s", list, alone++ ? ", " : "", names[i]);
        free(list);
        list = longer;
    }
    if (alone)
        app_say(app, "%s (%zu): %s", text, alone, list);
    free(list);
}

static void list_unmatched(struct app *app, const octet_engine *engine, const octet_truth *truth,
                           const struct class_match *classes)
{
    size_t truths = octet_truth_class_count(truth), models = (size_t)classes->count;
    const char **names = app_alloc(truths > models ? truths : models, sizeof *names);
    for (size_t i = 0; i < models; i++)
        names[i] = classes->known[i] ? NULL : octet_engine_class_name(engine, (int)i);
    list_alone(app, "classes of the model that the ground truth does not have", names, models);
    for (size_t i = 0; i < truths; i++)
        names[i] = classes->truth_known[i] ? NULL : octet_truth_class_get(truth, i, NULL);
    list_alone(app, "classes of the ground truth that the model does not have, so misses", names,
               truths);
    free(names);
}

void class_match_find(struct app *app, const octet_engine *engine, const octet_truth *truth,
                      struct class_match *classes)
{
    octet_info info;
    octet_engine_info(engine, &info);
    classes->count = info.class_count;
    classes->ids = app_alloc((size_t)info.class_count, sizeof *classes->ids);
    classes->known = app_alloc((size_t)info.class_count, sizeof *classes->known);
    classes->truth_known = app_alloc(octet_truth_class_count(truth), sizeof *classes->truth_known);
    classes->how = "name";
    if (!match_names(engine, truth, classes)) {
        if (is_coco(engine, classes->count) && match_coco(truth, classes)) {
            classes->how = "coco";
            app_say(app, "no class has the same name in model and ground truth: matched by COCO's "
                         "ids");
        } else {
            classes->how = "index";
            match_index(truth, classes);
            app_say(app,
                    "no class has the same name in model and ground truth: matched by index "
                    "('%s' of the model is '%s', and so on)",
                    octet_engine_class_name(engine, 0),
                    octet_truth_class_get(truth, (size_t)find_truth(truth, NULL, classes->ids[0]),
                                          NULL));
        }
    }
    list_unmatched(app, engine, truth, classes);
}

static int unknown_class(struct app *app, const octet_truth *truth, const char *word)
{
    char text[SUGGEST_BYTES];
    struct suggestion suggestion = suggest_for(word);
    const char *name;
    for (size_t i = 0; (name = octet_truth_class_get(truth, i, NULL)); i++)
        suggest_offer(&suggestion, name);
    return app_usage(app, "--classes: the ground truth has no class '%s'%s", word,
                     suggest_text(&suggestion, "", text));
}

/* Adds the class of this name or id; false when there is none. */
static bool choose(const octet_truth *truth, const char *word, struct class_match *classes)
{
    int64_t id = 0;
    int place = find_truth(truth, word, 0);
    if (place < 0 && parse_integer(word, &id))
        place = find_truth(truth, NULL, id);
    if (place < 0)
        return false;
    octet_truth_class_get(truth, (size_t)place, &id);
    if (!classes->chosen_count || !class_match_is_chosen(classes, id))
        classes->chosen[classes->chosen_count++] = id;
    return true;
}

int class_match_choose(struct app *app, const octet_truth *truth, const char *list,
                       struct class_match *classes)
{
    classes->chosen = app_alloc(octet_truth_class_count(truth), sizeof *classes->chosen);
    if (choose(truth, list, classes))
        return STATUS_DONE;
    char *copy = app_strdup(list), *rest = copy, *word;
    int status = STATUS_DONE;
    while (status == STATUS_DONE && (word = strsep(&rest, ","))) {
        word += strspn(word, " ");
        for (size_t length = strlen(word); length && word[length - 1] == ' ';)
            word[--length] = '\0';
        if (!choose(truth, word, classes))
            status = unknown_class(app, truth, word);
    }
    free(copy);
    return status;
}

bool class_match_is_chosen(const struct class_match *classes, int64_t id)
{
    for (size_t i = 0; i < classes->chosen_count; i++)
        if (classes->chosen[i] == id)
            return true;
    return !classes->chosen;
}

void class_match_free(struct class_match *classes)
{
    free(classes->ids);
    free(classes->known);
    free(classes->truth_known);
    free(classes->chosen);
}
