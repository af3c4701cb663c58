/* SPDX-License-Identifier: Apache-2.0 */
/* Which convolutions stay float, by the user's words. */
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/lower/lower.h"
#include "network/operations.h"

#define NUMBER_DIGITS 6

/* One of the words between commas. */
struct word {
    enum { WORD_HEAD, WORD_RANGE, WORD_PATTERN } kind;
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
    if (strcmp(text, "head") == 0) {
        word->kind = WORD_HEAD;
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

static int select_word(const struct oct_network *network, const struct word *word, bool *is_float)
{
    int count = 0;
    for (int i = 0; i < network->head.output_count && word->kind == WORD_HEAD; i++)
        count += select_branch(network, network->head.outputs[i].tensor, is_float);
    for (int i = 0; i < network->layer_count && word->kind != WORD_HEAD; i++) {
        if (!matches(network, i, word))
            continue;
        is_float[i] = true;
        count++;
    }
    return count;
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
        status = parse_word(ctx, item, &word);
        if (!status && network && select_word(network, &word, is_float) == 0)
            status = oct_fail(ctx, OCTET_MISMATCH,
                              "float layers: no convolution of the model matches \"%.80s\"; octet "
                              "inspect lists the model's layers",
                              item);
    }
    oct_free(ctx, copy);
    return status;
}
