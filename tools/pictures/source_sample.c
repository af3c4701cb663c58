/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of sources: pictures at random, films' frames spread over their length. */
#include <stdlib.h>

#include "app/shard.h"
#include "pictures/source_paths.h"

/* SplitMix64, by Steele, Lea and Flood. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

size_t *sources_draw(size_t n, size_t count, uint64_t seed)
{
    size_t *order = app_alloc(n, sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = 0; i < count; i++) {
        size_t j = i + (size_t)((unsigned __int128)next_random(&seed) * (n - i) >> 64);
        size_t chosen = order[j];
        order[j] = order[i];
        order[i] = chosen;
    }
    return order;
}

/* Keeps `count` of the sources that are no films, and the films that `keeps` says. */
static void keep_some(struct sources *sources, size_t count, uint64_t seed, const bool *keeps)
{
    const size_t n = sources->count, streams = sources->stream_count;
    size_t *places = app_alloc(n, sizeof *places), pictures = 0, next = 0, kept = 0;
    bool *taken = app_alloc(n, sizeof *taken);
    for (size_t i = 0; i < n; i++)
        if (!sources_is_stream(sources, i))
            places[pictures++] = i;
    for (size_t i = 0; i < streams; i++)
        taken[sources->streams[i].source] = keeps[i];
    const size_t drawn = count < pictures ? count : pictures;
    size_t *order = sources_draw(pictures, drawn, seed);
    for (size_t i = 0; i < drawn; i++)
        taken[places[order[i]]] = true;
    sources->stream_count = 0;
    for (size_t i = 0; i < n; i++) {
        const bool is_stream = next < streams && sources->streams[next].source == i;
        struct source_stream stream = {0};
        if (is_stream)
            stream = sources->streams[next++];
        stream.source = kept;
        if (taken[i] && is_stream)
            sources->streams[sources->stream_count++] = stream;
        else
            film_request_free(stream.film);
        if (taken[i])
            sources->path[kept++] = sources->path[i];
        else
            free(sources->path[i]);
    }
    sources->count = kept;
    free(order);
    free(places);
    free(taken);
}

/* A share of `count`: the part behind `before` of what goes up to `end`, of `total`. Shares of
 * parts that follow each other add up to all. */
static size_t part(size_t count, size_t before, size_t end, size_t total)
{
    const size_t from = (size_t)((unsigned __int128)count * before / total);
    return (size_t)((unsigned __int128)count * end / total) - from;
}

/* Gives each film its share of `count` by the frames that it has, and sets whether it has any;
 * returns what is left for pictures. A camera, or a film that nobody can count in advance, gets
 * what a source has on average. */
static size_t share_out(struct app *app, struct sources *sources, size_t count, bool *keeps)
{
    const size_t n = sources->stream_count, pictures = sources->count - n;
    size_t *frames = app_alloc(n, sizeof *frames), uncounted = 0, at = 0, passed = 0, left = count;
    size_t total = pictures;
    for (size_t i = 0; i < n; i++) {
        total += frames[i] = film_count_frames(sources->streams[i].film);
        uncounted += !frames[i];
    }
    if (total < count && !uncounted)
        app_say(app, "%zu pictures asked for, about %zu there: all are used", count, total);
    const size_t kinds = n + (pictures > 0);
    const size_t counted = part(count, uncounted, kinds, kinds);
    for (size_t i = 0; i < n; i++) {
        const size_t share = frames[i] ? part(counted, at, at + frames[i], total)
                                       : part(count - counted, passed, passed + 1, uncounted);
        at += frames[i];
        passed += !frames[i];
        keeps[i] = share > 0;
        sources->streams[i].film->picks = frames[i] && share >= frames[i] ? 0 : share;
        left -= share;
    }
    free(frames);
    return left;
}

int sources_sample(struct app *app, struct sources *sources, size_t count, uint64_t seed)
{
    const size_t n = sources->count;
    for (size_t i = 0; i < sources->stream_count; i++)
        if (!sources->streams[i].film)
            return sources_refuse_streams(app, sources, "a random sample (--count)");
    if (sources->stream_count) {
        bool *keeps = app_alloc(sources->stream_count, sizeof *keeps);
        const size_t left = share_out(app, sources, count, keeps);
        keep_some(sources, left, seed, keeps);
        free(keeps);
        return STATUS_DONE;
    }
    if (count > n)
        app_say(app, "%zu pictures asked for, %zu there: all are used", count, n);
    if (count < n)
        keep_some(sources, count, seed, NULL);
    return STATUS_DONE;
}

int sources_keep_shard(struct app *app, struct sources *sources, size_t index, size_t count)
{
    size_t kept = 0;
    const int status = sources_refuse_streams(app, sources, "--shard");
    if (status != STATUS_DONE)
        return status;
    if (sources->count < count)
        return app_fail(app, "--shard %zu/%zu: there are %zu pictures: some shards would be empty",
                        index, count, sources->count);
    for (size_t i = 0; i < sources->count; i++) {
        if (shard_has(&(struct shard){(int)index, (int)count}, i))
            sources->path[kept++] = sources->path[i];
        else
            free(sources->path[i]);
    }
    sources->count = kept;
    return STATUS_DONE;
}

bool sources_have_at_most(const struct sources *sources, size_t most)
{
    size_t count = sources->count - sources->stream_count;
    for (size_t i = 0; i < sources->stream_count && count <= most; i++) {
        const struct film_request *film = sources->streams[i].film;
        const size_t frames = film ? film->picks : 0;
        count += frames || !film ? frames : film_count_frames(film) / film->every;
    }
    return count <= most;
}
