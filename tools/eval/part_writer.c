/* SPDX-License-Identifier: Apache-2.0 */
/* A part of an evaluation, picture by picture. */
#include "eval/part_writer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/byte_hash.h"
#include "app/json_print.h"

static void put(struct part_writer *part, const char *text)
{
    const size_t length = strlen(text);
    part->hash = app_hash(part->hash, text, length);
    output_write(&part->file, text, length);
}

static void put_text(struct part_writer *part, const char *format, ...) TOOLS_PRINTF(2, 3);

/* Numbers alone: they fit. */
static void put_text(struct part_writer *part, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put(part, text);
}

static int compare_places(const void *a, const void *b)
{
    const struct box_place *left = a, *right = b;
    if (left->image_id != right->image_id)
        return left->image_id < right->image_id ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

static void sort_boxes(struct part_writer *part, const struct eval_set *set)
{
    part->place_count = octet_truth_box_count(set->truth);
    part->places = app_alloc(part->place_count, sizeof *part->places);
    for (size_t i = 0; i < part->place_count; i++) {
        octet_truth_box box;
        octet_truth_box_get(set->truth, i, &box);
        part->places[i] = (struct box_place){box.image_id, i};
    }
    if (part->place_count > 1)
        qsort(part->places, part->place_count, sizeof *part->places, compare_places);
}

int part_begin(struct part_writer *part, const struct eval_run *run, const char *path)
{
    const int status = output_open(&part->file, run->app, path);
    if (status != STATUS_DONE)
        return status;
    json_t *header = json_new_object();
    json_put(header, "octet_evaluation_part", json_integer(PART_VERSION));
    json_put(header, "shard", json_integer(run->set.shard.index));
    json_put(header, "shards", json_integer(run->set.shard.count));
    json_put(header, "model", json_text(run->model));
    json_put(header, "ground_truth", json_text(run->ground_truth));
    json_put(header, "run", json_incref(run->facts));
    char *line = json_line(header);
    part->hash = APP_HASH_START;
    put(part, line);
    put(part, "\n");
    free(line);
    if (!run->set.labelled)
        sort_boxes(part, &run->set);
    return STATUS_DONE;
}

static void put_box(struct part_writer *part, const octet_truth *truth, size_t index, bool first)
{
    octet_truth_box b;
    octet_truth_box_get(truth, index, &b);
    put_text(part, "%s[%" PRId64 ",%" PRId64 ",%.17g,%.17g,%.17g,%.17g,%.17g,%d]", first ? "" : ",",
             b.id, b.class_id, b.x, b.y, b.width, b.height, b.area, b.is_crowd != 0);
    part->boxes++;
}

/* Of label files: those that were added last, with the picture. */
static void put_last_boxes(struct part_writer *part, const struct eval_set *set, int64_t image_id)
{
    const size_t count = octet_truth_box_count(set->truth);
    octet_truth_box box;
    size_t first = count;
    while (first > 0 && octet_truth_box_get(set->truth, first - 1, &box) == OCTET_OK &&
           box.image_id == image_id)
        first--;
    for (size_t i = first; i < count; i++)
        put_box(part, set->truth, i, i == first);
}

static void put_sorted_boxes(struct part_writer *part, const struct eval_set *set, int64_t image_id)
{
    size_t low = 0, high = part->place_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (part->places[middle].image_id < image_id)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i < part->place_count && part->places[i].image_id == image_id; i++)
        put_box(part, set->truth, part->places[i].index, i == low);
}

void part_add(struct part_writer *part, const struct eval_run *run, size_t index,
              const octet_detection *found, int count)
{
    const struct eval_picture *entry = &run->set.entries[index];
    put_text(part, "{\"place\":%zu,\"image\":%" PRId64 ",\"boxes\":[", entry->place, entry->id);
    if (run->set.labelled)
        put_last_boxes(part, &run->set, entry->id);
    else
        put_sorted_boxes(part, &run->set, entry->id);
    put(part, "],\"found\":[");
    bool first = true;
    for (int i = 0; i < count; i++) {
        const octet_detection *d = &found[i];
        if (!run->classes.known[d->class_id])
            continue;
        /* nine digits are all that a float has */
        put_text(part, "%s[%" PRId64 ",%.9g,%.9g,%.9g,%.9g,%.9g]", first ? "" : ",",
                 run->classes.ids[d->class_id], (double)d->score, (double)d->x1, (double)d->y1,
                 (double)d->x2, (double)d->y2);
        first = false;
        part->found++;
    }
    put(part, "]}\n");
    part->pictures++;
}

int part_commit(struct part_writer *part, const struct eval_run *run)
{
    put_text(part, "{\"pictures\":%zu,\"left_out\":%zu,\"seconds\":%.17g", part->pictures,
             run->set.bad - run->set.missing, run->seconds);
    if (run->arguments->rect) {
        char *text = json_line(size_tally_json(&run->tally));
        put(part, ",\"sizes\":");
        put(part, text);
        free(text);
    }
    put_text(part, ",\"hash\":\"%016" PRIx64 "\"}\n", part->hash);
    return output_commit(&part->file);
}

void part_abandon(struct part_writer *part)
{
    output_abandon(&part->file);
    free(part->places);
    part->places = NULL;
}
