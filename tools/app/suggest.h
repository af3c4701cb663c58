/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean ...?": the known word that is nearest to a mistyped one. */
#ifndef TOOLS_SUGGEST_H
#define TOOLS_SUGGEST_H

#include <stddef.h>

struct suggestion {
    const char *word, *best; /* best is NULL until something near enough was offered */
    size_t distance;
};

struct suggestion suggest_for(const char *word);
void suggest_offer(struct suggestion *suggestion, const char *candidate);

/* " (did you mean 'X'?)" or "", with `mark` before X (for instance "--"), in `text` of 128 bytes,
 * which it returns. */
#define SUGGEST_BYTES 128
const char *suggest_text(const struct suggestion *suggestion, const char *mark, char *text);

#endif
