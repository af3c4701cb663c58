/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the comparison as JSON. */
#include "compare/compare_report.h"

#include <math.h>

#include "app/json_print.h"
#include "models/model_file.h"

static json_t *side_json(const struct compare_side *side)
{
    json_t *json = json_new_object();
    json_put(json, "model", json_text(side->path));
    json_put(json, "precision", json_text(precision_word(side->info.precision)));
    json_put(json, "head", json_text(side->info.head));
    json_put(json, "device",
             json_text(octet_session_device(sized_sessions_first(&side->sessions))));
    return json;
}

/* -1 stands for nothing to measure, in the library: null. */
static json_t *share_json(double share)
{
    return share < 0 ? json_null() : json_number(share);
}

static json_t *layer_json(const struct layer_pair *pair, bool alone)
{
    json_t *json = json_new_object();
    json_put(json, "name", json_text(pair->b.name));
    json_put(json, "index", json_integer(pair->b_layer));
    json_put(json, "operation", json_text(pair->b.operation));
    json_put(json, "precision_a", json_text(precision_word(pair->a.precision)));
    json_put(json, "precision_b", json_text(precision_word(pair->b.precision)));
    json_put(json, "equal", json_boolean(isinf(noise_decibels(&pair->through))));
    json_put(json, "sqnr_db", json_number(noise_decibels(&pair->through)));
    if (alone) {
        json_put(json, "alone_equal", json_boolean(isinf(noise_decibels(&pair->alone))));
        json_put(json, "alone_sqnr_db", json_number(noise_decibels(&pair->alone)));
    }
    return json;
}

static json_t *layers_json(const struct layer_noise *layers)
{
    json_t *list = json_new_array();
    for (int i = 0; i < layers->count; i++)
        json_push(list, layer_json(&layers->pairs[i], layers->alone));
    return list;
}

static json_t *classes_json(const struct compare_run *run, const struct compare_result *result)
{
    json_t *list = json_new_array();
    for (int i = 0; i < run->sides[0].info.class_count; i++) {
        const struct class_totals *class = &run->boxes.classes[i];
        if (class->sure == 0 && class->more == 0)
            continue;
        json_t *json = json_new_object();
        json_put(json, "id", json_integer(i));
        json_put(json, "name", json_text(octet_engine_class_name(run->sides[0].engine, i)));
        json_put(json, "boxes", json_integer((json_int_t) class->sure));
        json_put(json, "matched", json_integer((json_int_t) class->matched));
        json_put(json, "more", json_integer((json_int_t) class->more));
        json_put(json, "agreement_ap", share_json(result->classes[i].ap));
        json_put(json, "agreement_ap50", share_json(result->classes[i].ap50));
        json_push(list, json);
    }
    return list;
}

static json_t *worst_json(const struct worst_pictures *worst)
{
    json_t *list = json_new_array();
    for (size_t i = 0; i < worst->count; i++) {
        const struct worst_picture *picture = &worst->pictures[i];
        json_t *json = json_new_object();
        json_put(json, "file", json_text(picture->label));
        json_put(json, "boxes_a", json_integer(picture->counts[0]));
        json_put(json, "boxes_b", json_integer(picture->counts[1]));
        json_put(json, "difference", json_number(picture->difference));
        json_put(json, "drawn", picture->file ? json_text(picture->file) : json_null());
        json_push(list, json);
    }
    return list;
}

static void put_boxes(json_t *root, const struct compare_run *run,
                      const struct compare_result *result)
{
    const struct box_totals *boxes = &run->boxes;
    const size_t matched = boxes->all.matched;
    json_t *score = json_new_object(), *box = json_new_object();
    json_put(root, "boxes", json_integer((json_int_t)boxes->all.sure));
    json_put(root, "matched", json_integer((json_int_t)matched));
    json_put(root, "more", json_integer((json_int_t)boxes->all.more));
    json_put(score, "mean",
             matched ? json_number(boxes->score_sum / (double)matched) : json_null());
    json_put(score, "rms",
             matched ? json_number(sqrt(boxes->score_square_sum / (double)matched)) : json_null());
    json_put(root, "score_error", score);
    json_put(box, "mean", matched ? json_number(result->errors.mean) : json_null());
    json_put(box, "p95", matched ? json_number(result->errors.share_95) : json_null());
    json_put(box, "max", matched ? json_number(result->errors.most) : json_null());
    json_put(root, "box_error_px", box);
}

int compare_report_json(struct compare_run *run, const struct compare_result *result)
{
    const struct compare_arguments *arguments = run->arguments;
    const octet_agreement *agreement = &result->agreement;
    json_t *root = json_new_object();
    json_put(root, "a", side_json(&run->sides[0]));
    json_put(root, "b", side_json(&run->sides[1]));
    const octet_session *first = sized_sessions_first(&run->sides[0].sessions);
    json_put(root, "height", json_integer(octet_session_height(first)));
    json_put(root, "width", json_integer(octet_session_width(first)));
    json_put(root, "rect", json_boolean(arguments->rect));
    json_put(root, "images", json_integer((json_int_t)run->used));
    json_put(root, "images_left_out", json_integer((json_int_t)run->bad));
    json_put(root, "interrupted", json_boolean(run->interrupted));
    json_put(root, "seconds", json_number(run->seconds));
    json_put(root, "confidence", json_number(arguments->confidence));
    json_put(root, "agreement_ap", share_json(agreement->ap));
    json_put(root, "agreement_ap50", share_json(agreement->ap50));
    json_put(root, "agreement_ap75", share_json(agreement->ap75));
    if (arguments->fail_under >= 0) {
        json_put(root, "fail_under", json_number(arguments->fail_under));
        json_put(root, "fail_under_reached",
                 json_boolean(100 * agreement->ap >= arguments->fail_under));
    }
    put_boxes(root, run, result);
    json_put(root, "per_class", classes_json(run, result));
    json_put(root, "worst", worst_json(&run->worst));
    if (!arguments->no_layers) {
        json_put(root, "layers_a", json_integer(run->layers.a_layers));
        json_put(root, "layers_b", json_integer(run->layers.b_layers));
        json_put(root, "layers", layers_json(&run->layers));
    }
    return json_print(run->app, root);
}
