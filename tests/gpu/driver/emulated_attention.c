/* SPDX-License-Identifier: Apache-2.0 */
/* attention.cu and attention_values.cu in C. Of codes, sums are exact in any order: they are added
 * up pixel by pixel, from the words that lanes read. */
#include <math.h>
#include <string.h>

#include "base/bfloat16.h"
#include "emulation.h"
#include "network/softmax.h"

#define CHANNELS_MAX OCT_GPU_HEAD_CHANNELS_MAX

/* Where a block's queries are, and its head's channels. */
struct place {
    const struct oct_gpu_attention *p;
    int image, area, first, head;
    uint64_t queries, keys, values, output; /* of the area's first pixel */
};

static uint64_t head_of(const struct oct_gpu_view *view, const struct place *place, int channels)
{
    return emulated_pixel(view, place->image, 0, place->area) +
           (uint64_t)(place->head * channels * emulated_element_bytes(view->type));
}

static struct place place_of(const struct oct_gpu_attention *p, int block, int head, int queries)
{
    struct place place = {.p = p, .head = head};
    place.image = emulated_divide(block, p->by_image_tiles);
    const int in_image = block - place.image * (p->areas * p->tiles);
    const int area = emulated_divide(in_image, p->by_tiles);
    place.area = area * p->pixels;
    place.first = (in_image - area * p->tiles) * queries;
    place.queries = head_of(&p->queries, &place, p->key_channels);
    place.keys = head_of(&p->keys, &place, p->key_channels);
    place.values = head_of(&p->values, &place, p->value_channels);
    place.output = head_of(&p->output, &place, p->value_channels);
    return place;
}

static void clear_rest(const struct place *place, uint64_t output)
{
    const struct oct_gpu_attention *p = place->p;
    const int element = emulated_element_bytes(p->output.type);
    if (place->head + 1 == p->heads && p->cleared)
        memset(gpu_write(output + (uint64_t)(p->value_channels * element),
                         (size_t)(p->cleared * element), 4),
               0, (size_t)(p->cleared * element));
}

static uint64_t pixel_at(uint64_t first, const struct oct_gpu_view *view, int pixel)
{
    return first + (uint64_t)((int64_t)pixel * view->pixel);
}

/* ---- codes ---- */

/* The head's codes of a pixel, as threads read them: by words. */
static void read_codes(uint64_t from, int channels, uint8_t *codes)
{
    for (int c = 0; c < channels; c += 4)
        memcpy(codes + c, gpu_read(from + (uint64_t)c, 4, 4), 4);
}

static int32_t score_of(const struct place *place, const uint8_t *query, int pixel)
{
    const struct oct_gpu_attention *p = place->p;
    uint8_t key[CHANNELS_MAX];
    int32_t score = 0;
    read_codes(pixel_at(place->keys, &p->keys, pixel), p->key_channels, key);
    for (int t = 0; t < p->key_channels; t++)
        score += (query[t] - p->queries.zero_point) * key[t];
    return score;
}

static void add_values(const struct place *place, int pixel, int32_t weight, int32_t *sums)
{
    const struct oct_gpu_attention *p = place->p;
    uint8_t values[CHANNELS_MAX];
    read_codes(pixel_at(place->values, &p->values, pixel), p->value_channels, values);
    for (int c = 0; c < p->value_channels; c++)
        sums[c] += weight * values[c];
}

/* Of one query: what each block of pixels adds to the totals. */
static int32_t add_blocks(const struct place *place, const uint8_t *query, float *totals)
{
    const struct oct_gpu_attention *p = place->p;
    int32_t most = INT32_MIN, all = 0;
    for (int j = 0; j < p->pixels; j++) {
        const int32_t score = score_of(place, query, j);
        most = score > most ? score : most;
    }
    for (int begin = 0; begin < p->pixels; begin += OCT_SOFTMAX_BLOCK) {
        int32_t sums[CHANNELS_MAX] = {0}, weights = 0;
        for (int j = begin; j < p->pixels && j < begin + OCT_SOFTMAX_BLOCK; j++) {
            const int32_t weight = oct_softmax_weight(score_of(place, query, j) - most, p->unit);
            weights += weight;
            add_values(place, j, weight, sums);
        }
        for (int c = 0; c < p->value_channels; c++)
            totals[c] += (float)(sums[c] - p->values.zero_point * weights);
        all += weights;
    }
    return all;
}

static void run_query(const struct place *place, int query)
{
    const struct oct_gpu_attention *p = place->p;
    const uint64_t output = pixel_at(place->output, &p->output, query);
    uint8_t codes[CHANNELS_MAX];
    float totals[CHANNELS_MAX] = {0.0f};
    read_codes(pixel_at(place->queries, &p->queries, query), p->key_channels, codes);
    const float each = p->values.scale / (float)add_blocks(place, codes, totals);
    for (int c = 0; c < p->value_channels; c += 4) {
        float y[4];
        for (int k = 0; k < 4; k++)
            y[k] = totals[c + k] * each;
        emulated_store_any(&p->output,
                           output + (uint64_t)(c * emulated_element_bytes(p->output.type)), y);
    }
    clear_rest(place, output);
}

static void run_blocks(const struct emulated_launch *launch, int queries,
                       void (*run)(const struct place *place, int query))
{
    const struct oct_gpu_attention *p = launch->parameters;
    const bool backwards = random_bits() & 1;
    const int blocks = (int)launch->grid[0];
    for (int i = 0; i < blocks; i++)
        for (int head = 0; head < (int)launch->grid[1]; head++) {
            const struct place place = place_of(p, backwards ? blocks - 1 - i : i, head, queries);
            for (int q = place.first; q < place.first + queries && q < p->pixels; q++)
                run(&place, q);
        }
}

void emulate_attention(const struct emulated_kernel *kernel, const struct emulated_launch *launch)
{
    const struct oct_gpu_attention *p = launch->parameters;
    if (strcmp(kernel->name, "attention_u8_32") == 0 && p->key_channels > 32)
        stop(RESULT_INVALID_VALUE, "%s: %d channels", kernel->name, p->key_channels);
    run_blocks(launch, OCT_GPU_QUERIES, run_query);
}

/* ---- floats ---- */

static void read_values(const struct oct_gpu_view *view, uint64_t from, int channels, float *values)
{
    for (int c = 0; c < channels; c++)
        if (view->type == OCT_GPU_BF16)
            values[c] = oct_bf16_value(*(const uint16_t *)gpu_read(from + 2 * (uint64_t)c, 2, 2));
        else
            values[c] = *(const float *)gpu_read(from + 4 * (uint64_t)c, 4, 4);
}

static void store_value(const struct oct_gpu_view *view, uint64_t pixel, int at, float y)
{
    const uint64_t to = pixel + (uint64_t)(at * emulated_element_bytes(view->type));
    if (view->type == OCT_GPU_U8)
        *(uint8_t *)gpu_write(to, 1, 1) =
            (uint8_t)emulated_any_code(y, view->inverse_scale, view->zero_point);
    else if (view->type == OCT_GPU_BF16)
        *(uint16_t *)gpu_write(to, 2, 2) = oct_bf16_of(y);
    else
        *(float *)gpu_write(to, 4, 4) = y;
}

static void run_query_of_values(const struct place *place, int at)
{
    const struct oct_gpu_attention *p = place->p;
    const uint64_t output = pixel_at(place->output, &p->output, at);
    float query[CHANNELS_MAX], row[CHANNELS_MAX], totals[CHANNELS_MAX] = {0.0f};
    float most = -INFINITY, weights = 0.0f;
    read_values(&p->queries, pixel_at(place->queries, &p->queries, at), p->key_channels, query);
    for (int j = 0; j < p->pixels; j++) {
        float score = 0.0f;
        read_values(&p->keys, pixel_at(place->keys, &p->keys, j), p->key_channels, row);
        for (int t = 0; t < p->key_channels; t++)
            score = fmaf(query[t], row[t], score);
        score *= p->unit;
        const float now = score > most ? score : most;
        const float before = expf(most - now), weight = expf(score - now);
        most = now;
        weights = fmaf(weights, before, weight);
        read_values(&p->values, pixel_at(place->values, &p->values, j), p->value_channels, row);
        for (int c = 0; c < p->value_channels; c++)
            totals[c] = fmaf(weight, row[c], totals[c] * before);
    }
    for (int c = 0; c < p->value_channels; c++)
        store_value(&p->output, output, c, totals[c] / weights);
    clear_rest(place, output);
}

void emulate_attention_values(const struct emulated_kernel *kernel,
                              const struct emulated_launch *launch)
{
    (void)kernel;
    run_blocks(launch, OCT_GPU_QUERIES_OF_VALUES, run_query_of_values);
}
