/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes and reads how far a comparison got. The file is one line that says what it is, one line of
 * JSON, then numbers as the machine has them: for each picture its place and counts of boxes, for
 * each box four edges, score and class, for each layer its four sums; and a checksum of all that.
 */
#include "insight/compare_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/byte_hash.h"
#include "app/json_print.h"
#include "app/output_file.h"
#include "app/paths.h"
#include "models/checkpoint.h"
#include "models/selection.h"

#define FIRST_LINE "octet compare state 1\n"
#define FIRST_LINE_BYTES (sizeof FIRST_LINE - 1)
#define SUMS 4 /* of a layer */
#define PAUSE_MS 10e3
#define PAUSE_SHARE 20 /* of the time that a writing takes: large states are written seldom */

void compare_state_open(struct compare_state *state, struct app *app, const char *folder)
{
    *state = (struct compare_state){.app = app, .pause_ms = PAUSE_MS, .written_ms = app_now_ms()};
    if (folder)
        state->path = path_join(folder, "compare.partial");
}

/* A whole file; NULL where it cannot be read, which errno tells. */
static char *read_file(const char *path, size_t most, size_t *length)
{
    FILE *file = fopen(path, "re");
    char *bytes = NULL;
    size_t capacity = 0, got = 0, count = 1;
    if (!file)
        return NULL;
    while (count && got < most) {
        if (got == capacity) {
            capacity = capacity ? capacity * 2 : 65536;
            bytes = app_resize(bytes, capacity, 1);
        }
        count = fread(bytes + got, 1, capacity - got, file);
        got += count;
    }
    fclose(file);
    *length = got;
    return bytes;
}

int compare_state_check(const struct compare_state *state)
{
    size_t length = 0;
    if (!state->path || !path_exists(state->path))
        return STATUS_DONE;
    char *start = read_file(state->path, FIRST_LINE_BYTES, &length);
    const bool known =
        start && length >= FIRST_LINE_BYTES && memcmp(start, FIRST_LINE, FIRST_LINE_BYTES) == 0;
    free(start);
    if (known)
        return STATUS_DONE;
    return app_fail(state->app,
                    "%s: would be lost: a comparison keeps there how far it got, and this is none "
                    "of octet's; choose another folder for -o, or move it away",
                    state->path);
}

void compare_state_pass_over(const struct compare_state *state)
{
    if (state->path && path_exists(state->path))
        app_say(state->app, "%s of an interrupted comparison is not used: no --resume",
                state->path);
}

static void reserve_boxes(struct compare_state *state, size_t count)
{
    if (state->box_count + count <= state->box_capacity)
        return;
    state->box_capacity = 2 * state->box_capacity + count;
    state->boxes = app_resize(state->boxes, state->box_capacity, sizeof *state->boxes);
}

void compare_state_add(struct compare_state *state, const struct found_boxes boxes[2])
{
    if (state->measured_count == state->measured_capacity) {
        state->measured_capacity = state->measured_capacity ? state->measured_capacity * 2 : 64;
        state->measured =
            app_resize(state->measured, state->measured_capacity, sizeof *state->measured);
    }
    state->measured[state->measured_count++] = (struct picture_boxes){
        (uint32_t)state->position, {(uint32_t)boxes[0].count, (uint32_t)boxes[1].count}};
    for (int side = 0; side < 2; side++) {
        const size_t count = (size_t)boxes[side].count;
        reserve_boxes(state, count);
        if (count)
            memcpy(state->boxes + state->box_count, boxes[side].boxes,
                   count * sizeof *state->boxes);
        state->box_count += count;
    }
}

static json_t *head_json(const struct compare_state *state)
{
    json_t *head = json_new_object();
    json_put(head, "request", json_incref(state->request));
    json_put(head, "pictures", json_integer((json_int_t)state->pictures));
    json_put(head, "position", json_integer((json_int_t)state->position));
    json_put(head, "left_out", json_integer((json_int_t)state->bad));
    json_put(head, "boxes", json_integer((json_int_t)state->box_count));
    json_put(head, "layers", json_integer(state->layers ? state->layers->count : 0));
    json_put(head, "alone", json_boolean(state->layers && state->layers->alone));
    json_put(head, "seconds", json_real(state->seconds));
    return head;
}

/* What is written, and its checksum meanwhile. */
struct writing {
    struct output_file file;
    uint64_t hash;
};

static void put(struct writing *writing, const void *bytes, size_t size)
{
    writing->hash = app_hash(writing->hash, bytes, size);
    output_write(&writing->file, bytes, size);
}

static void put_layers(struct writing *writing, const struct layer_noise *layers)
{
    for (int i = 0; layers && i < layers->count; i++) {
        const struct layer_pair *pair = &layers->pairs[i];
        const double sums[SUMS] = {pair->through.signal, pair->through.noise, pair->alone.signal,
                                   pair->alone.noise};
        put(writing, sums, sizeof sums);
    }
}

static int save(struct compare_state *state)
{
    struct writing writing = {.hash = APP_HASH_START};
    int status = output_open(&writing.file, state->app, state->path);
    if (status != STATUS_DONE)
        return status;
    char *head = json_line(head_json(state));
    put(&writing, FIRST_LINE, FIRST_LINE_BYTES);
    put(&writing, head, strlen(head));
    put(&writing, "\n", 1);
    free(head);
    put(&writing, state->measured, state->measured_count * sizeof *state->measured);
    put(&writing, state->boxes, state->box_count * sizeof *state->boxes);
    put_layers(&writing, state->layers);
    output_write(&writing.file, &writing.hash, sizeof writing.hash);
    return output_commit(&writing.file);
}

int compare_state_save(struct compare_state *state)
{
    const double start_ms = app_now_ms();
    app_hold_signals();
    const int status = save(state);
    app_release_signals();
    state->written_ms = app_now_ms();
    const double pause_ms = PAUSE_SHARE * (state->written_ms - start_ms);
    state->pause_ms = pause_ms > PAUSE_MS ? pause_ms : PAUSE_MS;
    return status;
}

int compare_state_save_at_times(struct compare_state *state)
{
    if (!state->path || app_now_ms() - state->written_ms < state->pause_ms)
        return STATUS_DONE;
    return compare_state_save(state);
}

/* Bytes that are still to be read. */
struct reading {
    const char *at;
    size_t left;
};

static bool take(struct reading *reading, void *to, size_t size)
{
    if (size > reading->left)
        return false;
    if (size)
        memcpy(to, reading->at, size);
    reading->at += size;
    reading->left -= size;
    return true;
}

/* Both lines and the checksum are whole; `*head` is the JSON, to be freed. */
static bool take_head(struct reading *reading, json_t **head)
{
    uint64_t hash;
    if (reading->left < FIRST_LINE_BYTES + sizeof hash)
        return false;
    reading->left -= sizeof hash;
    memcpy(&hash, reading->at + reading->left, sizeof hash);
    if (app_hash(APP_HASH_START, reading->at, reading->left) != hash)
        return false;
    reading->at += FIRST_LINE_BYTES;
    reading->left -= FIRST_LINE_BYTES;
    const char *end = memchr(reading->at, '\n', reading->left);
    if (!end)
        return false;
    const size_t length = (size_t)(end - reading->at);
    *head = json_loadb(reading->at, length, 0, NULL);
    reading->at += length + 1;
    reading->left -= length + 1;
    return *head;
}

/* A count of the head; -1 where it is none up to `most`. */
static json_int_t count_of(const json_t *head, const char *key, size_t most)
{
    const json_t *number = json_object_get(head, key);
    const json_int_t count = json_is_integer(number) ? json_integer_value(number) : -1;
    return count >= 0 && (size_t)count <= most ? count : -1;
}

static bool take_numbers(struct compare_state *state, const json_t *head, struct reading *reading)
{
    const json_int_t position = count_of(head, "position", state->pictures);
    const json_int_t bad = position < 0 ? -1 : count_of(head, "left_out", (size_t)position);
    const json_int_t boxes = count_of(head, "boxes", reading->left / sizeof *state->boxes);
    if (bad < 0 || boxes < 0)
        return false;
    state->position = (size_t)position;
    state->bad = (size_t)bad;
    state->seconds = json_number_value(json_object_get(head, "seconds"));
    state->measured_count = state->measured_capacity = state->position - state->bad;
    state->measured = app_alloc(state->measured_count + 1, sizeof *state->measured);
    state->box_count = state->box_capacity = (size_t)boxes;
    state->boxes = app_alloc(state->box_count + 1, sizeof *state->boxes);
    return take(reading, state->measured, state->measured_count * sizeof *state->measured) &&
           take(reading, state->boxes, state->box_count * sizeof *state->boxes);
}

/* Places rise, and the counts are those of the boxes that are there. */
static bool are_consistent(const struct compare_state *state)
{
    size_t boxes = 0;
    for (size_t i = 0; i < state->measured_count; i++) {
        const struct picture_boxes *measured = &state->measured[i];
        if (measured->place >= state->position ||
            (i > 0 && measured->place <= state->measured[i - 1].place) ||
            measured->counts[0] > SCORING_DETECTIONS_MAX ||
            measured->counts[1] > SCORING_DETECTIONS_MAX)
            return false;
        boxes += measured->counts[0] + measured->counts[1];
    }
    return boxes == state->box_count;
}

static bool take_layers(struct layer_noise *layers, const json_t *head, struct reading *reading)
{
    const json_t *count = json_object_get(head, "layers");
    if (!json_is_integer(count) || json_integer_value(count) != (layers ? layers->count : 0))
        return false;
    if (layers)
        layers->alone = json_is_true(json_object_get(head, "alone"));
    for (int i = 0; layers && i < layers->count; i++) {
        double sums[SUMS];
        if (!take(reading, sums, sizeof sums))
            return false;
        layers->pairs[i].through = (struct noise_sums){sums[0], sums[1]};
        layers->pairs[i].alone = (struct noise_sums){sums[2], sums[3]};
    }
    return reading->left == 0;
}

static int load(struct compare_state *state, struct reading *reading)
{
    json_t *head = NULL;
    int status = STATUS_DONE;
    if (reading->left < FIRST_LINE_BYTES || memcmp(reading->at, FIRST_LINE, FIRST_LINE_BYTES) != 0)
        return app_fail(state->app, "%s: not the state of an interrupted comparison", state->path);
    const bool whole = take_head(reading, &head);
    if (whole && !json_equal(state->request, json_object_get(head, "request")))
        status = app_fail(state->app,
                          "%s: of another comparison (models, pictures, size, --conf, --no-layers, "
                          "devices or kernels): resume with the same, or leave out --resume",
                          state->path);
    else if (!whole || !take_numbers(state, head, reading) || !are_consistent(state) ||
             !take_layers(state->layers, head, reading))
        status = app_fail(state->app, "%s: damaged: leave out --resume", state->path);
    json_decref(head);
    return status;
}

int compare_state_load(struct compare_state *state)
{
    size_t length = 0;
    if (!path_exists(state->path))
        return app_fail(state->app, "%s: not there: nothing to resume; leave out --resume",
                        state->path);
    char *bytes = read_file(state->path, SIZE_MAX, &length);
    if (!bytes)
        return app_fail_open(state->app, state->path);
    const int status = load(state, &(struct reading){bytes, length});
    free(bytes);
    return status;
}

void compare_state_remove(const struct compare_state *state)
{
    if (state->path)
        unlink(state->path);
}

void compare_state_close(struct compare_state *state)
{
    free(state->path);
    free(state->measured);
    free(state->boxes);
    json_decref(state->request);
    *state = (struct compare_state){0};
}
