/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the codes of pictures, and tells by their noise, beside that of the calibration, whether
 * the ranges still fit: by the median of several pictures, with a gap between yes and no. */
#include "evaluate/drift_watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/calibrate/observer.h"
#include "compiler/quantize/code_noise.h"
#include "runtime/engine/engine_contents.h"

#define MEDIAN_OF 9
#define PICTURES_MIN 8       /* before them nothing is said */
#define CODES_LOOKED_AT 8192 /* of a tensor and picture, about */

struct watched {
    int layer;
    int zero_point;
    double calibration;          /* noise, dB */
    uint64_t picture[OCT_CODES]; /* counts of the current picture */
    uint64_t all[OCT_CODES];     /* of those before it */
};

/* Of one of the engine's sets of scales. */
struct watched_set {
    const struct oct_network *network;
    int count;
    struct watched *watched; /* by rising layer */
    int64_t pictures;
};

struct octet_drift {
    struct octet_context own;
    const octet_engine *engine;
    struct watched_set *sets; /* [the engine's set_count] */
    int set;                  /* of the picture that is looked at */
    octet_drift_state state;
    double recent[MEDIAN_OF]; /* of the last pictures, picture i at i % MEDIAN_OF */
};

/* ---- what the engine knows ---- */

bool oct_drift_knows(const octet_engine *engine)
{
    return oct_engine_provenance(engine, OCT_CALIBRATION_NOISE) != NULL;
}

/* One entry "LAYER:DB" of a text that nobody has checked; false where there is none, or none such
 * layer. */
static bool read_entry(const struct oct_network *network, const char **text, struct watched *entry)
{
    char *end;
    const long layer = strtol(*text, &end, 10);
    if (end == *text || *end != ':' || layer < 0 || layer >= network->layer_count)
        return false;
    const char *number = end + 1;
    const double noise = strtod(number, &end);
    const struct oct_tensor *tensor = &network->tensors[network->layers[layer].output];
    if (end == number || (*end && (*end != ' ' || !end[1])) || !(noise > -300.0 && noise < 300.0) ||
        tensor->type != OCT_TYPE_U8)
        return false;
    entry->layer = (int)layer;
    entry->zero_point = tensor->quantization.zero_point;
    entry->calibration = noise;
    *text = *end ? end + 1 : end;
    return true;
}

static octet_status read_entries(octet_context *ctx, struct watched_set *set, const char *text)
{
    struct watched entry = {.layer = -1};
    int last = -1;
    while (*text) {
        if (!read_entry(set->network, &text, &entry) || entry.layer <= last)
            return oct_fail(ctx, OCTET_MISMATCH,
                            "the engine's " OCT_CALIBRATION_NOISE " does not fit its layers");
        set->watched[set->count++] = entry;
        last = entry.layer;
    }
    return OCTET_OK;
}

static octet_status read_set(octet_context *ctx, const octet_engine *engine, int index,
                             struct watched_set *set)
{
    char key[sizeof OCT_CALIBRATION_NOISE + 12] = OCT_CALIBRATION_NOISE;
    if (index)
        snprintf(key, sizeof key, OCT_CALIBRATION_NOISE ".%d", index);
    const char *text = oct_engine_provenance(engine, key);
    if (!text || !*text)
        return oct_fail(ctx, OCTET_MISMATCH,
                        "the engine does not know its calibration's codes: build it again, in "
                        "INT8, from statistics or pictures");
    set->network = oct_engine_network(engine, index);
    set->watched = oct_calloc(ctx, (size_t)set->network->layer_count, sizeof *set->watched);
    return set->watched ? read_entries(ctx, set, text) : oct_fail_memory(ctx, "the watch");
}

octet_status oct_drift_create(octet_context *ctx, const octet_engine *engine, octet_drift **drift)
{
    octet_drift *made = oct_calloc(ctx, 1, sizeof *made);
    if (!made)
        return oct_fail_memory(ctx, "the watch");
    oct_context_inherit(&made->own, ctx);
    made->engine = engine;
    made->state.changed = -1;
    oct_drift_at(made, engine->network.input_height, engine->network.input_width);
    made->sets = oct_calloc(ctx, (size_t)engine->set_count, sizeof *made->sets);
    octet_status status = made->sets ? OCTET_OK : oct_fail_memory(ctx, "the watch");
    for (int i = 0; i < engine->set_count && !status; i++)
        status = read_set(ctx, engine, i, &made->sets[i]);
    if (status)
        oct_drift_free(made);
    else
        *drift = made;
    return status;
}

void oct_drift_free(octet_drift *drift)
{
    if (!drift)
        return;
    struct octet_context own = drift->own;
    for (int i = 0; drift->sets && i < drift->engine->set_count; i++)
        oct_free(&own, drift->sets[i].watched);
    oct_free(&own, drift->sets);
    oct_free(&own, drift);
}

/* ---- pictures ---- */

static struct watched *find(octet_drift *drift, int layer)
{
    const struct watched_set *set = &drift->sets[drift->set];
    int low = 0, high = set->count;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (set->watched[middle].layer < layer)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->count && set->watched[low].layer == layer ? &set->watched[low] : NULL;
}

void oct_drift_at(octet_drift *drift, int height, int width)
{
    drift->set = oct_engine_set_of(drift->engine, height, width);
}

/* Pixels in both directions at a distance that is odd, so that it does not fall in with the
 * strides of the network; all channels of each. */
void oct_drift_look(octet_drift *drift, int layer, const octet_tensor_view *view,
                    const octet_letterbox *where)
{
    struct watched *watched = view->type == OCTET_ELEMENT_U8 ? find(drift, layer) : NULL;
    if (!watched)
        return;
    const uint8_t *data = view->data;
    const struct oct_region region = where ? oct_picture_region(view, where)
                                           : (struct oct_region){0, view->height, 0, view->width};
    const int height = region.y_end - region.y_begin, width = region.x_end - region.x_begin;
    const double codes = (double)view->channels * height * width;
    int step = 1;
    while (codes / step / step > CODES_LOOKED_AT && step + 2 <= height && step + 2 <= width)
        step += 2;
    for (int y = region.y_begin + step / 2; y < region.y_end; y += step)
        for (int x = region.x_begin + step / 2; x < region.x_end; x += step) {
            const uint8_t *pixel =
                data + (size_t)y * view->row_elements + (size_t)x * view->pixel_elements;
            for (int c = 0; c < view->channels; c++)
                watched->picture[pixel[c]]++;
        }
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median_of(const octet_drift *drift)
{
    double sorted[MEDIAN_OF];
    const int count = drift->state.pictures < MEDIAN_OF ? (int)drift->state.pictures : MEDIAN_OF;
    memcpy(sorted, drift->recent, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_size);
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2.0;
}

/* The picture's mean over all tensors; its counts go to those of all. */
static double end_picture(octet_drift *drift)
{
    struct watched_set *set = &drift->sets[drift->set];
    double sum = 0.0;
    set->pictures++;
    for (int i = 0; i < set->count; i++) {
        struct watched *watched = &set->watched[i];
        sum += oct_codes_noise(watched->picture, watched->zero_point) - watched->calibration;
        for (int code = 0; code < OCT_CODES; code++)
            watched->all[code] += watched->picture[code];
        memset(watched->picture, 0, sizeof watched->picture);
    }
    return sum / set->count;
}

void oct_drift_next(octet_drift *drift, octet_drift_state *state)
{
    octet_drift_state *now = &drift->state;
    now->last = end_picture(drift);
    drift->recent[now->pictures % MEDIAN_OF] = now->last;
    now->pictures++;
    now->median = median_of(drift);
    if (now->pictures >= PICTURES_MIN)
        now->changed = now->median > (now->changed == 1 ? OCTET_DRIFT_AGAIN : OCTET_DRIFT_CHANGED);
    *state = *now;
}

/* The set that most pictures had; before there are any, the one that is to be looked at. */
static const struct watched_set *most_seen(const octet_drift *drift)
{
    const struct watched_set *most = &drift->sets[drift->set];
    for (int i = 0; i < drift->engine->set_count; i++)
        if (drift->sets[i].pictures > most->pictures)
            most = &drift->sets[i];
    return most;
}

bool oct_drift_tensor(const octet_drift *drift, int index, octet_range_fit *tensor)
{
    const struct watched_set *set = most_seen(drift);
    if (index < 0 || index >= set->count)
        return false;
    const struct watched *watched = &set->watched[index];
    const struct oct_network *network = set->network;
    *tensor = (octet_range_fit){
        .name = network->tensors[network->layers[watched->layer].output].name,
        .clipped = oct_codes_clipped(watched->all, watched->zero_point),
        .unused = oct_codes_unused(watched->all),
        .noise = oct_codes_noise(watched->all, watched->zero_point),
        .best = (double)NAN,
        .calibration = watched->calibration,
    };
    return true;
}
