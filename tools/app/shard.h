/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of long work: of a list of pictures, shard K of N takes the K-th and every N-th after. */
#ifndef TOOLS_SHARD_H
#define TOOLS_SHARD_H

#include "app/app.h"

#define SHARDS_MAX 1000000

struct shard {
    size_t number, count; /* 1 to count; count 0: all of the list */
};

/* The text of --shard, "K/N". Returns a status. */
int shard_parse(struct app *app, const char *text, struct shard *shard);

/* Whether the picture at `place`, from 0, of the whole list is of the shard. */
bool shard_has(const struct shard *shard, size_t place);

/* How many of a list of `count` are. */
size_t shard_size(const struct shard *shard, size_t count);

#endif
