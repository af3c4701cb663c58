/* SPDX-License-Identifier: Apache-2.0 */
/* Judges by the measures that octet's other verbs have. */
#include "report/report_judge.h"

#include <stdlib.h>

#include "insight/compare_run.h"

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

static bool is_undecided(const struct report_data *data)
{
    return data->pictures < FEW_PICTURES || (data->agreement.ap < 0 && !has_labels(data));
}

static bool is_quantised(const struct report_data *data)
{
    return data->info.precision == OCTET_PRECISION_INT8 ||
           data->info.precision == OCTET_PRECISION_MIXED;
}

static bool has_drifted(const struct report_data *data)
{
    return data->drift.verdict && !data->drift.fit.fits;
}

static enum report_mood mood_of(const struct report_data *data)
{
    const double measure = data->agreement.ap;
    const bool labelled = has_labels(data);
    if (is_undecided(data))
        return REPORT_WARN;
    if (labelled ? lost(data) > FAIR_LOSS : measure < FAIR_AGREEMENT)
        return REPORT_BAD;
    if (has_drifted(data) || (labelled ? lost(data) > GOOD_LOSS : measure < GOOD_AGREEMENT))
        return REPORT_WARN;
    return REPORT_GOOD;
}

static const char *verdict_of(const struct report_data *data)
{
    if (data->pictures < FEW_PICTURES)
        return "Too few pictures for a verdict";
    if (is_undecided(data))
        return "No verdict: the float model is sure of no box in these pictures";
    if (!is_quantised(data))
        return data->info.precision == OCTET_PRECISION_FP32
                   ? "Nothing was quantised to INT8: this engine computes in float"
                   : "Nothing was quantised to INT8: this engine computes in bfloat16";
    if (data->mood == REPORT_BAD)
        return "Quantisation did harm: this engine misses what the float model finds";
    if (has_drifted(data))
        return "Look closer: the engine's ranges do not fit these pictures";
    return data->mood == REPORT_GOOD
               ? "This engine finds what the float model finds"
               : "Look closer: this engine differs from the float model in some boxes";
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
    if (is_undecided(data))
        say(&text, app_strdup("Measure on 50 or more pictures of the place where it will run."));
    if (!is_quantised(data)) {
        say(&text, app_strdup("octet build MODEL.onnx --images PICTURES makes an INT8 engine."));
        return text;
    }
    if (has_drifted(data))
        say(&text, app_strdup("Calibrate on pictures like these: octet build MODEL.onnx --images "
                              "PICTURES."));
    else if (data->mood != REPORT_GOOD && !is_undecided(data))
        say(&text, app_strdup("Leave the layers float that cost most: octet build MODEL.onnx "
                              "--images PICTURES --float-layers auto."));
    if (engine && other && engine->median_ms > 0 && other->median_ms / engine->median_ms < FAST)
        say(&text, app_strdup("INT8 is hardly faster than float on this machine: octet doctor "
                              "says what it can do."));
    return text;
}

void report_judge(struct report_data *data)
{
    data->mood = mood_of(data);
    data->verdict = app_strdup(verdict_of(data));
    data->reasons = reasons_of(data);
    data->advice = advice_of(data);
}
