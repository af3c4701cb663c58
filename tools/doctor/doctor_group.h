/* SPDX-License-Identifier: Apache-2.0 */
/* What the doctor says of one subject: a verdict, facts, advice. */
#ifndef TOOLS_DOCTOR_GROUP_H
#define TOOLS_DOCTOR_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "app/format.h"

enum verdict { VERDICT_ABSENT, VERDICT_GOOD, VERDICT_NOTE, VERDICT_PROBLEM };

#define DOCTOR_FACTS_MAX 24
#define DOCTOR_ADVICE_MAX 12
#define DOCTOR_TEXT_BYTES 256

/* A fact's key is a word of snake_case; `is_number` says that the text is a whole number. */
struct fact {
    const char *key;
    char *text;
    bool is_number;
};

struct group {
    const char *name;
    enum verdict verdict;
    char summary[DOCTOR_TEXT_BYTES];
    struct fact facts[DOCTOR_FACTS_MAX];
    size_t fact_count;
    char *advice[DOCTOR_ADVICE_MAX];
    size_t advice_count;
};

/* What the groups say. Only the first DOCTOR_FACTS_MAX facts and DOCTOR_ADVICE_MAX lines are kept.
 * A summary and advice raise the verdict to at least the one given. */
void group_say(struct group *group, enum verdict verdict, const char *format, ...)
    TOOLS_PRINTF(3, 4);
void group_fact(struct group *group, const char *key, const char *format, ...) TOOLS_PRINTF(3, 4);
void group_number(struct group *group, const char *key, long long number);
void group_advise(struct group *group, enum verdict verdict, const char *format, ...)
    TOOLS_PRINTF(3, 4);
void group_free(struct group *group);

#endif
