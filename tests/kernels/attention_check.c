/* SPDX-License-Identifier: Apache-2.0 */
/* Attention against the plain C reference, to the bit; and the reference of floats against double
 * precision. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bfloat16.h"
#include "kernels/check.h"
#include "network/float_functions.h"
#include "network/softmax.h"
#include "runtime/backend/cpu/kernels/ref/ref.h"

bool check_softmax(void)
{
    static const float units[] = {1e-6f, 1.7e-4f, 0.01f, 0.3f, 17.0f};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        int32_t before = OCT_SOFTMAX_ONE;
        if (oct_softmax_weight(0, units[u]) != OCT_SOFTMAX_ONE)
            return check_failed("the highest score does not weigh %d", OCT_SOFTMAX_ONE);
        for (int below = 0; below > -200000; below -= 1 + below / -100) {
            const int32_t weight = oct_softmax_weight(below, units[u]);
            const double wanted = OCT_SOFTMAX_ONE * exp2((double)below * (double)units[u]);
            if (!(fabs(weight - wanted) <= 0.52) || weight > before)
                return check_failed("the weight of %d at %g is %d, not %.3f", below,
                                    (double)units[u], weight, wanted);
            before = weight;
        }
        if (oct_softmax_weight(INT32_MIN + 1, units[u]) != 0)
            return check_failed("a weight far below the highest is not 0");
    }
    for (int i = 0; i <= 125000; i++) { /* of floats */
        const float below = (float)i * -1e-3f;
        const double real = exp2((double)below);
        if (!(fabs((double)oct_softmax_value(below, 1.0f) - real) <= 1.6e-7 * real))
            return check_failed("floats' weight of %.9g is %.9g, not %.9g", (double)below,
                                (double)oct_softmax_value(below, 1.0f), real);
    }
    int64_t sum = 0; /* engines give the same bits from version to version */
    for (int below = 0; below > -100000; below--)
        sum += oct_softmax_weight(below, 1.7e-4f) * (int64_t)(1 - below % 7);
    return sum == 138988048 ||
           check_failed("weights are others than they were: %lld", (long long)sum);
}

/* What an attention reads and writes, in memory with guards. */
struct parts {
    struct check_memory inputs[3], expected, output, scratch;
    bool wild; /* some inputs are no numbers, or too large */
};

static struct oct_view view_of(struct check_random *random, enum oct_type type, int channels,
                               const struct oct_attention_job *job)
{
    const float scale = check_float(random, 0.005f, 0.1f);
    struct oct_view view = {.type = type,
                            .quantization = {scale, check_int(random, 0, 255)},
                            .inverse_scale = 1.0f / scale};
    view.pixel = (size_t)(channels + 4 * check_int(random, 0, 3));
    view.row = view.pixel * (size_t)(job->width + check_int(random, 0, 2));
    return view;
}

static size_t bytes_of(const struct oct_view *view, int channels,
                       const struct oct_attention_job *job)
{
    return (view->row * (size_t)(job->height - 1) + view->pixel * (size_t)(job->width - 1) +
            (size_t)channels) *
           oct_type_bytes(view->type);
}

/* Codes of all kinds: random, of few values, extreme; floats that make soft and hard maxima, or are
 * wild, which it returns. */
static bool fill(struct check_random *random, const struct oct_view *view,
                 struct check_memory *memory)
{
    static const float wild[] = {INFINITY, -INFINITY, NAN, 1e30f};
    const int kind = check_int(random, 0, 3);
    const float most = check_float(random, 0.1f, 4.0f);
    for (size_t i = 0; i < memory->size / oct_type_bytes(view->type); i++) {
        const float value = kind == 3 && check_int(random, 0, 199) == 0
                                ? wild[check_int(random, 0, 3)]
                                : check_float(random, -most, most);
        if (view->type == OCT_TYPE_F32)
            ((float *)(void *)memory->bytes)[i] = value;
        else if (check_is_half(view->type))
            ((uint16_t *)(void *)memory->bytes)[i] = check_half_of(view->type, value);
        else if (kind == 1)
            memory->bytes[i] = (uint8_t)check_int(random, 120, 136);
        else if (kind == 2)
            memory->bytes[i] = check_int(random, 0, 1) ? 255 : 0;
    }
    return kind == 3;
}

static struct oct_attention_job random_job(struct check_random *random, enum oct_type type,
                                           struct parts *parts)
{
    static const int areas[] = {1, 1, 1, 2, 3, 4};
    struct oct_attention_job job = {.heads = check_int(random, 1, 4),
                                    .key_channels = 4 * check_int(random, 1, 12),
                                    .value_channels = 4 * check_int(random, 1, 24),
                                    .height = check_int(random, 1, 9),
                                    .width = check_int(random, 1, 21)};
    if (check_int(random, 0, 119) == 0) { /* more pixels than a block has */
        job.height = check_int(random, 41, 43);
        job.width = check_int(random, 50, 52);
        job.heads = 1;
        job.key_channels = 4;
        job.value_channels = 4 * check_int(random, 1, 5);
    }
    job.areas = areas[check_int(random, 0, 5)];
    job.areas = job.height * job.width % job.areas ? 1 : job.areas;
    job.factor = check_float(random, 0.05f, 1.0f);
    struct oct_view *const views[] = {&job.queries, &job.keys, &job.values};
    for (int i = 0; i < 3; i++) {
        const int channels = job.heads * (i == 2 ? job.value_channels : job.key_channels);
        *views[i] = view_of(random, type, channels, &job);
        parts->inputs[i] = check_allocate(random, bytes_of(views[i], channels, &job), 64);
        parts->wild = fill(random, views[i], &parts->inputs[i]) || parts->wild;
        views[i]->data = parts->inputs[i].bytes;
    }
    const enum oct_type to = (enum oct_type)check_int(random, 0, CHECK_TYPES - 1);
    const int channels = job.heads * job.value_channels;
    job.output = view_of(random, to, channels, &job);
    parts->expected = check_allocate(random, bytes_of(&job.output, channels, &job), 0);
    parts->output = check_allocate(random, parts->expected.size, 0);
    memcpy(parts->output.bytes, parts->expected.bytes, parts->expected.size);
    return job;
}

static float element_at(enum oct_type type, const void *data, size_t at)
{
    return check_is_half(type) ? check_half_value(type, ((const uint16_t *)data)[at])
                               : ((const float *)data)[at];
}

/* To the bit, but for what is no number. */
static bool same_elements(const struct oct_attention_job *job, const struct parts *parts)
{
    const enum oct_type type = job->output.type;
    const uint8_t *a = parts->expected.bytes, *b = parts->output.bytes;
    const size_t size = oct_type_bytes(type);
    for (size_t i = 0; i < parts->expected.size / size; i++)
        if (memcmp(a + i * size, b + i * size, size) != 0 &&
            !(type != OCT_TYPE_U8 && isnan(element_at(type, a, i)) &&
              isnan(element_at(type, b, i))))
            return false;
    return true;
}

static double value_at(const struct oct_view *view, size_t at)
{
    return (double)element_at(view->type, view->data, at);
}

/* Channel `c` of query (y, x) in double precision. */
static double real_value(const struct oct_attention_job *job, size_t y, size_t x, size_t c)
{
    const size_t width = (size_t)job->width, keys = (size_t)job->key_channels;
    const size_t count = (size_t)job->height * width / (size_t)job->areas;
    const size_t begin = (y * width + x) / count * count;
    const size_t first = c / (size_t)job->value_channels * keys;
    double highest = -INFINITY, sum = 0.0, total = 0.0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t j = begin; j < begin + count; j++) {
            double score = 0.0;
            for (size_t t = first; t < first + keys; t++)
                score +=
                    value_at(&job->queries, y * job->queries.row + x * job->queries.pixel + t) *
                    value_at(&job->keys,
                             j / width * job->keys.row + j % width * job->keys.pixel + t);
            highest = fmax(highest, score);
            const double weight = pass ? exp((double)job->factor * (score - highest)) : 0.0;
            sum += weight;
            total += weight * value_at(&job->values, j / width * job->values.row +
                                                         j % width * job->values.pixel + c);
        }
    return total / sum;
}

/* Of scores up to 4 * 4 * 48 whose sums round; one query, because it takes long. */
static bool check_definition(const struct oct_attention_job *job, struct check_random *random)
{
    const size_t y = (size_t)check_int(random, 0, job->height - 1);
    const size_t x = (size_t)check_int(random, 0, job->width - 1);
    for (size_t c = 0; c < (size_t)(job->heads * job->value_channels); c++) {
        const double real = real_value(job, y, x, c);
        const double value =
            value_at(&job->output, y * job->output.row + x * job->output.pixel + c);
        if (!(fabs(value - real) <= 4e-4))
            return check_failed("query (%zu, %zu), channel %zu is %.9g, really %.9g", y, x, c,
                                value, real);
    }
    return true;
}

bool check_attention(const struct oct_kernels *kernels, enum oct_type type,
                     struct check_random *random)
{
    const struct oct_attention_kernel *kernel =
        type == OCT_TYPE_U8 ? kernels->attention_u8 : kernels->attention_float;
    const struct oct_attention_kernel *definition =
        type == OCT_TYPE_U8 ? &oct_attention_u8_ref : &oct_attention_float_ref;
    struct parts parts = {.wild = false};
    struct oct_attention_job job = random_job(random, type, &parts);
    const size_t own = kernel->scratch_bytes(&job), other = definition->scratch_bytes(&job);
    parts.scratch = check_allocate(random, own > other ? own : other, 0);
    uint8_t *const scratch = parts.scratch.bytes;
    job.output.data = parts.expected.bytes;
    definition->run(&job, &(struct oct_attention_range){0, job.height, 0, job.heads}, scratch);
    job.output.data = parts.output.bytes;
    const int row = check_int(random, 0, job.height), head = check_int(random, 0, job.heads);
    const struct oct_attention_range ranges[] = {{0, row, 0, head},
                                                 {row, job.height, 0, head},
                                                 {row, job.height, head, job.heads},
                                                 {0, row, head, job.heads}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        kernel->run(&job, &ranges[i], scratch + (parts.scratch.size - own));
    bool whole = check_whole(&parts.output) && check_whole(&parts.scratch);
    bool same = same_elements(&job, &parts);
    if (kernel == definition && type != OCT_TYPE_U8 && job.output.type == OCT_TYPE_F32 &&
        !parts.wild)
        same = check_definition(&job, random) && same;
    for (int i = 0; i < 3; i++) {
        whole = check_whole(&parts.inputs[i]) && whole;
        check_release(&parts.inputs[i]);
    }
    check_release(&parts.expected);
    check_release(&parts.output);
    check_release(&parts.scratch);
    if (whole && same)
        return true;
    return check_failed("%s: %d heads of %d and %d channels, %dx%d, %d areas, from %s to %s: %s",
                        kernel->name, job.heads, job.key_channels, job.value_channels, job.height,
                        job.width, job.areas, oct_type_name(type), oct_type_name(job.output.type),
                        whole ? "differs" : "writes outside");
}
