/* SPDX-License-Identifier: Apache-2.0 */
/* A part of an evaluation, line by line: the run, pictures, the end. */
#include "eval/part_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/byte_hash.h"
#include "eval/eval_facts.h"
#include "eval/part_writer.h"

#define PART_START "{\"octet_evaluation_part\":"
#define END_PREFIX "{\"pictures\":"
#define HASH_BYTES 28 /* of the end's last member, as part_writer.c has it */

/* One file that is being read. */
struct reading {
    struct app *app;
    struct part *part;
    FILE *file;
    char *line;
    size_t capacity, length, number; /* of the line; the first is 1 */
    uint64_t hash;                   /* of all lines before this one */
    bool ended;
};

static int damaged(const struct reading *r, const char *what)
{
    return app_fail(r->app, "%s: damaged part of an evaluation: line %zu: %s", r->part->path,
                    r->number, what);
}

static int cut_short(const struct reading *r)
{
    return app_fail(r->app, "%s: a part of an evaluation that is cut short", r->part->path);
}

/* Room for one more. */
static void *grow(void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity ? *capacity * 2 : 64;
    return app_resize(list, *capacity, size);
}

static json_t *parse(const struct reading *r)
{
    json_t *value = json_loadb(r->line, r->length, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

/* A whole number from `least` on. */
static bool read_size(const json_t *object, const char *key, size_t least, size_t *size)
{
    const json_t *value = json_object_get(object, key);
    *size = (size_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= (json_int_t)least;
}

/* Numbers of an entry: whole ones where `whole` has a bit. */
static bool read_numbers(const json_t *entry, size_t count, unsigned whole, double *numbers)
{
    if (json_array_size(entry) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(entry, i);
        if (whole >> i & 1 ? !json_is_integer(value) : !json_is_number(value))
            return false;
        numbers[i] = json_number_value(value);
        if (!isfinite(numbers[i]))
            return false;
    }
    return true;
}

static int64_t whole_at(const json_t *entry, size_t index)
{
    return json_integer_value(json_array_get(entry, index));
}

static bool add_box(struct part *part, int64_t image_id, const json_t *entry)
{
    double n[8];
    if (!read_numbers(entry, 8, 0x83, n) || n[4] < 0 || n[5] < 0 || n[6] < 0)
        return false;
    part->boxes = grow(part->boxes, part->box_count, &part->box_capacity, sizeof *part->boxes);
    part->boxes[part->box_count++] = (octet_truth_box){
        whole_at(entry, 0),     image_id, whole_at(entry, 1), n[2], n[3], n[4], n[5], n[6],
        whole_at(entry, 7) != 0};
    return true;
}

static bool fits_float(double number)
{
    return isfinite((float)number);
}

static bool add_found(struct part *part, const json_t *entry)
{
    double n[6];
    if (!read_numbers(entry, 6, 0x01, n))
        return false;
    for (int i = 1; i < 6; i++)
        if (!fits_float(n[i]))
            return false;
    if (n[4] < n[2] || n[5] < n[3])
        return false;
    part->found = grow(part->found, part->found_count, &part->found_capacity, sizeof *part->found);
    part->found[part->found_count++] = (struct part_found){
        whole_at(entry, 0), {(float)n[2], (float)n[3], (float)n[4], (float)n[5], (float)n[1], 0}};
    return true;
}

/* The picture's place is of the shard, in the list, and behind the last one's. */
static bool place_fits(const struct part *part, size_t place)
{
    const json_int_t listed = json_integer_value(json_object_get(part->facts, "listed"));
    if ((json_int_t)place >= listed || !shard_has(&part->shard, place))
        return false;
    return !part->count || part->pictures[part->count - 1].place < place;
}

static bool add_picture(struct part *part, const json_t *line)
{
    const json_t *image = json_object_get(line, "image"), *boxes = json_object_get(line, "boxes"),
                 *found = json_object_get(line, "found");
    size_t place;
    if (json_object_size(line) != 4 || !read_size(line, "place", 0, &place) ||
        !place_fits(part, place) || !json_is_integer(image) || !json_is_array(boxes) ||
        !json_is_array(found))
        return false;
    for (size_t i = 0; i < json_array_size(boxes); i++)
        if (!add_box(part, json_integer_value(image), json_array_get(boxes, i)))
            return false;
    for (size_t i = 0; i < json_array_size(found); i++)
        if (!add_found(part, json_array_get(found, i)))
            return false;
    part->pictures =
        grow(part->pictures, part->count, &part->picture_capacity, sizeof *part->pictures);
    part->pictures[part->count++] =
        (struct part_picture){place, json_integer_value(image), part->box_count, part->found_count};
    return true;
}

static int read_picture(struct reading *r)
{
    json_t *line = parse(r);
    const bool added = line && add_picture(r->part, line);
    json_decref(line);
    return added ? STATUS_DONE : damaged(r, "no picture of this shard");
}

static int read_header(struct reading *r)
{
    struct part *part = r->part;
    size_t version, index, count;
    json_t *header = part->header = parse(r);
    if (!header || !read_size(header, "octet_evaluation_part", 0, &version))
        return app_fail(r->app, "%s: not a part of an evaluation, which octet eval --shard writes",
                        part->path);
    if (version != PART_VERSION)
        return app_fail(r->app,
                        "%s: a part of version %zu; this octet reads version %d: evaluate "
                        "again",
                        part->path, version, PART_VERSION);
    part->facts = json_object_get(header, "run");
    if (!read_size(header, "shard", 1, &index) || !read_size(header, "shards", 1, &count) ||
        index > count || count > SHARDS_MAX || !json_is_string(json_object_get(header, "model")) ||
        !json_is_string(json_object_get(header, "ground_truth")) || !json_is_object(part->facts))
        return damaged(r, "not what a part begins with");
    part->shard = (struct shard){(int)index, (int)count};
    const char *wrong = eval_facts_check(part->facts);
    return wrong ? damaged(r, wrong) : STATUS_DONE;
}

/* The hash of all that stands before it. */
static bool hash_fits(const struct reading *r)
{
    char expected[HASH_BYTES + 1];
    if (r->length < HASH_BYTES)
        return false;
    snprintf(expected, sizeof expected, ",\"hash\":\"%016" PRIx64 "\"}\n",
             app_hash(r->hash, r->line, r->length - HASH_BYTES));
    return memcmp(r->line + r->length - HASH_BYTES, expected, HASH_BYTES) == 0;
}

static int read_end(struct reading *r)
{
    struct part *part = r->part;
    size_t count;
    if (!hash_fits(r))
        return damaged(r, "the hash is another one");
    json_t *end = parse(r);
    const json_t *seconds = json_object_get(end, "seconds");
    const bool whole = end && read_size(end, "pictures", 0, &count) && count == part->count &&
                       read_size(end, "left_out", 0, &part->left_out) && json_is_number(seconds);
    part->seconds = json_number_value(seconds);
    const bool sized = !eval_facts_rect(part->facts) ||
                       size_tally_read(&part->tally, json_object_get(end, "sizes"), part->count);
    json_decref(end);
    const size_t listed = (size_t)json_integer_value(json_object_get(part->facts, "listed"));
    if (!sized)
        return damaged(r, "no sizes of its pictures");
    if (!whole || part->left_out != shard_size(&part->shard, listed) - part->count)
        return damaged(r, "pictures are missing");
    r->ended = true;
    return STATUS_DONE;
}

static int read_line(struct reading *r)
{
    int status;
    if (r->ended)
        return damaged(r, "something behind the end");
    if (r->line[r->length - 1] != '\n' && r->number > 1)
        return cut_short(r);
    if (r->number == 1)
        status = read_header(r);
    else if (strncmp(r->line, END_PREFIX, sizeof END_PREFIX - 1) == 0)
        status = read_end(r);
    else
        status = read_picture(r);
    r->hash = app_hash(r->hash, r->line, r->length);
    return status;
}

static int read_lines(struct reading *r)
{
    int status = STATUS_DONE;
    ssize_t length;
    errno = 0;
    while (status == STATUS_DONE && (length = getline(&r->line, &r->capacity, r->file)) >= 0) {
        r->length = (size_t)length;
        r->number++;
        status = read_line(r);
        errno = 0;
    }
    if (status != STATUS_DONE)
        return status;
    if (errno)
        return app_fail(r->app, "%s: %s", r->part->path, strerror(errno));
    if (r->number == 0)
        return app_fail(r->app, "%s: empty: not a part of an evaluation", r->part->path);
    return r->ended ? STATUS_DONE : cut_short(r);
}

int part_read(struct app *app, const char *path, struct part *part)
{
    struct reading r = {.app = app, .part = part, .hash = APP_HASH_START};
    *part = (struct part){.path = path};
    r.file = fopen(path, "re");
    if (!r.file)
        return app_fail_open(app, path);
    const int status = read_lines(&r);
    fclose(r.file);
    free(r.line);
    return status;
}

int part_may_replace(struct app *app, const char *path)
{
    char start[sizeof PART_START - 1];
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? STATUS_DONE : app_fail_open(app, path);
    const size_t length = fread(start, 1, sizeof start, file);
    fclose(file);
    if (length == 0 || (length == sizeof start && memcmp(start, PART_START, length) == 0))
        return STATUS_DONE;
    return app_fail(app, "%s: is there, and no part of an evaluation: not overwritten", path);
}

void part_free(struct part *part)
{
    json_decref(part->header);
    size_tally_free(&part->tally);
    free(part->pictures);
    free(part->boxes);
    free(part->found);
}
