/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of shards: added, united, told. */
#include "compiler/calibrate/shards.h"

#include <stdio.h>
#include <string.h>

bool oct_run_name_valid(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";
    const size_t length = strlen(name);
    return length >= 1 && length <= OCT_RUN_NAME_MAX && strspn(name, allowed) == length;
}

bool oct_shard_is_here(const struct oct_sharded_run *run, int shard)
{
    return run->here[(shard - 1) / 64] >> ((shard - 1) % 64) & 1;
}

static bool is_whole(const struct oct_sharded_run *run)
{
    int shard = 1;
    while (shard <= run->shards && oct_shard_is_here(run, shard))
        shard++;
    return shard > run->shards;
}

int oct_compare_runs(const struct oct_sharded_run *a, const struct oct_sharded_run *b)
{
    const int names = strcmp(a->name, b->name);
    return names ? names : a->shards - b->shards;
}

/* Where a run is, or would be; `*found` says which. */
static int place_of(const struct oct_shards *shards, const struct oct_sharded_run *run, bool *found)
{
    int at = 0;
    while (at < shards->count && oct_compare_runs(&shards->runs[at], run) < 0)
        at++;
    *found = at < shards->count && oct_compare_runs(&shards->runs[at], run) == 0;
    return at;
}

static octet_status unite(octet_context *ctx, struct oct_sharded_run *run,
                          const struct oct_sharded_run *other)
{
    for (int shard = 1; shard <= run->shards; shard++)
        if (oct_shard_is_here(run, shard) && oct_shard_is_here(other, shard))
            return oct_fail(ctx, OCTET_MISMATCH,
                            "shard %d/%d is in both: its pictures would count twice", shard,
                            run->shards);
    for (size_t i = 0; i < sizeof run->here / sizeof run->here[0]; i++)
        run->here[i] |= other->here[i];
    return OCTET_OK;
}

static octet_status add_run(octet_context *ctx, struct oct_shards *shards,
                            const struct oct_sharded_run *run)
{
    bool found;
    const int at = place_of(shards, run, &found);
    struct oct_sharded_run *to = &shards->runs[at];
    if (found) {
        const octet_status status = unite(ctx, to, run);
        if (!status && is_whole(to)) {
            shards->count--;
            memmove(to, to + 1, (size_t)(shards->count - at) * sizeof *to);
        }
        return status;
    }
    if (is_whole(run))
        return OCTET_OK;
    if (shards->count == OCT_SHARD_RUNS_MAX)
        return oct_fail(ctx, OCTET_MISMATCH,
                        "shards of more than %d runs: merge those of one run first",
                        OCT_SHARD_RUNS_MAX);
    memmove(to + 1, to, (size_t)(shards->count - at) * sizeof *to);
    *to = *run;
    shards->count++;
    return OCTET_OK;
}

octet_status oct_shards_add(octet_context *ctx, struct oct_shards *shards, const char *name,
                            int shard, int of)
{
    struct oct_sharded_run run = {.shards = of};
    snprintf(run.name, sizeof run.name, "%s", name);
    run.here[(shard - 1) / 64] = UINT64_C(1) << ((shard - 1) % 64);
    return add_run(ctx, shards, &run);
}

octet_status oct_shards_merge(octet_context *ctx, struct oct_shards *shards,
                              const struct oct_shards *others)
{
    struct oct_shards all = *shards;
    const struct oct_shards added = *others; /* may be the same */
    for (int i = 0; i < added.count; i++) {
        const octet_status status = add_run(ctx, &all, &added.runs[i]);
        if (status)
            return status;
    }
    *shards = all;
    return OCTET_OK;
}

bool oct_shards_equal(const struct oct_shards *a, const struct oct_shards *b)
{
    bool equal = a->count == b->count;
    for (int i = 0; i < a->count && equal; i++)
        equal = oct_compare_runs(&a->runs[i], &b->runs[i]) == 0 &&
                memcmp(a->runs[i].here, b->runs[i].here, sizeof a->runs[i].here) == 0;
    return equal;
}

void oct_shards_text(const struct oct_shards *shards, bool here, char *text, size_t size)
{
    static const char more[] = " ...";
    size_t length = 0;
    text[0] = '\0';
    for (int r = 0; r < shards->count; r++) {
        const struct oct_sharded_run *run = &shards->runs[r];
        for (int shard = 1; shard <= run->shards; shard++) {
            char word[32];
            if (oct_shard_is_here(run, shard) != here)
                continue;
            const int bytes =
                snprintf(word, sizeof word, "%s%d/%d", length ? " " : "", shard, run->shards);
            if (length + (size_t)bytes + sizeof more > size) {
                memcpy(text + length, more, sizeof more);
                return;
            }
            memcpy(text + length, word, (size_t)bytes + 1);
            length += (size_t)bytes;
        }
    }
}
