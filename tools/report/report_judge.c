/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict in words, why, and what to do. */
#include <math.h>
#include <stdlib.h>

#include "models/model_file.h"
#include "report/report_measure.h"

#define GOOD_AGREEMENT 0.95 /* as `octet build --precision auto` asks for */
#define FAIR_AGREEMENT 0.90
#define GOOD_LOSS 0.01 /* of AP by labels: what calibration alone is good for */
#define FAIR_LOSS 0.03
#define FAST 1.1 /* times as fast as float; below, speed is no gain */

/* Adds a sentence. */
static void say(char **text, char *sentence)
{
    char *longer = *text ? app_printf("%s %s", *text, sentence) : app_strdup(sentence);
    free(*text);
    free(sentence);
    *text = longer;
}

static bool has_labels(const struct report_data *data)
{
    return data->labels.source && data->labels.all[0].ap > 0;
}

static double lost(const struct report_data *data)
{
    return data->labels.all[0].ap - data->labels.all[1].ap;
}

static enum report_mood mood_of(const struct report_data *data)
{
    const double measure = data->agreement.ap;
    const bool labelled = has_labels(data);
    if (labelled && lost(data) > FAIR_LOSS)
        return REPORT_BAD;
    if (!labelled && measure < FAIR_AGREEMENT)
        return REPORT_BAD;
    if (labelled ? lost(data) > GOOD_LOSS : measure < GOOD_AGREEMENT)
        return REPORT_WARN;
    return REPORT_GOOD;
}

static char *verdict_of(const struct report_data *data)
{
    if (data->agreement.ap < 0 && !has_labels(data))
        return app_strdup("No verdict: the float model is sure of no box in these pictures");
    if (data->pictures < FEW_PICTURES)
        return app_printf("Too few pictures for a verdict: %zu, take %d or more", data->pictures,
                          FEW_PICTURES);
    if (data->info.precision == OCTET_PRECISION_FP32 ||
        data->info.precision == OCTET_PRECISION_BF16)
        return app_printf("Nothing was quantised to INT8: this engine computes in %s",
                          data->info.precision == OCTET_PRECISION_FP32 ? "float" : "bfloat16");
    if (data->mood == REPORT_BAD)
        return app_strdup("Quantisation did harm: this engine misses what the float model finds");
    if (data->mood == REPORT_WARN)
        return app_strdup("Look closer: this engine differs from the float model in some boxes");
    return app_strdup(data->drift.verdict && !data->drift.fit.fits
                          ? "Good on these pictures, but its ranges do not fit them"
                          : "This engine finds what the float model finds");
}

static const struct report_speed *find_speed(const struct report_data *data, bool is_engine)
{
    for (size_t i = 0; i < data->speed_count; i++)
        if (data->speeds[i].is_engine == is_engine)
            return &data->speeds[i];
    return NULL;
}

static char *reasons_of(const struct report_data *data)
{
    const struct report_speed *engine = find_speed(data, true), *other = find_speed(data, false);
    char *text = NULL;
    if (has_labels(data))
        say(&text, app_printf("AP against labels %.2f, the float model's %.2f (%+.2f points).",
                              100 * data->labels.all[1].ap, 100 * data->labels.all[0].ap,
                              -100 * lost(data)));
    if (data->agreement.ap >= 0)
        say(&text,
            app_printf("Agreement AP with float %.1f %% on %zu picture%s; good INT8 engines "
                       "have 95 %% and more.",
                       100 * data->agreement.ap, data->pictures, data->pictures == 1 ? "" : "s"));
    if (engine && other && engine->median_ms > 0 && engine->weight_bytes > 0)
        say(&text, app_printf("%.1f times as fast as float here, weights %.1f times smaller.",
                              other->median_ms / engine->median_ms,
                              (double)other->weight_bytes / (double)engine->weight_bytes));
    if (data->drift.verdict)
        say(&text, app_strdup(data->drift.fit.fits ? "Its ranges fit these pictures."
                                                   : "Its ranges do not fit these pictures."));
    return text ? text : app_strdup("");
}

static char *advice_of(const struct report_data *data)
{
    const struct report_speed *engine = find_speed(data, true), *other = find_speed(data, false);
    char *text = NULL;
    const bool quantised = data->info.precision == OCTET_PRECISION_INT8 ||
                           data->info.precision == OCTET_PRECISION_MIXED;
    if (data->pictures < FEW_PICTURES || data->agreement.ap < 0)
        say(&text, app_strdup("Measure on 50 or more pictures of the place where it will run."));
    if (!quantised)
        say(&text, app_strdup("octet build MODEL.onnx --images PICTURES makes an INT8 engine."));
    if (quantised && data->drift.verdict && !data->drift.fit.fits)
        say(&text, app_strdup("Calibrate on pictures like these: octet build MODEL.onnx --images "
                              "PICTURES."));
    if (quantised && data->mood != REPORT_GOOD && data->pictures >= FEW_PICTURES &&
        data->agreement.ap >= 0)
        say(&text, app_strdup("Leave the layers float that cost most: octet build MODEL.onnx "
                              "--images PICTURES --float-layers auto."));
    if (quantised && engine && other && engine->median_ms > 0 &&
        other->median_ms / engine->median_ms < FAST)
        say(&text, app_strdup("INT8 is hardly faster than float on this machine: octet doctor "
                              "says what it can do."));
    return text;
}

void report_judge(const struct report_request *request, struct report_measured *measured)
{
    struct report_data *data = &measured->data;
    (void)request;
    data->mood = mood_of(data);
    const bool cannot = data->pictures < FEW_PICTURES ||
                        (data->agreement.ap < 0 && !has_labels(data)) ||
                        (data->drift.verdict && !data->drift.fit.fits);
    if (cannot && data->mood == REPORT_GOOD)
        data->mood = REPORT_WARN;
    data->verdict = verdict_of(data);
    data->reasons = reasons_of(data);
    data->advice = advice_of(data);
    if (data->pictures < FEW_PICTURES || (data->agreement.ap < 0 && !has_labels(data)))
        data->mood = REPORT_WARN;
}
