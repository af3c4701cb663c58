/* SPDX-License-Identifier: Apache-2.0 */
/* Which pictures of a list are a shard's. */
#include "app/shard.h"

bool shard_has(const struct shard *shard, size_t place)
{
    return !shard->count || place % (size_t)shard->count == (size_t)shard->index - 1;
}

size_t shard_size(const struct shard *shard, size_t count)
{
    const size_t shards = (size_t)shard->count;
    return shards ? count / shards + ((size_t)shard->index <= count % shards) : count;
}
