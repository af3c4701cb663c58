/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the layers of two sessions that run the same picture, by way of observers. */
#include "insight/layer_noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/allocate.h"
#include "models/view_value.h"

static bool same_layer(const octet_layer_info *a, const octet_layer_info *b)
{
    return strcmp(a->name, b->name) == 0 && a->output_channels == b->output_channels &&
           a->output_height == b->output_height && a->output_width == b->output_width;
}

/* A's layer that makes what B's layer makes, and that no other of B's has; -1: none. */
static int find_pair(const struct layer_noise *noise, const octet_layer_info *layers,
                     const octet_layer_info *b)
{
    for (int i = 0; i < noise->a_layers; i++)
        if (noise->pair_of_a[i] < 0 && same_layer(&layers[i], b))
            return i;
    return -1;
}

/* An engine's layers. Shapes are of its default size, which need not be the other's: heights and
 * widths become strides. */
static octet_layer_info *list_layers(const octet_engine *engine, int *count)
{
    octet_info info;
    octet_engine_info(engine, &info);
    octet_layer_info *layers = app_alloc((size_t)info.layer_count, sizeof *layers);
    for (int i = 0; i < info.layer_count; i++) {
        octet_engine_layer(engine, i, &layers[i]);
        layers[i].output_height = info.input_height / layers[i].output_height;
        layers[i].output_width = info.input_width / layers[i].output_width;
    }
    *count = info.layer_count;
    return layers;
}

static int *no_pairs(int count)
{
    int *pairs = app_alloc((size_t)count, sizeof *pairs);
    for (int i = 0; i < count; i++)
        pairs[i] = -1;
    return pairs;
}

void layer_noise_open(struct layer_noise *noise, const octet_engine *a, const octet_engine *b)
{
    *noise = (struct layer_noise){.alone = true};
    octet_layer_info *a_layers = list_layers(a, &noise->a_layers);
    octet_layer_info *b_layers = list_layers(b, &noise->b_layers);
    noise->pair_of_a = no_pairs(noise->a_layers);
    noise->pair_of_b = no_pairs(noise->b_layers);
    noise->pairs = app_alloc((size_t)noise->b_layers, sizeof *noise->pairs);
    for (int i = 0; i < noise->b_layers; i++) {
        const int match = find_pair(noise, a_layers, &b_layers[i]);
        if (match < 0)
            continue;
        noise->pair_of_a[match] = noise->pair_of_b[i] = noise->count;
        noise->pairs[noise->count++] =
            (struct layer_pair){.a = a_layers[match], .b = b_layers[i], .b_layer = i};
    }
    free(a_layers);
    free(b_layers);
}

static size_t pixels_of(const octet_tensor_view *view)
{
    return (size_t)view->height * (size_t)view->width;
}

/* Where a pixel's first channel is. */
static size_t element_of(const octet_tensor_view *view, size_t pixel)
{
    const size_t y = pixel / (size_t)view->width, x = pixel % (size_t)view->width;
    return y * view->row_elements + x * view->pixel_elements;
}

/* All of them, pixel after pixel. */
static void read_values(const octet_tensor_view *view, float *values)
{
    for (size_t i = 0; i < pixels_of(view); i++) {
        const size_t at = element_of(view, i);
        for (size_t c = 0; c < (size_t)view->channels; c++)
            *values++ = view_value(view, at + c);
    }
}

/* Room for the values of a picture, which may be run at another size than the last one. */
static void fit_values(struct layer_pair *pair, size_t count)
{
    if (count > pair->capacity) {
        free(pair->values);
        free(pair->alone_values);
        pair->alone_values = NULL;
        pair->values = app_alloc(count, sizeof *pair->values);
        pair->capacity = count;
    }
    pair->count = count;
}

/* Keeps A's values. */
static int keep_values(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct layer_noise *noise = user;
    (void)index;
    if (noise->pair_of_a[layer] < 0)
        return 0;
    struct layer_pair *pair = &noise->pairs[noise->pair_of_a[layer]];
    fit_values(pair, pixels_of(view) * (size_t)view->channels);
    read_values(view, pair->values);
    return 0;
}

static void add_noise(struct noise_sums *sums, const struct layer_pair *pair,
                      const octet_tensor_view *view)
{
    const size_t channels = (size_t)view->channels, pixels = pixels_of(view);
    for (size_t i = 0; i < pixels; i++) {
        const float *values = pair->values + i * channels;
        const size_t at = element_of(view, i);
        double signal = 0, noise = 0;
        for (size_t c = 0; c < channels; c++) {
            const double value = (double)values[c];
            const double difference = (double)view_value(view, at + c) - value;
            signal += value * value;
            noise += difference * difference;
        }
        sums->signal += signal;
        sums->noise += noise;
    }
}

/* B's layer's pair; NULL where A has none of that many elements. */
static struct layer_pair *pair_of(struct layer_noise *noise, int layer,
                                  const octet_tensor_view *view)
{
    const int index = noise->pair_of_b[layer];
    if (index < 0)
        return NULL;
    struct layer_pair *pair = &noise->pairs[index];
    return pair->count == pixels_of(view) * (size_t)view->channels ? pair : NULL;
}

static int compare_through(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct layer_noise *noise = user;
    struct layer_pair *pair = pair_of(noise, layer, view);
    (void)index;
    if (pair)
        add_noise(&pair->through, pair, view);
    return 0;
}

static int compare_alone(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct layer_noise *noise = user;
    struct layer_pair *pair = pair_of(noise, layer, view);
    (void)index;
    if (!pair)
        return 0;
    add_noise(&pair->alone, pair, view);
    noise->status = octet_session_replace(noise->running, pair->values);
    return noise->status != OCTET_OK;
}

static octet_status run_observed(octet_session *session, octet_observer *observer,
                                 struct layer_noise *noise)
{
    octet_session_observe(session, observer, noise);
    const octet_status status = octet_session_run(session);
    octet_session_observe(session, NULL, NULL);
    return status;
}

/* Where outputs cannot be replaced, the layers alone are left out from then on. */
static octet_status run_alone(struct layer_noise *noise, octet_session *b)
{
    noise->running = b;
    noise->status = OCTET_OK;
    const octet_status status = run_observed(b, compare_alone, noise);
    if (noise->status != OCTET_UNSUPPORTED_DEVICE)
        return status;
    noise->alone = false;
    return OCTET_OK;
}

octet_status layer_noise_add(struct layer_noise *noise, octet_session *a, octet_session *b,
                             octet_status (*take_b)(void *user), void *user, octet_session **failed)
{
    *failed = a;
    octet_status status = run_observed(a, keep_values, noise);
    if (status != OCTET_OK)
        return status;
    *failed = b;
    status = run_observed(b, compare_through, noise);
    if (status == OCTET_OK)
        status = take_b(user);
    if (status == OCTET_OK && noise->alone)
        status = run_alone(noise, b);
    return status;
}

/* Keeps what B's layer makes of A's values, before these take its place. */
static int keep_alone(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct layer_noise *noise = user;
    struct layer_pair *pair = pair_of(noise, layer, view);
    (void)index;
    if (!pair)
        return 0;
    if (!pair->alone_values)
        pair->alone_values = app_alloc(pair->capacity, sizeof *pair->alone_values);
    read_values(view, pair->alone_values);
    noise->status = octet_session_replace(noise->running, pair->values);
    return noise->status != OCTET_OK;
}

static int put_alone(void *user, int index, int layer, const octet_tensor_view *view)
{
    struct layer_noise *noise = user;
    (void)index;
    (void)view;
    if (noise->pair_of_a[layer] != noise->replaced)
        return 0;
    noise->status =
        octet_session_replace(noise->running, noise->pairs[noise->replaced].alone_values);
    return noise->status != OCTET_OK;
}

static bool is_off(const struct layer_pair *pair)
{
    return pair->alone_values &&
           memcmp(pair->alone_values, pair->values, pair->count * sizeof *pair->values) != 0;
}

octet_status layer_noise_effects(struct layer_noise *noise, octet_session *a, octet_session *b,
                                 bool (*look)(void *user, int pair), void *user,
                                 octet_session **failed)
{
    if (!noise->alone)
        return OCTET_OK;
    *failed = a;
    octet_status status = run_observed(a, keep_values, noise);
    if (status != OCTET_OK || !look(user, -1))
        return status;
    *failed = noise->running = b;
    status = run_observed(b, keep_alone, noise);
    *failed = noise->running = a;
    for (int i = 0; i < noise->count && status == OCTET_OK; i++) {
        if ((noise->left_out && noise->left_out[i]) || !is_off(&noise->pairs[i]))
            continue;
        noise->replaced = i;
        status = run_observed(a, put_alone, noise);
        if (status == OCTET_OK && !look(user, i))
            break;
    }
    return status;
}

double noise_decibels(const struct noise_sums *sums)
{
    if (sums->noise > 0)
        return 10 * log10(sums->signal / sums->noise);
    return sums->signal > 0 && sums->noise == 0 ? (double)INFINITY : (double)NAN;
}

void layer_noise_close(struct layer_noise *noise)
{
    for (int i = 0; i < noise->count; i++) {
        free(noise->pairs[i].values);
        free(noise->pairs[i].alone_values);
    }
    free(noise->pairs);
    free(noise->pair_of_a);
    free(noise->pair_of_b);
    *noise = (struct layer_noise){0};
}
