/* SPDX-License-Identifier: Apache-2.0 */
/* Which convolutions stay float, by the user's words. */
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/lower/lower.h"
#include "network/operations.h"

#define NUMBER_DIGITS 6

/* A part of every detector, told by what is connected to what. */
enum part { PART_STEM, PART_BACKBONE, PART_NECK, PART_HEAD_BOX, PART_HEAD_CLASS, PART_HEAD };

static const char *const part_names[] = {
    [PART_STEM] = "stem",         [PART_BACKBONE] = "backbone",   [PART_NECK] = "neck",
    [PART_HEAD_BOX] = "head.box", [PART_HEAD_CLASS] = "head.cls", [PART_HEAD] = "head"};
enum { PART_COUNT = sizeof part_names / sizeof part_names[0] };

/* Layers whose input has more than a quarter of the picture's side are its stem. */
#define STEM_STRIDE 4

/* One of the words between commas. */
struct word {
    enum { WORD_PART, WORD_RANGE, WORD_PATTERN } kind;
    enum part part;      /* PART */
    int first, last;     /* RANGE: layers */
    const char *pattern; /* PATTERN */
};

static octet_status bad_word(octet_context *ctx, const char *word, const char *why)
{
    return oct_fail(ctx, OCTET_INVALID_ARGUMENT, "float layers: \"%.80s\" %s", word, why);
}

/* The digits at `*at`, which moves behind them; -1 when there are none or too many. */
static int take_number(const char **at)
{
    const char *start = *at;
    while (isdigit((unsigned char)**at))
        (*at)++;
    return *at == start || *at - start > NUMBER_DIGITS ? -1 : atoi(start);
}

static octet_status parse_word(octet_context *ctx, const char *text, struct word *word)
{
    *word = (struct word){.kind = WORD_PATTERN, .pattern = text};
    if (!text[0])
        return bad_word(ctx, text, "is empty: a word is missing beside a comma");
    if (strcmp(text, "none") == 0)
        return bad_word(ctx, text, "stands alone or not at all");
    for (int i = 0; i < PART_COUNT; i++) {
        if (strcmp(text, part_names[i]) != 0)
            continue;
        word->kind = WORD_PART;
        word->part = (enum part)i;
        return OCTET_OK;
    }
    if (strspn(text, "0123456789-") != strlen(text) || text[0] == '-')
        return OCTET_OK;
    word->kind = WORD_RANGE;
    const char *at = text;
    word->first = word->last = take_number(&at);
    if (*at == '-') {
        at++;
        word->last = take_number(&at);
    }
    if (*at || word->first < 0 || word->last < word->first)
        return bad_word(ctx, text, "is no layer's number, nor a range FIRST-LAST");
    return OCTET_OK;
}

/* The layer that writes a tensor which one convolution alone reads, and nothing else; or -1. */
static int only_source(const struct oct_network *network, int tensor)
{
    int readers = 0, source = -1;
    for (int i = 0; i < network->tensor_count; i++) {
        const struct oct_tensor *t = &network->tensors[i];
        if (t->kind == OCT_TENSOR_SLICE && t->parent == tensor)
            return -1;
        for (int m = 0; t->kind == OCT_TENSOR_CONCAT && m < t->member_count; m++)
            if (t->members[m] == tensor)
                return -1;
    }
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        readers += (layer->input == tensor) + (layer->residual == tensor);
        source = layer->output == tensor ? i : source;
    }
    if (readers != 1 || source < 0 || network->layers[source].operation != OCT_CONVOLUTION)
        return -1;
    return source;
}

/* The convolutions that only feed the head's level: back from its last one for as long as there is
 * one reader. Returns how many. */
static int select_branch(const struct oct_network *network, int tensor, bool *is_float)
{
    int layer = -1, count = 0;
    for (int i = 0; i < network->layer_count; i++)
        if (network->layers[i].output == tensor)
            layer = i;
    while (layer >= 0 && network->layers[layer].operation == OCT_CONVOLUTION) {
        is_float[layer] = true;
        count++;
        layer = only_source(network, network->layers[layer].input);
    }
    return count;
}

/* Those of the head's branches that end in outputs of the part. */
static int select_head(const struct oct_network *network, enum part part, bool *is_float)
{
    int count = 0;
    for (int i = 0; i < network->head.output_count; i++) {
        const struct oct_head_output *output = &network->head.outputs[i];
        const enum part its = output->role == OCT_HEAD_BOX ? PART_HEAD_BOX : PART_HEAD_CLASS;
        if (part == PART_HEAD || part == its)
            count += select_branch(network, output->tensor, is_float);
    }
    return count;
}

/* Whether the tensor, or what it is a view of, is marked. */
static bool is_marked(const struct oct_network *network, int tensor, const bool *marked)
{
    const struct oct_tensor *t = &network->tensors[tensor];
    if (marked[tensor] || (t->parent >= 0 && is_marked(network, t->parent, marked)))
        return true;
    for (int m = 0; m < t->member_count; m++)
        if (is_marked(network, t->members[m], marked))
            return true;
    return false;
}

/* Behind something that makes a picture larger again. */
static void mark_neck(const struct oct_network *network, bool *marked)
{
    for (int i = 0; i < network->layer_count; i++) {
        const struct oct_layer *layer = &network->layers[i];
        marked[layer->output] =
            layer->operation == OCT_UPSAMPLE || layer->operation == OCT_DEPTH_TO_SPACE ||
            is_marked(network, layer->input, marked) ||
            (layer->residual >= 0 && is_marked(network, layer->residual, marked));
    }
}

/* Stem, backbone and neck: what the head leaves, by the size of what is read and by what it comes
 * from. */
static octet_status select_body(octet_context *ctx, const struct oct_network *network,
                                enum part part, bool *is_float, int *count)
{
    const size_t tensors = (size_t)network->tensor_count;
    struct oct_network_size *sizes = oct_calloc(ctx, tensors, sizeof *sizes);
    bool *is_neck = oct_calloc(ctx, tensors, sizeof *is_neck);
    bool *is_head = oct_calloc(ctx, (size_t)network->layer_count, sizeof *is_head);
    octet_status status = OCTET_OK;
    if (!sizes || !is_neck || !is_head)
        status = oct_fail_memory(ctx, "float layers");
    if (!status)
        status =
            oct_network_sizes(ctx, network, network->input_height, network->input_width, sizes);
    if (!status) {
        select_head(network, PART_HEAD, is_head);
        mark_neck(network, is_neck);
    }
    for (int i = 0; i < network->layer_count && !status; i++) {
        const struct oct_layer *layer = &network->layers[i];
        const bool early = sizes[layer->input].height * STEM_STRIDE > network->input_height;
        const enum part its = is_neck[layer->output] ? PART_NECK
                              : early                ? PART_STEM
                                                     : PART_BACKBONE;
        if (!oct_layer_computes(layer) || is_head[i] || its != part)
            continue;
        is_float[i] = true;
        (*count)++;
    }
    oct_free(ctx, sizes);
    oct_free(ctx, is_neck);
    oct_free(ctx, is_head);
    return status;
}

static bool matches(const struct oct_network *network, int layer, const struct word *word)
{
    const struct oct_layer *l = &network->layers[layer];
    if (!oct_layer_computes(l))
        return false;
    if (word->kind == WORD_RANGE)
        return layer >= word->first && layer <= word->last;
    return fnmatch(word->pattern, l->name, 0) == 0 ||
           fnmatch(word->pattern, network->tensors[l->output].name, 0) == 0;
}

static octet_status select_word(octet_context *ctx, const struct oct_network *network,
                                const struct word *word, bool *is_float, int *count)
{
    if (word->kind == WORD_PART && word->part < PART_HEAD_BOX)
        return select_body(ctx, network, word->part, is_float, count);
    if (word->kind == WORD_PART)
        *count += select_head(network, word->part, is_float);
    for (int i = 0; i < network->layer_count && word->kind != WORD_PART; i++) {
        if (!matches(network, i, word))
            continue;
        is_float[i] = true;
        (*count)++;
    }
    return OCTET_OK;
}

octet_status oct_select_float_layers(octet_context *ctx, const struct oct_network *network,
                                     const char *text, bool *is_float)
{
    if (!text || strcmp(text, "none") == 0)
        return OCTET_OK;
    char *copy = oct_strdup(ctx, text);
    if (!copy)
        return oct_fail_memory(ctx, "float layers");
    octet_status status = OCTET_OK;
    char *rest = copy, *item;
    while (!status && (item = strsep(&rest, ","))) {
        struct word word;
        int count = 0;
        status = parse_word(ctx, item, &word);
        if (!status && network)
            status = select_word(ctx, network, &word, is_float, &count);
        if (!status && network && count == 0)
            status = oct_fail(ctx, OCTET_MISMATCH,
                              "float layers: no convolution of the model matches \"%.80s\"; octet "
                              "inspect lists the model's layers",
                              item);
    }
    oct_free(ctx, copy);
    return status;
}
