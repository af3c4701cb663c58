/* SPDX-License-Identifier: Apache-2.0 */
/* Puts ranges beside the distributions of other pictures: what is clipped, which codes go unused,
 * and what the coding costs beside the best there is. */
#include "evaluate/range_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/quantize/activation.h"
#include "compiler/quantize/code_noise.h"
#include "evaluate/drift_watch.h"
#include "runtime/engine/engine_contents.h"

#define WORSE_DB 3.0         /* from which a tensor is counted as worse */
#define EXTREMES_SHARE 3     /* of the calibration's pictures so many times fewer show too few */
#define CLIPPING_SHARE 1e-4  /* of its values, from which it counts as clipping */
#define NOISE_LEAST_DB -99.0 /* of a coding without error, and of a tensor without variance */

/* Share of the values beyond the codes, by bin centres: what rounds to an end is not beyond. */
static double clipped_share(const struct oct_histogram *histogram, struct oct_quantization coding)
{
    const double width = oct_histogram_width(histogram), scale = (double)coding.scale;
    const double low = -(coding.zero_point + 0.5) * scale;
    const double high = (255.5 - coding.zero_point) * scale;
    uint64_t beyond = 0;
    for (int i = histogram->first; i < histogram->last; i++) {
        const double x = oct_histogram_middle(i, width);
        beyond += x < low || x > high ? histogram->bins[i] : 0;
    }
    return histogram->count ? (double)beyond / (double)histogram->count : 0.0;
}

static double noise_of(double error, double spread)
{
    return error > 0.0 && spread > 0.0 ? fmax(10.0 * log10(error / spread), NOISE_LEAST_DB)
                                       : NOISE_LEAST_DB;
}

static double best_noise(const struct oct_histogram *histogram,
                         const struct oct_calibrator *calibrator, double spread)
{
    const struct oct_quantization best = oct_calibrate_tensor(calibrator, histogram);
    return noise_of(oct_coding_squared_error(histogram, best), spread);
}

octet_range_fit oct_range_fit(const struct oct_tensor_record *record,
                              struct oct_quantization coding,
                              const struct oct_calibrator *calibrator)
{
    const struct oct_histogram *histogram = &record->histogram;
    const double spread = oct_histogram_spread(histogram);
    uint64_t counts[OCT_CODES];
    oct_codes_of(histogram, coding, counts);
    return (octet_range_fit){
        .name = record->name,
        .clipped = clipped_share(histogram, coding),
        .unused = oct_codes_unused(counts),
        .noise = noise_of(oct_coding_squared_error(histogram, coding), spread),
        .best = calibrator ? best_noise(histogram, calibrator, spread) : (double)NAN,
        .calibration = (double)NAN,
    };
}

/* What ranges from these pictures would mend. A range may by luck, or because others span more, be
 * better than those: that is no gain to be set against the loss of other tensors. */
static double loss_of(const octet_range_fit *range)
{
    return fmax(range->noise - range->best, 0.0);
}

/* What a tensor is worse by: than with its own ranges, where these are known. */
static double harm_of(const octet_range_fit *range)
{
    return isnan(range->best) ? range->noise - range->calibration : loss_of(range);
}

static bool is_fit(const octet_fit *fit)
{
    return isnan(fit->loss) ? fit->rise <= OCTET_FIT_RISE : fit->loss <= OCTET_FIT_LOSS;
}

static int by_harm(const void *a, const void *b)
{
    const octet_range_fit *x = a, *y = b;
    const double difference = harm_of(y) - harm_of(x);
    return difference > 0.0 ? 1 : difference < 0.0 ? -1 : strcmp(x->name, y->name);
}

octet_fit oct_fit_of(octet_range_fit *ranges, int count)
{
    octet_fit fit = {.tensors = count};
    qsort(ranges, (size_t)count, sizeof *ranges, by_harm);
    for (int i = 0; i < count; i++) {
        const double harm = harm_of(&ranges[i]);
        fit.rise += (ranges[i].noise - ranges[i].calibration) / count;
        fit.loss += isnan(ranges[i].best) ? (double)NAN : loss_of(&ranges[i]) / count;
        fit.worse += harm >= WORSE_DB;
        fit.clipping += harm >= WORSE_DB && ranges[i].clipped > CLIPPING_SHARE;
    }
    fit.fits = is_fit(&fit);
    return fit;
}

/* The coding that an engine has for a tensor; none where it is float. */
static struct oct_quantization coding_of(const struct oct_network *network, const char *name)
{
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_tensor *tensor = &network->tensors[network->layers[i].output];
        if (strcmp(tensor->name, name) == 0)
            return tensor->quantization;
    }
    return (struct oct_quantization){0.0f, 0};
}

static octet_status check_same_model(octet_context *ctx, const char *hash,
                                     const octet_statistics *others)
{
    if (strcmp(hash, others->model_hash) == 0)
        return OCTET_OK;
    return oct_fail(ctx, OCTET_MISMATCH,
                    "the statistics are of another model (%.12s..., not %.12s...)",
                    others->model_hash, hash);
}

static const char *provenance_of(const octet_engine *engine, const char *key)
{
    const char *text = oct_engine_provenance(engine, key);
    return text ? text : "";
}

/* An engine's own; the default for ranges that none of them made. */
static octet_status choose_calibrator(octet_context *ctx, const char *name,
                                      const octet_engine *engine, struct oct_calibrator *chosen)
{
    if (engine && !oct_calibrator_parse(provenance_of(engine, "calibrator"), chosen))
        oct_calibrator_parse(NULL, chosen);
    if (!engine && !oct_calibrator_parse(name, chosen))
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT, OCT_CALIBRATOR_UNKNOWN, name);
    return OCTET_OK;
}

static octet_status check_alike(octet_context *ctx, const octet_statistics *statistics,
                                const octet_statistics *others)
{
    const octet_status status = check_same_model(ctx, statistics->model_hash, others);
    if (status)
        return status;
    if (statistics->tensor_count != others->tensor_count)
        return oct_fail(ctx, OCTET_MISMATCH, "the statistics have %d tensors, the others %d",
                        statistics->tensor_count, others->tensor_count);
    return OCTET_OK;
}

static bool find_known(const octet_drift *known, const char *name, octet_range_fit *found)
{
    for (int i = 0; oct_drift_tensor(known, i, found); i++)
        if (strcmp(found->name, name) == 0)
            return true;
    return false;
}

/* Whether ranges that the calibrator makes of the others can be the measure. Extremes grow with the
 * number of pictures, and entropy does not look for little noise. */
static bool is_measure(const struct oct_calibrator *calibrator, int64_t pictures, int64_t others)
{
    const bool is_extreme =
        calibrator->kind == OCT_CALIBRATOR_MINMAX || calibrator->kind == OCT_CALIBRATOR_MINMAX_TRT;
    return calibrator->kind != OCT_CALIBRATOR_ENTROPY &&
           (!is_extreme || EXTREMES_SHARE * others >= pictures);
}

static int compare_statistics(const octet_statistics *statistics,
                              const struct oct_calibrator *calibrator,
                              const octet_statistics *others, octet_range_fit *ranges)
{
    const bool measures = is_measure(calibrator, statistics->image_count, others->image_count);
    for (int i = 0; i < others->tensor_count; i++) {
        const struct oct_histogram *own = &statistics->tensors[i].histogram;
        const struct oct_quantization coding = oct_calibrate_tensor(calibrator, own);
        ranges[i] = oct_range_fit(&others->tensors[i], coding, measures ? calibrator : NULL);
        ranges[i].calibration =
            noise_of(oct_coding_squared_error(own, coding), oct_histogram_spread(own));
    }
    return others->tensor_count;
}

/* The engine keeps its calibration's noise as codes tell it, against which codes must be held. */
static void add_calibration(const struct oct_tensor_record *record, struct oct_quantization coding,
                            double known, octet_range_fit *range)
{
    uint64_t counts[OCT_CODES];
    oct_codes_of(&record->histogram, coding, counts);
    range->calibration = range->noise - (oct_codes_noise(counts, coding.zero_point) - known);
}

/* All tensors, or where the engine knows its calibration's noise, those that it knows it of; by the
 * scales that the engine has for the pictures' size, the largest of several. */
static int compare_engine(const octet_engine *engine, const struct oct_calibrator *calibrator,
                          const octet_statistics *others, const octet_drift *known,
                          octet_range_fit *ranges)
{
    const struct oct_network *network = oct_engine_network(
        engine, oct_engine_set_of(engine, others->input_height, others->input_width));
    const int64_t pictures = strtoll(provenance_of(engine, "calibration_images"), NULL, 10);
    const bool measures = !known || is_measure(calibrator, pictures, others->image_count);
    octet_range_fit before;
    int count = 0;
    for (int i = 0; i < others->tensor_count; i++) {
        const struct oct_tensor_record *record = &others->tensors[i];
        const struct oct_quantization coding = coding_of(network, record->name);
        if (!oct_is_quantized(coding) || (known && !find_known(known, record->name, &before)))
            continue;
        ranges[count] = oct_range_fit(record, coding, measures ? calibrator : NULL);
        if (known)
            add_calibration(record, coding, before.calibration, &ranges[count]);
        count++;
    }
    return count;
}

octet_status oct_ranges_fit(octet_context *ctx, const octet_statistics *statistics,
                            const char *calibrator, const octet_engine *engine,
                            const octet_statistics *others, octet_range_fit *ranges, octet_fit *fit)
{
    struct oct_calibrator chosen;
    octet_status status = choose_calibrator(ctx, calibrator, statistics ? NULL : engine, &chosen);
    if (!status)
        status = statistics ? check_alike(ctx, statistics, others)
                            : check_same_model(ctx, provenance_of(engine, "model_sha256"), others);
    if (status)
        return status;
    octet_drift *known = NULL;
    if (!statistics && oct_drift_knows(engine)) {
        status = oct_drift_create(ctx, engine, &known);
        if (status)
            return status;
        oct_drift_at(known, others->input_height, others->input_width);
    }
    octet_range_fit *all = oct_calloc(ctx, (size_t)others->tensor_count, sizeof *all);
    if (!all) {
        oct_drift_free(known);
        return oct_fail_memory(ctx, "the comparison");
    }
    const int count = statistics ? compare_statistics(statistics, &chosen, others, all)
                                 : compare_engine(engine, &chosen, others, known, all);
    oct_drift_free(known);
    *fit = oct_fit_of(all, count);
    if (ranges)
        memcpy(ranges, all, (size_t)count * sizeof *all);
    oct_free(ctx, all);
    if (count == 0)
        return oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                        "the engine has no ranges to compare: none of its tensors is INT8");
    return OCTET_OK;
}

void oct_drift_fit(const octet_drift *drift, octet_range_fit *ranges, octet_fit *fit)
{
    octet_range_fit range;
    int count = 0;
    while (oct_drift_tensor(drift, count, &range))
        ranges[count++] = range;
    *fit = oct_fit_of(ranges, count);
}
