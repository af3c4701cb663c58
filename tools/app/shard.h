/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of long work: the pictures number K, K + N, K + 2 N, ... of a list. */
#ifndef TOOLS_SHARD_H
#define TOOLS_SHARD_H

#include <stdbool.h>
#include <stddef.h>

#define SHARDS_MAX 4096

struct shard {
    int index, count; /* K and N; 0: not given */
};

/* Whether the picture at `place`, from 0, of the whole list is of the shard; all are where none is
 * given. */
bool shard_has(const struct shard *shard, size_t place);

/* How many of a list of `count` are. */
size_t shard_size(const struct shard *shard, size_t count);

#endif
