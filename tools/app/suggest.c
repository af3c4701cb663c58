/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the nearest of some words by edit distance. */
#include "app/suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 40

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (change, insert, drop, swap of neighbours) from `a` to `b`, without regard to case; both at
 * most WORD_MAX. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            size_t best = least(last[j] + 1, row[j - 1] + 1);
            best = least(best, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = least(best, before[j - 2] + 1);
            row[j] = best;
        }
        size_t *unused = before;
        before = last;
        last = row;
        row = unused;
    }
    return last[b_length];
}

struct suggestion suggest_for(const char *word)
{
    return (struct suggestion){word, NULL, strlen(word) / 3 + 1};
}

void suggest_offer(struct suggestion *suggestion, const char *candidate)
{
    size_t length = strlen(suggestion->word), other = strlen(candidate);
    if (length == 0 || length > WORD_MAX || other > WORD_MAX)
        return;
    size_t distance = edit_distance(suggestion->word, length, candidate, other);
    if (length >= 2 && strncmp(suggestion->word, candidate, length) == 0)
        distance = least(distance, 1);
    if (distance < suggestion->distance ||
        (distance == suggestion->distance && !suggestion->best)) {
        suggestion->best = candidate;
        suggestion->distance = distance;
    }
}

const char *suggest_text(const struct suggestion *suggestion, const char *mark, char *text)
{
    text[0] = '\0';
    if (suggestion->best)
        snprintf(text, SUGGEST_BYTES, " (did you mean '%s%s'?)", mark, suggestion->best);
    return text;
}
