/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of sources: pictures at random, films' frames spread over their length. */
#include <stdlib.h>

#include "pictures/source_paths.h"

/* SplitMix64, by Steele, Lea and Flood. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Sets those of `taken` that are chosen: `count` of the `n` in `order`, which it shuffles. */
static void choose(size_t *order, size_t n, size_t count, uint64_t seed, bool *taken)
{
    for (size_t i = 0; i < count; i++) {
        size_t j = i + (size_t)((unsigned __int128)next_random(&seed) * (n - i) >> 64);
        size_t chosen = order[j];
        order[j] = order[i];
        order[i] = chosen;
        taken[chosen] = true;
    }
}

/* Keeps `count` of the sources that are no films, and all films. */
static void keep_some(struct sources *sources, size_t count, uint64_t seed)
{
    const size_t n = sources->count;
    size_t *order = app_alloc(n, sizeof *order), pictures = 0, stream = 0, kept = 0;
    bool *taken = app_alloc(n, sizeof *taken);
    for (size_t i = 0; i < n; i++) {
        taken[i] = sources_is_stream(sources, i);
        if (!taken[i])
            order[pictures++] = i;
    }
    choose(order, pictures, count < pictures ? count : pictures, seed, taken);
    for (size_t i = 0; i < n; i++) {
        if (stream < sources->stream_count && sources->streams[stream].source == i)
            sources->streams[stream++].source = kept;
        if (taken[i])
            sources->path[kept++] = sources->path[i];
        else
            free(sources->path[i]);
    }
    sources->count = kept;
    free(order);
    free(taken);
}

/* Gives each film its share of `count` by the frames that it has; returns what is left for
 * pictures. A film that nobody can count in advance, or a camera, gives its first frames. */
static size_t share_out(struct app *app, struct sources *sources, size_t count)
{
    size_t *frames = app_alloc(sources->stream_count, sizeof *frames), total, left = count;
    const size_t pictures = total = sources->count - sources->stream_count;
    for (size_t i = 0; i < sources->stream_count; i++)
        total += frames[i] = film_count_frames(sources->streams[i].film);
    if (total < count && frames[0] && sources->stream_count == 1)
        app_say(app, "%zu pictures asked for, about %zu there: all are used", count, total);
    for (size_t i = 0; i < sources->stream_count; i++) {
        const bool is_last = i + 1 == sources->stream_count && !pictures;
        size_t share = !frames[i] || is_last
                           ? left
                           : (size_t)((double)count * (double)frames[i] / (double)total + 0.5);
        share = share > left ? left : share;
        /* none is the same as all: a film that is there gives one at least */
        sources->streams[i].film->picks = share ? share : 1;
        if (frames[i] && share >= frames[i])
            sources->streams[i].film->picks = 0;
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
        keep_some(sources, share_out(app, sources, count), seed);
        return STATUS_DONE;
    }
    if (count > n)
        app_say(app, "%zu pictures asked for, %zu there: all are used", count, n);
    if (count < n)
        keep_some(sources, count, seed);
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
