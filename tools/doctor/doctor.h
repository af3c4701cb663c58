/* SPDX-License-Identifier: Apache-2.0 */
/* `octet doctor`: what matters for INT8 on a machine, read from its files in groups with a verdict
 * each. The machine is this one, or the one whose file tree was recorded into a folder. */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include "app/app.h"

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

struct jetpack;
struct tegra;

struct doctor {
    struct app *app;
    int root;                  /* descriptor of the tree's root */
    bool recorded;             /* a tree from elsewhere: what octet itself finds does not count */
    const struct tegra *tegra; /* the Jetson's system on chip, or NULL */
    bool without_dla;          /* a module whose chip has its DLA switched off */
    const struct jetpack *jetpack; /* by the L4T release, or NULL */
    struct group *unreadable;      /* where files that exist but cannot be read are noted */
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

/* The groups, one function each; `group` comes empty but for its name. Jetson before TensorRT. */
void doctor_cpu(struct doctor *doctor, struct group *group);
void doctor_memory(struct doctor *doctor, struct group *group);
void doctor_power(struct doctor *doctor, struct group *group);
void doctor_jetson(struct doctor *doctor, struct group *group);
void doctor_tensorrt(struct doctor *doctor, struct group *group);
void doctor_gpu(struct doctor *doctor, struct group *group);

#endif
