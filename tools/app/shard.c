/* SPDX-License-Identifier: Apache-2.0 */
/* Which pictures of a list are a shard's. */
#include "app/shard.h"

#include <stdlib.h>
#include <string.h>

/* Digits alone, up to `end`; 0 where it is no number from 1 to SHARDS_MAX. */
static size_t read_number(const char *text, char end)
{
    const size_t length = strspn(text, "0123456789");
    if (length < 1 || length > 7 || text[length] != end)
        return 0;
    const unsigned long number = strtoul(text, NULL, 10);
    return number <= SHARDS_MAX ? number : 0;
}

int shard_parse(struct app *app, const char *text, struct shard *shard)
{
    const char *slash = strchr(text, '/');
    shard->number = read_number(text, '/');
    shard->count = slash ? read_number(slash + 1, '\0') : 0;
    if (shard->number && shard->number <= shard->count)
        return STATUS_DONE;
    return app_usage(app, "--shard %s: it is K/N, shard K of N, K from 1 to N (N at most %d)", text,
                     SHARDS_MAX);
}

bool shard_has(const struct shard *shard, size_t place)
{
    return !shard->count || place % shard->count == shard->number - 1;
}

size_t shard_size(const struct shard *shard, size_t count)
{
    if (!shard->count)
        return count;
    return count / shard->count + (shard->number <= count % shard->count);
}
