/* SPDX-License-Identifier: Apache-2.0 */
/* For each size of the statistics: its pictures' codings, which leave the weights' codes as they
 * are, its biases, and the network of both; then what of it the engine takes. */
#include "compiler/scale_sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "compiler/quantize/moments.h"
#include "compiler/quantize/shared_codes.h"
#include "network/operations.h"

struct size {
    octet_statistics *view;
    struct oct_network network;
    double regret; /* dB */
    bool own;      /* takes scales of its own */
};

struct making {
    octet_context *ctx;
    struct oct_arena *arena;
    const struct oct_scale_request *request;
    struct oct_calibrator calibrator;
    int *group; /* [records], see struct oct_shared_codes */
    int count;
    struct size sizes[OCT_SIZES_MAX];
    struct oct_scaled_size places[OCT_SIZES_MAX]; /* of these, by rising area, then height */
};

bool oct_scales_parse(const char *text, struct oct_scales_request *request)
{
    char *end;
    *request = (struct oct_scales_request){OCT_SCALES_MERGED, OCT_REGRET_DEFAULT};
    if (!text || strcmp(text, "merged") == 0)
        return true;
    if (strcmp(text, "per-size") == 0) {
        request->kind = OCT_SCALES_PER_SIZE;
        return true;
    }
    request->kind = OCT_SCALES_AUTO;
    if (strcmp(text, "auto") == 0)
        return true;
    if (strncmp(text, "auto:", 5) != 0)
        return false;
    request->regret = strtod(text + 5, &end);
    return end != text + 5 && !*end && request->regret >= 0.0 && request->regret <= OCT_REGRET_MAX;
}

/* ---- one size ---- */

/* Records of tensors that have codes and choose their scale take part; groups are those of what
 * the codes of weights tie together. The picture's scale is fixed, and with it what is in one group
 * with it. */
static octet_status make_groups(struct making *m)
{
    const struct oct_network *from = m->request->from;
    const struct oct_network *lowered = m->request->merged;
    int *all = oct_arena_calloc(m->arena, (size_t)from->tensor_count, sizeof *all);
    m->group = oct_arena_calloc(m->arena, (size_t)from->layer_count, sizeof *m->group);
    if (!all || !m->group)
        return oct_fail_memory(m->ctx, "the build");
    oct_group_scales(from, all);
    for (int i = 0; i < from->layer_count; i++) {
        const int output = from->layers[i].output;
        const bool moves = oct_operation_row(from->layers[i].operation)->moves;
        const bool coded = lowered->tensors[output].type == OCT_TYPE_U8;
        m->group[i] = moves || !coded || all[output] == all[0] ? -1 : all[output];
    }
    return OCTET_OK;
}

/* By record, from codings by tensor. */
static octet_status find_codings(struct making *m, struct size *size,
                                 struct oct_quantization *codings)
{
    const struct oct_network *from = m->request->from;
    const size_t records = (size_t)from->layer_count;
    struct oct_quantization *common = oct_arena_calloc(m->arena, records, sizeof *common);
    struct oct_quantization *own = oct_arena_calloc(m->arena, records, sizeof *own);
    double *spreads = oct_arena_calloc(m->arena, records, sizeof *spreads);
    if (!common || !own || !spreads)
        return oct_fail_memory(m->ctx, "the build");
    for (size_t i = 0; i < records; i++)
        common[i] = m->request->scheme->codings[from->layers[i].output];
    const struct oct_shared_codes with = {m->calibrator, size->view, common, m->group, spreads};
    size->regret = oct_codings_of_size(&with, own);
    for (size_t i = 0; i < records; i++)
        codings[from->layers[i].output] = m->group[i] < 0 ? common[i] : own[i];
    return OCTET_OK;
}

static octet_status make_size(struct making *m, const struct oct_scaled_size *place,
                              struct size *size)
{
    const struct oct_network *from = m->request->from;
    struct oct_scheme scheme = *m->request->scheme;
    struct oct_quantization *codings =
        oct_arena_calloc(m->arena, (size_t)from->tensor_count, sizeof *codings);
    octet_status status = codings ? OCTET_OK : oct_fail_memory(m->ctx, "the build");
    if (!status)
        status = oct_statistics_of_size(m->ctx, m->request->statistics, place->height, place->width,
                                        &size->view);
    if (!status)
        status = find_codings(m, size, codings);
    if (!status)
        status = oct_moments_make(m->ctx, m->arena, from, size->view, &scheme.moments);
    if (status)
        return status;
    scheme.codings = codings;
    scheme.like = m->request->merged;
    return oct_lower_int8(m->ctx, m->arena, from, &scheme, &size->network);
}

static octet_status find_sizes(struct making *m)
{
    const octet_statistics *s = m->request->statistics;
    for (int p = 0; p < s->part_count; p++) {
        const struct oct_statistics_part *part = s->parts[p];
        const struct oct_scaled_size *last = m->count ? &m->places[m->count - 1] : NULL;
        if (last && last->height == part->height && last->width == part->width)
            continue;
        if (m->count == OCT_SIZES_MAX)
            return oct_fail(m->ctx, OCTET_INVALID_ARGUMENT,
                            "the statistics have more than %d sizes, an engine's scales have not",
                            OCT_SIZES_MAX);
        m->places[m->count++] = (struct oct_scaled_size){part->height, part->width, 0};
    }
    return OCTET_OK;
}

/* ---- the engine ---- */

static const char *regrets_of(const struct making *m)
{
    enum { ENTRY = 40 };
    const size_t size = (size_t)m->count * ENTRY + 1;
    char *text = oct_arena_calloc(m->arena, size, 1);
    size_t length = 0;
    for (int i = 0; i < m->count && text; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%dx%d:%.2f", i ? "," : "",
                                   m->places[i].height, m->places[i].width, m->sizes[i].regret);
    return text;
}

/* Adds a set, the engine's network being the first; `size` NULL: that of all. */
static octet_status add_set(struct making *m, struct size *size, octet_engine *engine,
                            struct oct_scale_sets *sets)
{
    const struct oct_network *network = size ? &size->network : m->request->merged;
    const octet_status status =
        sets->set_count ? oct_engine_add_set(m->ctx, engine, network, m->request->name)
                        : oct_engine_set_network(m->ctx, engine, network, m->request->name);
    if (status)
        return status;
    sets->views[sets->set_count++] = size ? size->view : NULL;
    if (size)
        size->view = NULL;
    return OCTET_OK;
}

/* First that of the size nearest to the model's own, which is what people are shown. */
static octet_status add_all(struct making *m, octet_engine *engine, struct oct_scale_sets *sets)
{
    const struct oct_network *from = m->request->from;
    const int first = oct_nearest_size(m->places, m->count, from->input_height, from->input_width);
    int merged = -1;
    octet_status status = OCTET_OK;
    for (int n = 0; n < m->count && !status; n++) {
        const int i = n == 0 ? first : n <= first ? n - 1 : n;
        struct size *size = &m->sizes[i];
        const bool is_there = !size->own && merged >= 0;
        m->places[i].set = is_there ? merged : sets->set_count;
        if (!size->own)
            merged = m->places[i].set;
        if (!is_there)
            status = add_set(m, size->own ? size : NULL, engine, sets);
    }
    if (!status && sets->set_count > 1)
        oct_engine_set_sizes(engine, m->places, m->count);
    return status;
}

static octet_status make_all(struct making *m, const struct oct_scales_request *asked,
                             octet_engine *engine, struct oct_scale_sets *sets)
{
    octet_status status = make_groups(m);
    for (int i = 0; i < m->count && !status; i++) {
        status = make_size(m, &m->places[i], &m->sizes[i]);
        m->sizes[i].own = asked->kind == OCT_SCALES_PER_SIZE || m->sizes[i].regret > asked->regret;
    }
    if (status)
        return status;
    sets->regrets = regrets_of(m);
    return sets->regrets ? add_all(m, engine, sets) : oct_fail_memory(m->ctx, "the build");
}

octet_status oct_scale_sets_make(octet_context *ctx, struct oct_arena *arena,
                                 const struct oct_scale_request *request, octet_engine *engine,
                                 struct oct_scale_sets *sets)
{
    struct making m = {.ctx = ctx, .arena = arena, .request = request};
    struct oct_scales_request asked;
    oct_scales_parse(request->settings->scales, &asked); /* checked before */
    oct_calibrator_parse(request->settings->calibrator, &m.calibrator);
    *sets = (struct oct_scale_sets){0};
    octet_status status = OCTET_OK;
    if (asked.kind != OCT_SCALES_MERGED)
        status = find_sizes(&m);
    if (!status && asked.kind == OCT_SCALES_PER_SIZE && m.count < 2)
        status = oct_fail(ctx, OCTET_INVALID_ARGUMENT,
                          "scales per size need statistics of several sizes, and these are of "
                          "%dx%d alone: calibrate with --imgsz A,B,...",
                          m.places[0].height, m.places[0].width);
    if (status)
        return status;
    status = m.count < 2 ? add_set(&m, NULL, engine, sets) : make_all(&m, &asked, engine, sets);
    for (int i = 0; i < m.count; i++)
        oct_statistics_free(m.sizes[i].view);
    return status;
}

void oct_scale_sets_end(struct oct_scale_sets *sets)
{
    for (int i = 0; i < sets->set_count; i++)
        oct_statistics_free(sets->views[i]);
    sets->set_count = 0;
}
