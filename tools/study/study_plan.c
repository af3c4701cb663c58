/* SPDX-License-Identifier: Apache-2.0 */
/* Counts, calibrators and samples of a study. */
#include "study/study_plan.h"

#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "pictures/source_paths.h"

#define COUNTS_MAX 64
#define ENGINES_MAX 10000

static const size_t default_counts[] = {16, 32, 64, 100, 200, 500};
#define DEFAULT_COUNTS (sizeof default_counts / sizeof *default_counts)

static int compare_sizes(const void *a, const void *b)
{
    const size_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* The next word between commas, without blanks around it; NULL past the end. */
static char *next_word(char **rest)
{
    char *word = strsep(rest, ",");
    if (!word)
        return NULL;
    word += strspn(word, " ");
    for (size_t length = strlen(word); length && word[length - 1] == ' ';)
        word[--length] = '\0';
    return word;
}

static void default_choice(struct study_plan *plan)
{
    plan->counts = app_alloc(DEFAULT_COUNTS + 1, sizeof *plan->counts);
    for (size_t i = 0; i < DEFAULT_COUNTS && default_counts[i] < plan->pictures; i++)
        plan->counts[plan->count_count++] = default_counts[i];
    if (plan->pictures <= default_counts[DEFAULT_COUNTS - 1])
        plan->counts[plan->count_count++] = plan->pictures;
}

static int read_counts(struct app *app, const char *text, struct study_plan *plan)
{
    char *copy = app_strdup(text), *rest = copy, *word;
    int status = STATUS_DONE;
    size_t left_out = 0;
    plan->counts = app_alloc(COUNTS_MAX, sizeof *plan->counts);
    while (status == STATUS_DONE && (word = next_word(&rest))) {
        int64_t count;
        if (!parse_integer(word, &count) || count < 1 || count > (int64_t)SAMPLE_MAX)
            status = app_usage(app, "--counts: '%s' is no number of pictures", word);
        else if ((size_t)count > plan->pictures)
            left_out++;
        else if (plan->count_count == COUNTS_MAX)
            status = app_usage(app, "--counts: %d numbers at most", COUNTS_MAX);
        else
            plan->counts[plan->count_count++] = (size_t)count;
    }
    free(copy);
    if (status != STATUS_DONE)
        return status;
    if (!plan->count_count)
        return app_fail(app, "--counts: all are more than the %zu pictures of --images",
                        plan->pictures);
    if (left_out)
        app_say(app, "--counts: more than the %zu pictures of --images are left out",
                plan->pictures);
    qsort(plan->counts, plan->count_count, sizeof *plan->counts, compare_sizes);
    size_t kept = 1;
    for (size_t i = 1; i < plan->count_count; i++)
        if (plan->counts[i] > plan->counts[kept - 1])
            plan->counts[kept++] = plan->counts[i];
    plan->count_count = kept;
    return STATUS_DONE;
}

static int read_calibrators(struct app *app, const char *text, struct study_plan *plan)
{
    char *copy = app_strdup(text ? text : "mse"), *rest = copy, *word;
    int status = STATUS_DONE;
    plan->calibrators = app_alloc(strlen(copy) / 2 + 1, sizeof *plan->calibrators);
    while (status == STATUS_DONE && (word = next_word(&rest))) {
        octet_build_settings settings;
        octet_build_defaults(&settings);
        settings.calibrator = word;
        for (size_t i = 0; i < plan->calibrator_count && status == STATUS_DONE; i++)
            if (strcmp(plan->calibrators[i], word) == 0)
                status = app_usage(app, "--calibrators: '%s' stands there twice", word);
        if (status == STATUS_DONE && octet_build(app->context, NULL, NULL, &settings, NULL))
            status = app_usage(app, "--calibrators: %s", octet_context_message(app->context));
        if (status == STATUS_DONE)
            plan->calibrators[plan->calibrator_count++] = app_strdup(word);
    }
    free(copy);
    return status;
}

static void draw_samples(struct study_plan *plan)
{
    const size_t n = plan->pictures, most = plan->counts[plan->count_count - 1];
    plan->shell_of = app_alloc(plan->seeds * n, sizeof *plan->shell_of);
    for (size_t seed = 0; seed < plan->seeds; seed++) {
        size_t *shell_of = plan->shell_of + seed * n, *order = sources_draw(n, most, seed);
        size_t shell = 0;
        for (size_t i = 0; i < n; i++) {
            while (shell < plan->count_count && i >= plan->counts[shell])
                shell++;
            shell_of[order[i]] = shell;
        }
        free(order);
    }
}

int study_plan_make(struct app *app, const char *counts, size_t seeds, const char *calibrators,
                    size_t pictures, struct study_plan *plan)
{
    *plan = (struct study_plan){.pictures = pictures, .seeds = seeds};
    int status = read_calibrators(app, calibrators, plan);
    if (status == STATUS_DONE && counts)
        status = read_counts(app, counts, plan);
    else if (status == STATUS_DONE)
        default_choice(plan);
    if (status != STATUS_DONE)
        return status;
    if (study_plan_engines(plan) > ENGINES_MAX)
        return app_fail(app,
                        "%zu engines to measure: %d at most; take fewer --counts, --seeds or "
                        "--calibrators",
                        study_plan_engines(plan), ENGINES_MAX);
    draw_samples(plan);
    return STATUS_DONE;
}

size_t study_plan_seeds(const struct study_plan *plan, size_t count)
{
    return plan->counts[count] == plan->pictures ? 1 : plan->seeds;
}

bool study_plan_takes(const struct study_plan *plan, size_t picture)
{
    for (size_t seed = 0; seed < plan->seeds; seed++)
        if (plan->shell_of[seed * plan->pictures + picture] < plan->count_count)
            return true;
    return false;
}

size_t study_plan_engines(const struct study_plan *plan)
{
    size_t engines = 0;
    for (size_t i = 0; i < plan->count_count; i++)
        engines += study_plan_seeds(plan, i) * plan->calibrator_count;
    return engines;
}

void study_plan_free(struct study_plan *plan)
{
    for (size_t i = 0; i < plan->calibrator_count; i++)
        free(plan->calibrators[i]);
    free(plan->calibrators);
    free(plan->counts);
    free(plan->shell_of);
    *plan = (struct study_plan){0};
}
