/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which shards of runs are in statistics. A run whose pictures are dealt out to N calibrations has
 * shards 1/N to N/N; when all of them have come together, the statistics are those of the whole run
 * and nothing is said of shards any more.
 */
#ifndef OCTET_COMPILER_CALIBRATE_SHARDS_H
#define OCTET_COMPILER_CALIBRATE_SHARDS_H

#include "base/memory.h"
#include "base/text.h"

#define OCT_SHARDS_MAX 4096
#define OCT_SHARD_RUNS_MAX 16
#define OCT_RUN_NAME_MAX 64

/* A run of which some shards are here and some are not. */
struct oct_sharded_run {
    char name[OCT_RUN_NAME_MAX + 1];
    int shards;
    uint64_t here[OCT_SHARDS_MAX / 64]; /* a bit for each, the lowest first */
};

struct oct_shards {
    int count;
    struct oct_sharded_run runs[OCT_SHARD_RUNS_MAX]; /* by rising name and number of shards */
};

/* 1 to OCT_RUN_NAME_MAX letters, digits, dots, dashes and underscores. */
bool oct_run_name_valid(const char *name);

/* Whether shard `shard` of a run, counted from 1, is here. */
bool oct_shard_is_here(const struct oct_sharded_run *run, int shard);

/* The order of runs: by name, then number of shards. */
int oct_compare_runs(const struct oct_sharded_run *a, const struct oct_sharded_run *b);

/* Adds one shard. */
octet_status oct_shards_add(octet_context *ctx, struct oct_shards *shards, const char *name,
                            int shard, int of);

/* Adds those of other statistics; a shard that both have is refused, then nothing is changed. Runs
 * that are whole now are forgotten. */
octet_status oct_shards_merge(octet_context *ctx, struct oct_shards *shards,
                              const struct oct_shards *others);

bool oct_shards_equal(const struct oct_shards *a, const struct oct_shards *b);

/* "1/3 2/3" of those that are `here`, or of those that are not; what does not fit into `size` bytes
 * is told by "...". */
void oct_shards_text(const struct oct_shards *shards, bool here, char *text, size_t size);

#endif
