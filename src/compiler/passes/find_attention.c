/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds attentions: two products with a softmax between them. Which pixels and channels the
 * products take is found by tracing their elements: whatever moves them, they are those of an
 * attention, one by one, or it is none.
 */
#include "compiler/passes/find_attention.h"

#include "compiler/passes/trace_moves.h"
#include "network/network.h"

#define FOLLOWED_MAX OCT_TRACE_NODES_MAX

/* ---- what there is, by shape ---- */

static const struct oct_array *array_of(const struct oct_attention_search *f, int value)
{
    return &f->graph->values[value].array;
}

static struct oct_node *reader_of(const struct oct_attention_search *f, int value)
{
    return value >= 0 && f->readers[value] >= 0 ? &f->graph->nodes[f->readers[value]] : NULL;
}

/* Past roundings, to the node that reads `*value`; which is then its input. */
static struct oct_node *next_reader(const struct oct_attention_search *f, int *value,
                                    int *roundings)
{
    struct oct_node *node = reader_of(f, *value);
    for (int i = 0; node && node->op == OCT_OP_FAKE_QUANTIZE && i < FOLLOWED_MAX; i++) {
        ++*roundings;
        *value = node->outputs[0];
        node = reader_of(f, *value);
    }
    return node;
}

/* The last two axes are exchanged, all others stay. */
static bool exchanges_last(const struct oct_node *node, int rank)
{
    const struct oct_attribute *perm = oct_node_attribute(node, "perm", OCT_ATTRIBUTE_INTS);
    if (node->op != OCT_OP_TRANSPOSE || !perm || perm->count != (size_t)rank)
        return false;
    for (int i = 0; i < rank; i++)
        if (perm->integers[i] != (i < rank - 2 ? i : 2 * rank - 3 - i))
            return false;
    return true;
}

/* The product of the weights and v: weights v, or v weights'. */
static bool find_product(const struct oct_attention_search *f, const struct oct_node *softmax,
                         int rank, struct oct_found_attention *found)
{
    int value = softmax->outputs[0];
    struct oct_node *node = next_reader(f, &value, &found->roundings);
    bool exchanged = false;
    if (node && exchanges_last(node, rank)) {
        exchanged = true;
        value = node->outputs[0];
        node = next_reader(f, &value, &found->roundings);
    }
    if (!node || node->op != OCT_OP_MAT_MUL || node->inputs[exchanged ? 1 : 0] != value)
        return false;
    found->product = (int)(node - f->graph->nodes);
    found->transposed = exchanged;
    found->inputs[OCT_VALUES] = node->inputs[exchanged ? 0 : 1];
    return found->inputs[OCT_VALUES] >= 0;
}

/* The product of q and k behind the softmax, and that with v before it. */
static bool find_products(const struct oct_attention_search *f, int index,
                          struct oct_found_attention *found)
{
    const struct oct_graph *graph = f->graph;
    const struct oct_node *softmax = &graph->nodes[index];
    int value = softmax->inputs[0];
    *found = (struct oct_found_attention){.softmax = index, .factor = 1.0};
    const struct oct_array *weights = array_of(f, value);
    const int64_t axis = oct_node_int(softmax, "axis", graph->opset < 13 ? 1 : -1);
    if (weights->type != OCT_DATA_FLOAT || weights->rank < 3 ||
        (axis != -1 && axis != weights->rank - 1))
        return false;
    const struct oct_node *node = oct_graph_producer(graph, value);
    for (int i = 0; node && i < FOLLOWED_MAX; i++) {
        if (node->op == OCT_OP_FAKE_QUANTIZE)
            value = node->inputs[0];
        else if (!oct_is_scaling(graph, node, &value, &found->factor))
            break;
        found->roundings += node->op == OCT_OP_FAKE_QUANTIZE;
        node = oct_graph_producer(graph, value);
    }
    if (!node || node->op != OCT_OP_MAT_MUL || node->inputs[0] < 0 || node->inputs[1] < 0)
        return false;
    found->inputs[OCT_QUERIES] = node->inputs[0];
    found->inputs[OCT_KEYS] = node->inputs[1];
    return find_product(f, softmax, weights->rank, found);
}

/* Matrices of all groups, in three arrays of one rank; -1: they do not fit. */
static bool measure(const struct oct_attention_search *f, struct oct_found_attention *found)
{
    const struct oct_array *q = array_of(f, found->inputs[OCT_QUERIES]),
                           *k = array_of(f, found->inputs[OCT_KEYS]),
                           *v = array_of(f, found->inputs[OCT_VALUES]);
    const int rank = q->rank;
    if (q->type != OCT_DATA_FLOAT || k->type != OCT_DATA_FLOAT || v->type != OCT_DATA_FLOAT ||
        rank < 3 || k->rank != rank || v->rank != rank)
        return false;
    for (int i = 0; i < rank - 2; i++)
        if (q->dims[i] != k->dims[i] || q->dims[i] != v->dims[i])
            return false;
    found->pixels = q->dims[rank - 2];
    found->key = q->dims[rank - 1];
    found->value = v->dims[found->transposed ? rank - 2 : rank - 1];
    const int64_t of_v = v->dims[found->transposed ? rank - 1 : rank - 2];
    found->groups = (int64_t)oct_array_extent(q, 0, rank - 2);
    return k->dims[rank - 2] == found->key && k->dims[rank - 1] == found->pixels &&
           of_v == found->pixels && found->groups > 0 && found->pixels > 0 && found->key > 0 &&
           found->value > 0;
}

/* ---- elements ---- */

/* The places of the elements of q, k and v in the base, which is the same for all three. */
static octet_status trace_parts(struct oct_attention_search *f, struct oct_found_attention *found,
                                bool *good)
{
    octet_status status = OCTET_OK;
    *good = true;
    for (int i = 0; i < OCT_ATTENTION_PARTS && *good && !status; i++) {
        struct oct_trace trace;
        *good = oct_trace_back(f->graph, found->inputs[i], &trace) &&
                (i == 0 || trace.base == found->base) && (i != OCT_VALUES || trace.factor == 1.0);
        found->base = trace.base;
        found->factor *= trace.factor;
        found->roundings += trace.roundings;
        if (*good)
            status = oct_trace_elements(f->graph, &trace, &f->left, &found->indices[i]);
        *good = *good && found->indices[i].data;
    }
    return status;
}

/* The base is what a convolution that can be cut in three gives. */
static bool is_convolution(const struct oct_attention_search *f, struct oct_found_attention *found)
{
    const struct oct_node *conv = oct_graph_producer(f->graph, found->base);
    const struct oct_array *base = array_of(f, found->base);
    if (!conv || conv->op != OCT_OP_CONV || conv->input_count > 3 || base->rank != 4 ||
        base->dims[0] != 1 || oct_node_int(conv, "group", 1) != 1 ||
        !oct_value_is_constant(f->graph, conv->inputs[1]) ||
        (conv->input_count > 2 && conv->inputs[2] >= 0 &&
         !oct_value_is_constant(f->graph, conv->inputs[2])))
        return false;
    const struct oct_array *weights = array_of(f, conv->inputs[1]);
    found->plane = base->dims[2] * base->dims[3];
    return weights->type == OCT_DATA_FLOAT && weights->rank == 4 &&
           weights->dims[0] == base->dims[1];
}

/* Where the element of channel `channel` of pixel `pixel` of a group stands. */
static int64_t place_of(const struct oct_found_attention *found, int part, int64_t group,
                        int64_t pixel, int64_t channel)
{
    const int64_t channels = part == OCT_VALUES ? found->value : found->key;
    const bool channels_first = part == OCT_KEYS || (part == OCT_VALUES && found->transposed);
    return channels_first ? (group * channels + channel) * found->pixels + pixel
                          : (group * found->pixels + pixel) * channels + channel;
}

/* Which group writes each head of each area of the output: `moved` has for each of its elements
 * its place in the product. */
static bool find_groups(struct oct_found_attention *found)
{
    const int64_t heads = found->heads, value = found->value;
    const int64_t *moved = oct_ints(&found->moved);
    for (int64_t channel = 0; channel < heads * value; channel++) {
        for (int64_t at = 0; at < found->plane; at++) {
            const int64_t area = at / found->pixels, head = channel / value;
            int *group = &found->group_of[area * heads + head];
            if (channel % value == 0 && at % found->pixels == 0)
                *group = (int)(moved[channel * found->plane + at] / (found->pixels * value));
            if (moved[channel * found->plane + at] !=
                place_of(found, OCT_VALUES, *group, at % found->pixels, channel % value))
                return false;
        }
    }
    return true;
}

/* The channels that q, k or v of all heads are, the same ones for each pixel of each area. */
static bool find_rows(struct oct_found_attention *found, int part)
{
    const int64_t *indices = oct_ints(&found->indices[part]);
    const int64_t channels = part == OCT_VALUES ? found->value : found->key;
    for (int64_t head = 0; head < found->heads; head++) {
        for (int64_t channel = 0; channel < channels; channel++) {
            int *row = &found->rows[part][head * channels + channel];
            const int64_t first = place_of(found, part, found->group_of[head], 0, channel);
            *row = (int)(indices[first] / found->plane);
            for (int64_t at = 0; at < found->plane; at++) {
                const int group = found->group_of[at / found->pixels * found->heads + head];
                const int64_t place = place_of(found, part, group, at % found->pixels, channel);
                if (indices[place] != *row * found->plane + at)
                    return false;
            }
        }
    }
    return true;
}

/* Each channel of the base is one of q's, k's or v's. */
static bool are_all(struct oct_attention_search *f, const struct oct_found_attention *found,
                    bool *good)
{
    const int64_t channels = array_of(f, found->base)->dims[1], keys = found->heads * found->key;
    bool *seen = oct_arena_calloc(f->arena, (size_t)channels, sizeof *seen);
    *good = seen && 2 * keys + found->heads * found->value == channels;
    for (int i = 0; i < OCT_ATTENTION_PARTS && *good; i++)
        for (int64_t c = 0; c < (i == OCT_VALUES ? found->heads * found->value : keys); c++) {
            *good = *good && !seen[found->rows[i][c]];
            seen[found->rows[i][c]] = true;
        }
    return seen;
}

/* Forward from the product to the first value that has the base's height and width and all heads'
 * channels of v; its elements are traced. */
static octet_status find_output(struct oct_attention_search *f, struct oct_found_attention *found,
                                bool *good)
{
    const struct oct_array *base = array_of(f, found->base);
    const int product = f->graph->nodes[found->product].outputs[0];
    int value = product, roundings = 0;
    *good = false;
    for (int i = 0; i < FOLLOWED_MAX && value >= 0; i++) {
        const struct oct_array *array = array_of(f, value);
        struct oct_trace trace;
        if (array->type == OCT_DATA_FLOAT && array->rank == 4 && array->dims[0] == 1 &&
            array->dims[1] == found->heads * found->value && array->dims[2] == base->dims[2] &&
            array->dims[3] == base->dims[3] && oct_trace_back(f->graph, value, &trace) &&
            trace.base == product && trace.factor == 1.0) {
            oct_free(f->graph->ctx, found->moved.data);
            const octet_status status =
                oct_trace_elements(f->graph, &trace, &f->left, &found->moved);
            if (status)
                return status;
            *good = found->moved.data && find_groups(found);
            if (*good) {
                found->output = value;
                found->roundings += trace.roundings;
                return OCTET_OK;
            }
        }
        const struct oct_node *node = next_reader(f, &value, &roundings);
        value = node && oct_moves_elements(node->op) && node->inputs[0] == value ? node->outputs[0]
                                                                                 : -1;
    }
    return OCTET_OK;
}

/* Keys are multiplied four at a time. What is missing are rows of zeros, which add nothing to a
 * score; `rows` says -1 of them. */
static octet_status fill_keys(struct oct_attention_search *f, struct oct_found_attention *found)
{
    const int64_t key = (found->key + 3) / 4 * 4;
    for (int part = OCT_QUERIES; part <= OCT_KEYS && key > found->key; part++) {
        const int *from = found->rows[part];
        int *rows = oct_arena_calloc(f->arena, (size_t)(found->heads * key), sizeof *rows);
        if (!rows)
            return oct_fail_memory(f->graph->ctx, "the graph");
        for (int64_t i = 0; i < found->heads * key; i++)
            rows[i] = i % key < found->key ? from[i / key * found->key + i % key] : -1;
        found->rows[part] = rows;
    }
    found->key = key;
    return OCTET_OK;
}

/* Whether what has the shape of an attention is one that networks can have. */
static octet_status check(struct oct_attention_search *f, struct oct_found_attention *found,
                          bool *good)
{
    struct oct_arena *arena = f->arena;
    octet_status status = trace_parts(f, found, good);
    if (status || !*good)
        return status;
    *good = is_convolution(f, found) && found->plane % found->pixels == 0 &&
            found->factor >= (double)OCT_SCALE_MIN && found->factor <= (double)OCT_SCALE_MAX;
    if (!*good)
        return OCTET_OK;
    if (found->value % 4 || found->value > OCT_HEAD_CHANNELS_MAX ||
        found->key > OCT_HEAD_CHANNELS_MAX - 3)
        return oct_node_fail(f->graph, &f->graph->nodes[found->softmax], OCTET_UNSUPPORTED_OPERATOR,
                             "an attention whose heads have %lld values and %lld keys: values in "
                             "fours are read, and at most %d of either",
                             (long long)found->value, (long long)found->key,
                             OCT_HEAD_CHANNELS_MAX - 3);
    found->areas = found->plane / found->pixels;
    found->heads = found->groups / found->areas;
    *good = found->areas <= OCT_AREAS_MAX && found->heads * found->areas == found->groups &&
            found->heads * found->value <= OCT_CHANNELS_MAX &&
            found->heads * found->key <= OCT_CHANNELS_MAX;
    if (!*good)
        return OCTET_OK;
    found->group_of = oct_arena_calloc(arena, (size_t)found->groups, sizeof *found->group_of);
    for (int i = 0; i < OCT_ATTENTION_PARTS; i++)
        found->rows[i] = oct_arena_calloc(
            arena, (size_t)(found->heads * (i == OCT_VALUES ? found->value : found->key)),
            sizeof *found->rows[i]);
    if (!found->group_of || !found->rows[OCT_QUERIES] || !found->rows[OCT_KEYS] ||
        !found->rows[OCT_VALUES])
        return oct_fail_memory(f->graph->ctx, "the graph");
    status = find_output(f, found, good);
    for (int i = 0; i < OCT_ATTENTION_PARTS && *good && !status; i++)
        *good = find_rows(found, i);
    if (*good && !status && !are_all(f, found, good))
        status = oct_fail_memory(f->graph->ctx, "the graph");
    return status || !*good ? status : fill_keys(f, found);
}

octet_status oct_find_attention(struct oct_attention_search *search, int softmax,
                                struct oct_found_attention *found, bool *good)
{
    *good = search->graph->nodes[softmax].op == OCT_OP_SOFTMAX &&
            find_products(search, softmax, found) && measure(search, found);
    if (!*good)
        return OCTET_OK;
    const octet_status status = check(search, found, good);
    for (int i = 0; i < OCT_ATTENTION_PARTS; i++)
        oct_free(search->graph->ctx, found->indices[i].data);
    oct_free(search->graph->ctx, found->moved.data);
    return status;
}
