/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention (struct oct_attention_job), by the convolutions' tiles: some queries of one output row
 * are a tile's pixels, and its channels are first the area's pixels, for their scores, then v's
 * channels, for what the weights come to. Both are matrix products whose right side is packed once
 * for each head and area, as OCT_GROUP elements in a step: keys [tile of pixels][step][pixel],
 * values [tile of channels][step of pixels][channel]. Codes are widened to 16 bits less their zero
 * points, weights have 12 bits: all sums are exact.
 *
 * config.h lists the macros; the file ends in a DEFINE_ATTENTION() line.
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_ATTENTION_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_ATTENTION_H

#define OCT_TILES_RAW 1
#include "network/float_functions.h"
#include "network/network.h"
#include "network/softmax.h"
#include "runtime/backend/cpu/kernels/vector/finish_job.h"
#include "runtime/backend/cpu/kernels/vector/tiles.h"

#ifndef OCT_FINISH
#error "OCT_FINISH must name the function that chooses a finish"
#endif

#if OCT_CODES
typedef int16_t element;
#else
typedef float element;
#endif

/* Pixels of values that are added up at a time; see OCT_SOFTMAX_BLOCK. */
enum { BLOCK = OCT_SOFTMAX_BLOCK };

/* What a worker's scratch holds, in bytes from its first line on. */
struct rooms {
    size_t keys, values, queries, scores, weights, sums, totals, all;
    int pixels, padded; /* of an area; in whole vectors */
    int most;           /* queries at a time */
};

OCT_INLINE int whole_lanes(int count)
{
    return (count + OCT_LANES - 1) / OCT_LANES * OCT_LANES;
}

static size_t take_room(size_t *all, size_t bytes)
{
    const size_t at = *all;
    *all += (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    return at;
}

static struct rooms rooms_of(const struct oct_attention_job *job, int vectors)
{
    struct rooms r = {.pixels = job->height * job->width / job->areas,
                      .most = most_pixels[vectors]};
    r.padded = whole_lanes(r.pixels);
    const size_t pixels = (size_t)r.padded, most = (size_t)r.most;
    const size_t channels = (size_t)whole_lanes(job->value_channels);
    r.keys = take_room(&r.all, pixels * (size_t)job->key_channels * sizeof(element));
    r.values = take_room(&r.all, pixels * channels * sizeof(element));
    r.queries = take_room(&r.all, most * (size_t)job->key_channels * sizeof(element));
    r.scores = take_room(&r.all, most * pixels * sizeof(float));
    r.weights = take_room(&r.all, most * pixels * sizeof(element));
    r.sums = take_room(&r.all, most * channels * sizeof(float));
    r.totals = take_room(&r.all, most * channels * sizeof(float));
    return r;
}

static size_t attention_scratch_bytes(const struct oct_attention_job *job, int vectors)
{
    return rooms_of(job, vectors).all + LINE_BYTES;
}

/* ---- packing ---- */

/* `count` channels of one pixel, as they are multiplied. */
OCT_INLINE void widen(const struct oct_view *view, size_t at, int count, element *to)
{
#if OCT_CODES
    const uint8_t *codes = (const uint8_t *)view->data + at;
    const int zero_point = view->quantization.zero_point;
    for (int c = 0; c < count; c++)
        to[c] = (int16_t)(codes[c] - zero_point);
#else
    const uint16_t *halves = (const uint16_t *)view->data + at;
    if (view->type == OCT_TYPE_BF16) {
        for (int c = 0; c < count; c += 4)
            v_store_floats(to + c, v_load_bf16(halves + c, 4), 4);
#if OCT_F16_STORED
    } else if (view->type == OCT_TYPE_F16) {
        for (int c = 0; c < count; c += 4)
            v_store_floats(to + c, v_load_f16(halves + c, 4), 4);
#endif
    } else {
        memcpy(to, (const float *)view->data + at, (size_t)count * sizeof *to);
    }
#endif
}

OCT_INLINE size_t pixel_at(const struct oct_attention_job *job, const struct oct_view *view,
                           int pixel)
{
    return (size_t)(pixel / job->width) * view->row + (size_t)(pixel % job->width) * view->pixel;
}

/* Where the tile of vectors that vector `vector` is of begins, and how many it has. */
OCT_INLINE int tile_of(int vector, int all, int vectors, int *count)
{
    const int first = vector / vectors * vectors;
    *count = all - first < vectors ? all - first : vectors;
    return first;
}

/* Keys of one head from pixel `begin` on. The last one fills up the last vector, so that it adds no
 * score that is not there. */
static void pack_keys(const struct oct_attention_job *job, const struct rooms *r, int head,
                      int begin, int vectors, element *packed)
{
    _Alignas(LINE_BYTES) element key[OCT_HEAD_CHANNELS_MAX];
    const int channels = job->key_channels, steps = channels / OCT_GROUP;
    for (int j = 0; j < r->padded; j++) {
        const int pixel = begin + (j < r->pixels ? j : r->pixels - 1);
        int count;
        const int first = tile_of(j / OCT_LANES, r->padded / OCT_LANES, vectors, &count);
        if (j < r->pixels)
            widen(&job->keys, pixel_at(job, &job->keys, pixel) + (size_t)(head * channels),
                  channels, key);
        element *to = packed + (size_t)first * OCT_LANES * (size_t)channels +
                      (size_t)(j - first * OCT_LANES) * OCT_GROUP;
        for (int s = 0; s < steps; s++, to += count * OCT_LANES * OCT_GROUP)
            memcpy(to, key + s * OCT_GROUP, STEP_BYTES);
    }
}

/* Values of one head from pixel `begin` on; what fills up vectors, and the last step, are zeros. */
static void pack_values(const struct oct_attention_job *job, const struct rooms *r, int head,
                        int begin, int vectors, element *packed)
{
    _Alignas(LINE_BYTES) element value[OCT_GROUP][OCT_HEAD_CHANNELS_MAX + OCT_LANES];
    const int channels = job->value_channels, padded = whole_lanes(channels);
    memset(value, 0, sizeof value);
    for (int j = 0; j < r->padded; j += OCT_GROUP) {
        for (int g = 0; g < OCT_GROUP; g++) {
            if (j + g < r->pixels)
                widen(&job->values,
                      pixel_at(job, &job->values, begin + j + g) + (size_t)(head * channels),
                      channels, value[g]);
            else
                memset(value[g], 0, (size_t)channels * sizeof(element));
        }
        for (int c = 0; c < padded; c += vectors * OCT_LANES) {
            const int width = padded - c < vectors * OCT_LANES ? padded - c : vectors * OCT_LANES;
            element *to = packed + (size_t)c * (size_t)r->padded + (size_t)j * (size_t)width;
            for (int i = 0; i < width; i++)
                for (int g = 0; g < OCT_GROUP; g++)
                    to[i * OCT_GROUP + g] = value[g][c + i];
        }
    }
}

/* ---- softmax ---- */

#if OCT_CODES
/* oct_softmax_weight(), lane by lane. */
OCT_INLINE v_int weights_of(v_int below, v_float unit)
{
    const v_float magic = v_set(OCT_SOFTMAX_MAGIC);
    const v_float x = v_max(v_mul(v_float_of(below), unit), v_set(OCT_SOFTMAX_LEAST));
    const v_float n = v_add(x, magic), r = v_sub(x, v_sub(n, magic));
    v_float p = v_fma(v_set(OCT_SOFTMAX_C4), r, v_set(OCT_SOFTMAX_C3));
    p = v_fma(p, r, v_set(OCT_SOFTMAX_C2));
    p = v_fma(p, r, v_set(OCT_SOFTMAX_C1));
    p = v_fma(p, r, v_set(OCT_SOFTMAX_C0));
    return v_rounded(v_mul(p, v_power_of_two(n)));
}

OCT_INLINE v_int highest_of(v_int a, v_int b)
{
    return v_max_int(a, b);
}

OCT_INLINE v_int keep(v_int a, int count)
{
    return v_keep_int(a, count);
}

OCT_INLINE void store_weights(int16_t *at, v_int a)
{
    v_store_halves(at, a);
}

typedef int32_t score;
#define LOWEST_SCORE INT32_MIN
#else
/* oct_softmax_value(), lane by lane. */
OCT_INLINE v_float weights_of(v_float below, v_float unit)
{
    const v_float magic = v_set(OCT_SOFTMAX_MAGIC);
    const v_float x = v_max(v_mul(below, unit), v_set(OCT_WEIGHT_LEAST));
    const v_float n = v_add(x, magic), r = v_sub(x, v_sub(n, magic));
    v_float p = v_fma(v_set(OCT_POWER_C5), r, v_set(OCT_POWER_C4));
    p = v_fma(p, r, v_set(OCT_POWER_C3));
    p = v_fma(p, r, v_set(OCT_POWER_C2));
    p = v_fma(p, r, v_set(OCT_POWER_C1));
    p = v_fma(p, r, v_set(1.0f));
    return v_mul(p, v_power_of_two(n));
}

/* A score that is no number is not the highest: it is `a`. */
OCT_INLINE v_float highest_of(v_float a, v_float b)
{
    return v_max(a, b);
}

OCT_INLINE v_float keep(v_float a, int count)
{
    return v_keep(a, count);
}

OCT_INLINE void store_weights(float *at, v_float a)
{
    v_store(at, a);
}

typedef float score;
#define LOWEST_SCORE (-INFINITY)
#endif

/* Sums of weights whose pixels are OCT_WEIGHT_SUMS apart, however wide vectors are, in as many
 * vectors as they take. */
enum { SUM_PARTS = OCT_CODES ? 1 : OCT_WEIGHT_SUMS / OCT_LANES };

OCT_INLINE score lanes_highest(v_sum a)
{
    _Alignas(LINE_BYTES) score lanes[OCT_LANES];
    v_store((float *)(void *)lanes, v_sum_bits(a));
    score highest = lanes[0];
    for (int i = 1; i < OCT_LANES; i++)
        highest = lanes[i] > highest ? lanes[i] : highest;
    return highest;
}

OCT_INLINE score lanes_sum(const v_sum parts[SUM_PARTS])
{
    _Alignas(LINE_BYTES) score lanes[SUM_PARTS * OCT_LANES], sum = 0;
    for (int i = 0; i < SUM_PARTS; i++)
        v_store((float *)(void *)(lanes + i * OCT_LANES), v_sum_bits(parts[i]));
    for (int i = 0; i < SUM_PARTS * OCT_LANES; i++)
        sum += lanes[i];
    return sum;
}

OCT_INLINE v_sum all_lanes(score value)
{
    return v_broadcast((const uint8_t *)&value);
}

/* Scores of one query, of `queries`: the vectors of a tile lie beside each other, [query][vector],
 * tiles behind each other. */
struct scores {
    const score *first;
    int queries, query, vectors, all;
};

/* The vectors from `vector` on, the first of a tile, and how many the tile has. */
OCT_INLINE const score *tile_scores(const struct scores *s, int vector, int *count)
{
    *count = s->all - vector < s->vectors ? s->all - vector : s->vectors;
    return s->first + (size_t)(s->queries * vector + s->query * *count) * OCT_LANES;
}

OCT_INLINE v_sum highest_score(const struct scores *s)
{
    int count;
    v_sum highest = all_lanes(LOWEST_SCORE);
    for (int vector = 0; vector < s->all; vector += s->vectors) {
        const score *own = tile_scores(s, vector, &count);
        for (int n = 0; n < count; n++)
            highest = highest_of(v_load_sum_aligned(own + n * OCT_LANES), highest);
    }
    return all_lanes(lanes_highest(highest));
}

/* Weights of one query and their sum. Those of pixels that are not there are zeros. */
static score weigh(const struct scores *s, int pixels, float unit, element *weights)
{
    const v_sum highest = highest_score(s);
    const v_float units = v_set(unit);
    v_sum sums[SUM_PARTS];
    for (int i = 0; i < SUM_PARTS; i++)
        sums[i] = all_lanes(0);
    for (int vector = 0, count; vector < s->all; vector += s->vectors) {
        const score *own = tile_scores(s, vector, &count);
        for (int n = 0; n < count; n++, weights += OCT_LANES) {
            v_sum w =
                weights_of(v_sub_sum(v_load_sum_aligned(own + n * OCT_LANES), highest), units);
            const int left = pixels - (vector + n) * OCT_LANES;
            if (left < OCT_LANES)
                w = keep(w, left);
            sums[(vector + n) % SUM_PARTS] = v_add_sum(sums[(vector + n) % SUM_PARTS], w);
            store_weights(weights, w);
        }
    }
    return lanes_sum(sums);
}

/* ---- one tile of queries ---- */

struct work {
    const struct oct_attention_job *job;
    struct rooms rooms;
    uint8_t *memory;
    int vectors, head;
    float unit;
};

static const _Alignas(LINE_BYTES) int32_t no_sums[MOST_VECTORS * OCT_LANES];

/* Queries by columns: `input` has a row of `stride` bytes for each query, of which `steps` steps
 * are multiplied; the packed right side has `all_steps` for each tile of its columns. */
OCT_INLINE void multiply(const struct work *w, const uint8_t *input, size_t stride, int queries,
                         int steps, const uint8_t *packed, int all_steps, int first_step,
                         int columns, float *products)
{
    const int all = columns / OCT_LANES;
    for (int n = 0; n < all; n += w->vectors) {
        const int count = all - n < w->vectors ? all - n : w->vectors;
        const struct tile t = {.pixel = stride,
                               .rows = 1,
                               .columns = 1,
                               .steps = steps,
                               .weights = packed + ((size_t)n * (size_t)all_steps +
                                                    (size_t)count * (size_t)first_step) *
                                                       VECTOR_BYTES,
                               .start = no_sums};
        tile_functions[count][queries](&t, input, products + (size_t)(n * queries) * OCT_LANES);
    }
}

/* Sums of weights times values, over blocks of pixels; in `sums` as floats, [tile of
 * channels][query] [vector]. */
static void add_values(const struct work *w, int queries, float *sums)
{
    const struct rooms *r = &w->rooms;
    const int columns = whole_lanes(w->job->value_channels), all_steps = r->padded / OCT_GROUP;
    float *products = (float *)(void *)(w->memory + r->sums);
    for (int begin = 0; begin < r->pixels; begin += BLOCK) {
        const int left = r->pixels - begin, count = left < BLOCK ? left : BLOCK;
        multiply(w, w->memory + r->weights + (size_t)begin * sizeof(element),
                 (size_t)r->padded * sizeof(element), queries, (count + OCT_GROUP - 1) / OCT_GROUP,
                 w->memory + r->values, all_steps, begin / OCT_GROUP, columns, products);
        for (int i = 0; i < queries * columns; i += OCT_LANES) {
            const v_float block = v_sum_number(v_load_sum_aligned(products + i));
            v_store(sums + i, begin ? v_add(v_load_aligned(sums + i), block) : block);
        }
    }
}

static struct finish finish_of_head(const struct oct_attention_job *job)
{
    return (struct finish){.flags = output_flag(&job->output),
                           .output_pixel = view_bytes(&job->output, job->output.pixel),
                           .inverse_scale = job->output.inverse_scale,
                           .highest = (float)(255 - job->output.quantization.zero_point),
                           .zero_point = job->output.quantization.zero_point};
}

/* Divides by the sums of weights and stores. */
static void finish_queries(const struct work *w, int queries, int pixel, const score *weight_sums,
                           float *sums)
{
    const struct oct_attention_job *job = w->job;
    const int channels = job->value_channels, all = whole_lanes(channels) / OCT_LANES;
    struct finish f = finish_of_head(job);
    finish_function *const finish = OCT_FINISH(f.flags);
    for (int n = 0; n < all; n += w->vectors) {
        f.vectors = all - n < w->vectors ? all - n : w->vectors;
        const int width = f.vectors * OCT_LANES, left = channels - n * OCT_LANES;
        f.tail = (left < width ? left : width) - (f.vectors - 1) * OCT_LANES;
        float *values = sums + (size_t)(n * queries) * OCT_LANES;
        for (int m = 0; m < queries; m++) {
            const float scale = OCT_CODES ? job->values.quantization.scale : 1.0f;
            const v_float each = v_set(scale / (float)weight_sums[m]);
            for (int i = m * width; i < (m + 1) * width; i += OCT_LANES)
                v_store(values + i, v_mul(v_load_aligned(values + i), each));
        }
        f.sums = (const int32_t *)(const void *)values;
        const size_t at =
            pixel_at(job, &job->output, pixel) + (size_t)(w->head * channels + n * OCT_LANES);
        finish(&f, queries, (uint8_t *)job->output.data + view_bytes(&job->output, at), NULL);
    }
}

/* `queries` pixels of one row, all of the area whose keys and values are packed. */
static __attribute__((noinline)) void attend(const struct work *w, int pixel, int queries)
{
    const struct oct_attention_job *job = w->job;
    const struct rooms *r = &w->rooms;
    const int channels = job->key_channels;
    element *widened = (element *)(void *)(w->memory + r->queries);
    element *weights = (element *)(void *)(w->memory + r->weights);
    float *scores = (float *)(void *)(w->memory + r->scores);
    float *totals = (float *)(void *)(w->memory + r->totals);
    score sums[TILE_PIXELS];
    for (int m = 0; m < queries; m++)
        widen(&job->queries, pixel_at(job, &job->queries, pixel + m) + (size_t)(w->head * channels),
              channels, widened + m * channels);
    multiply(w, (const uint8_t *)widened, (size_t)channels * sizeof(element), queries,
             channels / OCT_GROUP, w->memory + r->keys, channels / OCT_GROUP, 0, r->padded, scores);
    struct scores s = {.first = (const score *)(const void *)scores,
                       .queries = queries,
                       .vectors = w->vectors,
                       .all = r->padded / OCT_LANES};
    for (s.query = 0; s.query < queries; s.query++)
        sums[s.query] =
            weigh(&s, r->pixels, w->unit, weights + (size_t)s.query * (size_t)r->padded);
    add_values(w, queries, totals);
    finish_queries(w, queries, pixel, sums, totals);
}

/* ---- the whole ---- */

/* Pixels [begin, end) of one area, in tiles that do not go across rows. */
static void attend_pixels(const struct work *w, int begin, int end)
{
    while (begin < end) {
        const int row_end = (begin / w->job->width + 1) * w->job->width;
        const int stop = row_end < end ? row_end : end, count = stop - begin;
        const int tiles = (count + w->rooms.most - 1) / w->rooms.most;
        for (int i = 0; i < tiles; i++) {
            const int from = begin + count * i / tiles, to = begin + count * (i + 1) / tiles;
            attend(w, from, to - from);
        }
        begin = stop;
    }
}

static void attention_run(const struct oct_attention_job *job,
                          const struct oct_attention_range *range, void *scratch, int vectors)
{
    struct work w = {.job = job, .rooms = rooms_of(job, vectors), .vectors = vectors};
    w.memory = (uint8_t *)(((uintptr_t)scratch + LINE_BYTES - 1) & ~(uintptr_t)(LINE_BYTES - 1));
    w.unit = OCT_CODES ? oct_softmax_unit(job->queries.quantization.scale,
                                          job->keys.quantization.scale, job->factor)
                       : job->factor * OCT_LOG2_E;
    const int pixels = w.rooms.pixels, last = range->row_end * job->width;
    for (w.head = range->head_begin; w.head < range->head_end; w.head++) {
        for (int pixel = range->row_begin * job->width; pixel < last;) {
            const int begin = pixel / pixels * pixels;
            const int end = begin + pixels < last ? begin + pixels : last;
            pack_keys(job, &w.rooms, w.head, begin, vectors,
                      (element *)(void *)(w.memory + w.rooms.keys));
            pack_values(job, &w.rooms, w.head, begin, vectors,
                        (element *)(void *)(w.memory + w.rooms.values));
            attend_pixels(&w, pixel, end);
            pixel = end;
        }
    }
}

/* The kernel whose tiles are VECTORS vectors wide. */
#define DEFINE_ATTENTION(NAME, SYMBOL, VECTORS)                                                    \
    static size_t scratch_bytes(const struct oct_attention_job *job)                               \
    {                                                                                              \
        return attention_scratch_bytes(job, VECTORS);                                              \
    }                                                                                              \
                                                                                                   \
    static void run(const struct oct_attention_job *job, const struct oct_attention_range *range,  \
                    void *scratch)                                                                 \
    {                                                                                              \
        attention_run(job, range, scratch, VECTORS);                                               \
    }                                                                                              \
                                                                                                   \
    const struct oct_attention_kernel SYMBOL = {NAME, scratch_bytes, run};

#endif
