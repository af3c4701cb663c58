/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what the page shows. The schema is in octet-report(1). */
#include "report/report_json.h"

#include "app/json_print.h"
#include "models/model_file.h"

static json_t *count_json(size_t count)
{
    return json_integer((json_int_t)count);
}

/* Shares below 0 stand for none. */
static json_t *share_json(double share)
{
    return share < 0 ? json_null() : json_number(share);
}

static json_t *verdict_json(const struct report_data *data)
{
    static const char *const moods[] = {"good", "warn", "bad"};
    json_t *json = json_new_object();
    json_put(json, "mood", json_text(moods[data->mood]));
    json_put(json, "text", json_text(data->verdict));
    json_put(json, "reasons", json_text(data->reasons));
    json_put(json, "advice", data->advice ? json_text(data->advice) : json_null());
    return json;
}

static json_t *speeds_json(const struct report_data *data)
{
    json_t *list = json_new_array();
    for (size_t i = 0; i < data->speed_count; i++) {
        const struct report_speed *speed = &data->speeds[i];
        json_t *json = json_new_object();
        json_put(json, "name", json_text(speed->name));
        json_put(json, "engine", json_boolean(speed->is_engine));
        json_put(json, "median_ms", json_number(speed->median_ms));
        json_put(json, "p90_ms", json_number(speed->p90_ms));
        json_put(json, "weight_bytes", json_integer(speed->weight_bytes));
        json_push(list, json);
    }
    return list;
}

static json_t *agreement_json(const struct report_data *data)
{
    json_t *json = json_new_object(), *classes = json_new_array();
    json_put(json, "confidence", json_number(data->confidence));
    json_put(json, "ap", share_json(data->agreement.ap));
    json_put(json, "ap50", share_json(data->agreement.ap50));
    json_put(json, "ap75", share_json(data->agreement.ap75));
    json_put(json, "boxes", count_json(data->sure));
    json_put(json, "matched", count_json(data->matched));
    json_put(json, "more", count_json(data->more));
    json_put(json, "score_rms", json_number(data->score_rms));
    json_put(json, "box_mean_px", json_number(data->box_mean_px));
    json_put(json, "box_95_px", json_number(data->box_95_px));
    for (size_t i = 0; i < data->class_count; i++) {
        const struct report_class *one = &data->classes[i];
        json_t *row = json_new_object();
        json_put(row, "name", json_text(one->name));
        json_put(row, "boxes", count_json(one->sure));
        json_put(row, "matched", count_json(one->matched));
        json_put(row, "more", count_json(one->more));
        json_put(row, "ap", share_json(one->ap));
        json_put(row, "ap50", share_json(one->ap50));
        json_push(classes, row);
    }
    json_put(json, "per_class", classes);
    return json;
}

static json_t *side_json(const octet_evaluation *all)
{
    json_t *json = json_new_object();
    json_put(json, "ap", share_json(all->ap));
    json_put(json, "ap50", share_json(all->ap50));
    json_put(json, "ap75", share_json(all->ap75));
    json_put(json, "ap_small", share_json(all->ap_small));
    json_put(json, "ap_medium", share_json(all->ap_medium));
    json_put(json, "ap_large", share_json(all->ap_large));
    json_put(json, "ar_100", share_json(all->ar_100));
    return json;
}

static json_t *labels_json(const struct report_labels *labels)
{
    json_t *json, *classes = json_new_array();
    if (!labels->source) {
        json_decref(classes);
        return json_null();
    }
    json = json_new_object();
    json_put(json, "file", json_text(labels->source));
    json_put(json, "classes_matched_by", json_text(labels->match));
    json_put(json, "images", count_json(labels->all[0].images));
    json_put(json, "boxes", count_json(labels->all[0].boxes));
    json_put(json, "float", side_json(&labels->all[0]));
    json_put(json, "engine", side_json(&labels->all[1]));
    for (size_t i = 0; i < labels->class_count; i++) {
        const struct report_label_class *one = &labels->classes[i];
        json_t *row = json_new_object();
        json_put(row, "name", json_text(one->name));
        json_put(row, "boxes", count_json(one->boxes));
        json_put(row, "ap_float", share_json(one->ap_float));
        json_put(row, "ap_engine", share_json(one->ap_engine));
        json_put(row, "ap50_float", share_json(one->ap50_float));
        json_put(row, "ap50_engine", share_json(one->ap50_engine));
        json_push(classes, row);
    }
    json_put(json, "per_class", classes);
    return json;
}

static json_t *layers_json(const struct report_data *data)
{
    json_t *list = json_new_array();
    for (size_t i = 0; i < data->layer_count; i++) {
        const struct report_layer *layer = &data->layers[i];
        json_t *json = json_new_object();
        json_put(json, "name", json_text(layer->info.name));
        json_put(json, "operation", json_text(layer->info.operation));
        json_put(json, "precision", json_text(precision_word(layer->info.precision)));
        json_put(json, "sqnr_db", json_number(layer->through_db));
        json_put(json, "alone_sqnr_db", json_number(layer->alone_db));
        json_put(json, "effect", json_number(layer->effect));
        json_put(json, "time_share", json_number(layer->share));
        json_put(json, "multiply_adds", json_integer(layer->info.multiply_adds));
        json_push(list, json);
    }
    return list;
}

static json_t *blocks_json(const struct report_data *data)
{
    json_t *list = json_new_array();
    for (size_t i = 0; i < data->block_count; i++) {
        const struct report_block *block = &data->blocks[i];
        json_t *json = json_new_object();
        json_put(json, "name", json_text(block->name));
        json_put(json, "stride", json_integer(block->stride));
        json_put(json, "layers", count_json(block->layers));
        json_put(json, "float_layers", count_json(block->float_layers));
        json_put(json, "half_layers", count_json(block->bf16_layers));
        json_put(json, "time_share", json_number(block->share));
        json_put(json, "effect", json_number(block->effect));
        json_push(list, json);
    }
    return list;
}

static json_t *activations_json(const struct report_data *data)
{
    json_t *list = json_new_array();
    for (size_t i = 0; i < data->histogram_count; i++) {
        const struct report_histogram *histogram = &data->histograms[i];
        json_t *json = json_new_object();
        json_put(json, "name", json_text(histogram->name));
        json_put(json, "minimum", json_number(histogram->minimum));
        json_put(json, "maximum", json_number(histogram->maximum));
        json_put(json, "least_code", json_number(histogram->low));
        json_put(json, "greatest_code", json_number(histogram->high));
        json_put(json, "clipped", json_number(histogram->clipped));
        json_push(list, json);
    }
    return list;
}

static json_t *drift_json(const struct report_drift *drift)
{
    json_t *json = json_new_object(), *tensors = json_new_array();
    json_put(json, "verdict",
             drift->verdict ? json_text(drift->fit.fits ? "fits" : "recalibrate") : json_null());
    json_put(json, "reason",
             drift->verdict   ? json_text(drift->verdict)
             : drift->missing ? json_text(drift->missing)
                              : json_null());
    json_put(json, "rise_db", drift->verdict ? json_number(drift->fit.rise) : json_null());
    json_put(json, "loss_db", drift->verdict ? json_number(drift->fit.loss) : json_null());
    json_put(json, "watch", drift->watched ? json_text(drift->watched) : json_null());
    for (int i = 0; i < drift->fit.tensors; i++) {
        const octet_range_fit *range = &drift->ranges[i];
        json_t *row = json_new_object();
        json_put(row, "name", json_text(range->name));
        json_put(row, "clipped", json_number(range->clipped));
        json_put(row, "unused_codes", json_integer(range->unused));
        json_put(row, "noise_db", json_number(range->noise));
        json_put(row, "calibration_noise_db", json_number(range->calibration));
        json_put(row, "best_noise_db", json_number(range->best));
        json_push(tensors, row);
    }
    json_put(json, "tensors", tensors);
    return json;
}

static json_t *study_json(const struct report_study *study)
{
    if (!study->is_there)
        return json_null();
    json_t *json = json_new_object(), *rows = json_new_array(), *verdicts = json_new_array();
    for (size_t i = 0; i < study->row_count; i++) {
        const struct report_study_row *row = &study->rows[i];
        json_t *one = json_new_object();
        json_put(one, "calibrator", json_text(row->calibrator));
        json_put(one, "count", json_integer(row->count));
        json_put(one, "ap", json_number(row->ap));
        json_put(one, "agreement", json_number(row->agreement));
        json_put(one, "seconds", json_number(row->seconds));
        json_push(rows, one);
    }
    for (size_t i = 0; i < study->verdict_count; i++)
        json_push(verdicts, json_text(study->verdicts[i]));
    json_put(json, "results", rows);
    json_put(json, "verdicts", verdicts);
    return json;
}

static json_t *pictures_json(const struct report_data *data)
{
    json_t *list = json_new_array();
    for (size_t i = 0; i < data->shown_count; i++) {
        const struct report_picture *picture = &data->shown[i];
        json_t *json = json_new_object();
        json_put(json, "picture", json_text(picture->label));
        json_put(json, "kind", json_text(picture->is_best ? "best" : "worst"));
        json_put(json, "difference", json_number(picture->difference));
        json_put(json, "boxes_float", json_integer(picture->sides[0].count));
        json_put(json, "boxes_engine", json_integer(picture->sides[1].count));
        json_push(list, json);
    }
    return list;
}

static json_t *facts_json(const struct report_fact *facts, size_t count)
{
    json_t *list = json_new_array(); /* keys of a file may come twice, or be no UTF-8 */
    for (size_t i = 0; i < count; i++) {
        json_t *json = json_new_object();
        json_put(json, "what", json_text(facts[i].key));
        json_put(json, "value", json_text(facts[i].text));
        json_push(list, json);
    }
    return list;
}

int report_print_json(struct app *app, const struct report_data *data, const char *path,
                      size_t bytes)
{
    json_t *json = json_new_object();
    json_put(json, "report", json_text(path));
    json_put(json, "bytes", count_json(bytes));
    json_put(json, "verdict", verdict_json(data));
    json_put(json, "pictures", count_json(data->pictures));
    json_put(json, "speeds", speeds_json(data));
    json_put(json, "agreement", agreement_json(data));
    json_put(json, "labels", labels_json(&data->labels));
    json_put(json, "effect_pictures", count_json(data->effect_pictures));
    json_put(json, "layers", layers_json(data));
    json_put(json, "blocks", blocks_json(data));
    json_put(json, "activations", activations_json(data));
    json_put(json, "drift", drift_json(&data->drift));
    json_put(json, "study", study_json(&data->study));
    json_put(json, "shown", pictures_json(data));
    json_put(json, "engine", facts_json(data->facts, data->fact_count));
    json_put(json, "conditions", facts_json(data->conditions, data->condition_count));
    json_put(json, "command", json_text(data->command));
    return json_print(app, json);
}
