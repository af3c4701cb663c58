/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration caches: reading them, finding an entry, comparing it with statistics. */
#include "compiler/export/trt_cache.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/content.h"
#include "base/read_file.h"

#define ENTRIES_MAX 1000000

bool oct_trt_header_valid(const char *text, size_t length)
{
    if (length < 4 || length > OCT_TRT_HEADER_MAX || memcmp(text, "TRT-", 4) != 0)
        return false;
    size_t at = 4;
    while (at < length && isdigit((unsigned char)text[at]))
        at++;
    if (at == 4 || at + 1 >= length || text[at] != '-')
        return false;
    for (at++; at < length; at++)
        if (!isalnum((unsigned char)text[at]) && text[at] != '_')
            return false;
    return true;
}

struct reading {
    octet_context *ctx;
    const char *file;
    octet_cache *cache;
    size_t line;
    const struct oct_content *content; /* of the file, or NULL */
};

static octet_status bad_line(const struct reading *r, const char *what)
{
    return oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: line %zu of the calibration cache %s", r->file,
                    r->line, what);
}

static const char *problem_of(float scale)
{
    if (isnan(scale))
        return "is not a number";
    if (isinf(scale))
        return "is infinite";
    if (scale < 0.0f)
        return "is negative";
    if (scale == 0.0f)
        return "is zero";
    return oct_scale_valid(scale) ? NULL : "is out of range";
}

static octet_status read_entry(struct reading *r, const char *text, size_t length)
{
    size_t digits = 0;
    uint32_t bits = 0;
    while (digits < length && isxdigit((unsigned char)text[length - 1 - digits]))
        digits++;
    const size_t end = length - digits;
    if (digits < 1 || digits > 8 || end < 2 || memcmp(text + end - 2, ": ", 2) != 0)
        return bad_line(r, "is not \"NAME: SCALE\" with one to eight hexadecimal digits");
    if (end == 2)
        return bad_line(r, "has no name");
    for (size_t i = end; i < length; i++) {
        const int c = tolower((unsigned char)text[i]);
        bits = bits << 4 | (uint32_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
    }
    struct oct_cache_entry *entry = &r->cache->entries[r->cache->count++];
    memcpy(&entry->scale, &bits, sizeof bits);
    entry->problem = problem_of(entry->scale);
    entry->name = oct_arena_strndup(&r->cache->arena, text, end - 2);
    return entry->name ? OCTET_OK : oct_fail_memory(r->ctx, r->file);
}

static octet_status read_line(struct reading *r, const char *text, size_t length)
{
    while (length && (text[length - 1] == '\r' || text[length - 1] == ' '))
        length--;
    if (r->line > 1 && memchr(text, '\0', length))
        return bad_line(r, "has bytes that are no text");
    if (r->line > 1)
        return length ? read_entry(r, text, length) : OCTET_OK;
    if (!oct_trt_header_valid(text, length))
        return oct_fail(r->ctx, OCTET_UNKNOWN_FORMAT,
                        "%s: not a TensorRT calibration cache%s%s: its first line is not "
                        "TRT-VERSION-ALGORITHM",
                        r->file, r->content ? " but " : "", r->content ? r->content->name : "");
    r->cache->header = oct_arena_strndup(&r->cache->arena, text, length);
    return r->cache->header ? OCTET_OK : oct_fail_memory(r->ctx, r->file);
}

static int compare_entries(const void *a, const void *b)
{
    const struct oct_cache_entry *x = *(const struct oct_cache_entry *const *)a;
    const struct oct_cache_entry *y = *(const struct oct_cache_entry *const *)b;
    const int order = strcmp(x->name, y->name);
    return order ? order : (x > y) - (x < y);
}

static void sort_entries(octet_cache *cache)
{
    for (int i = 0; i < cache->count; i++)
        cache->sorted[i] = &cache->entries[i];
    qsort(cache->sorted, (size_t)cache->count, sizeof(*cache->sorted), compare_entries);
    for (int i = 1; i < cache->count; i++)
        if (strcmp(cache->sorted[i]->name, cache->sorted[i - 1]->name) == 0)
            cache->entries[cache->sorted[i] - cache->entries].problem =
                "is the second one of this name";
}

static octet_status read_all(struct reading *r, const char *bytes, size_t size)
{
    octet_cache *cache = r->cache;
    size_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += bytes[i] == '\n';
    if (lines > ENTRIES_MAX)
        return oct_fail(r->ctx, OCTET_BAD_FORMAT,
                        "%s: %zu lines are too many for a calibration "
                        "cache",
                        r->file, lines);
    cache->entries = oct_arena_calloc(&cache->arena, lines, sizeof *cache->entries);
    cache->sorted = oct_arena_calloc(&cache->arena, lines, sizeof(*cache->sorted));
    if (!cache->entries || !cache->sorted)
        return oct_fail_memory(r->ctx, r->file);
    size_t at;
    octet_status status = oct_text_start(r->ctx, r->file, bytes, size, &at);
    while (at < size && !status) {
        const char *end = memchr(bytes + at, '\n', size - at);
        const size_t length = end ? (size_t)(end - bytes) - at : size - at;
        r->line++;
        status = read_line(r, bytes + at, length);
        at += length + 1;
    }
    if (!status && cache->count == 0)
        status =
            oct_fail(r->ctx, OCTET_BAD_FORMAT, "%s: the calibration cache has no scales", r->file);
    if (!status)
        sort_entries(cache);
    return status;
}

octet_status oct_cache_read(octet_context *ctx, const void *bytes, size_t size, const char *name,
                            octet_cache **cache)
{
    octet_cache *c = oct_calloc(ctx, 1, sizeof *c);
    *cache = NULL;
    if (!c)
        return oct_fail_memory(ctx, name);
    oct_context_inherit(&c->own, ctx);
    oct_arena_init(&c->arena, &c->own);
    c->name = oct_arena_strdup(&c->arena, name);
    struct reading r = {ctx, name, c, 0, oct_recognise_content(bytes, size)};
    octet_status status = c->name ? OCTET_OK : oct_fail_memory(ctx, name);
    if (!status)
        status = size ? read_all(&r, bytes, size)
                      : oct_fail(ctx, OCTET_UNKNOWN_FORMAT, "%s: the file is empty", name);
    if (status) {
        oct_cache_free(c);
        c = NULL;
    }
    *cache = c;
    return status;
}

octet_status oct_cache_from_file(octet_context *ctx, const char *path, octet_cache **cache)
{
    struct oct_file file;
    octet_status status = oct_file_open(ctx, path, &file);
    if (status)
        return status;
    status = oct_cache_read(ctx, file.bytes, file.size, path, cache);
    oct_file_close(ctx, &file);
    return status;
}

void oct_cache_free(octet_cache *cache)
{
    if (!cache)
        return;
    struct octet_context last = cache->own;
    oct_arena_clear(&cache->arena);
    oct_free(&last, cache);
}

const struct oct_cache_entry *oct_cache_find(const octet_cache *cache, const char *name)
{
    int low = 0, high = cache->count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (strcmp(cache->sorted[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < cache->count && strcmp(cache->sorted[low]->name, name) == 0 ? cache->sorted[low]
                                                                             : NULL;
}

static const struct oct_tensor_record *find_record(const octet_statistics *statistics,
                                                   const char *name)
{
    for (int i = 0; statistics && i < statistics->tensor_count; i++)
        if (strcmp(statistics->tensors[i].name, name) == 0)
            return &statistics->tensors[i];
    return NULL;
}

void oct_cache_compare(const struct oct_cache_entry *from, const octet_statistics *statistics,
                       octet_cache_entry *entry)
{
    const struct oct_tensor_record *record = find_record(statistics, from->name);
    *entry = (octet_cache_entry){from->name, from->problem, (double)from->scale, -1.0, -1.0};
    if (!record)
        return;
    const struct oct_histogram *h = &record->histogram;
    entry->maximum = fmax(-(double)h->minimum, (double)h->maximum);
    if (!from->problem)
        entry->clipped = oct_symmetric_clipped(h, from->scale);
}
