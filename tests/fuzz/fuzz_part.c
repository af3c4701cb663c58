/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a part of an evaluation, with their own hash and with the right one: an error, or
 * pictures of one shard that make figures; never a crash, a leak or a hang. Built for libFuzzer;
 * with OCTET_FUZZ_PLAIN defined, a program that takes files.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/byte_hash.h"
#include "eval/eval_facts.h"
#include "eval/eval_merge.h"
#include "fuzz.h"

#define HASH "\"0123456789abcdef\"}\n" /* what a part ends with, in length */
#define MEMBER ",\"hash\":"

/* Sets the hash that the part ends with to that of its bytes. */
static void mend(uint8_t *data, size_t size)
{
    const size_t digits = sizeof HASH - 1, member = sizeof MEMBER - 1;
    char text[sizeof HASH];
    if (size < digits + member || memcmp(data + size - digits - member, MEMBER, member) != 0)
        return;
    snprintf(text, sizeof text, "\"%016" PRIx64 "\"}\n",
             app_hash(APP_HASH_START, data, size - digits - member));
    memcpy(data + size - digits, text, digits);
}

static void check(const struct part *part)
{
    size_t boxes = 0, found = 0;
    for (size_t i = 0; i < part->count; i++) {
        const struct part_picture *picture = &part->pictures[i];
        if (!shard_has(&part->shard, picture->place) || picture->boxes_end < boxes ||
            picture->found_end < found || (i && picture[-1].place >= picture->place))
            abort();
        boxes = picture->boxes_end;
        found = picture->found_end;
    }
    if (boxes != part->box_count || found != part->found_count || eval_facts_check(part->facts))
        abort();
}

static void read_part(struct app *app)
{
    struct part part;
    char path[] = "part", *const paths[] = {path};
    if (part_read(app, path, &part) == STATUS_DONE)
        check(&part);
    part_free(&part);
    struct eval_parts parts = {0};
    struct eval_run run = {.app = app};
    octet_evaluation figures;
    if (eval_parts_read(app, paths, 1, &parts) == STATUS_DONE &&
        json_integer_value(json_object_get(parts.part[0].facts, "listed")) <= 1000 &&
        eval_parts_join(&run, &parts) == STATUS_DONE &&
        octet_evaluate(run.set.truth, run.detections, NULL, &figures, NULL) == OCTET_OK &&
        figures.images != run.done_count)
        abort();
    octet_detections_free(&run.detections);
    class_match_free(&run.classes);
    eval_set_free(&run.set);
    json_decref(run.facts);
    free(run.done);
    eval_parts_free(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct app app = {.quiet = true};
    uint8_t *copy = malloc(size + 1);
    fuzz_enter_folder();
    if (!copy || (!app.context && app_open(&app) != STATUS_DONE))
        abort();
    memcpy(copy, data, size);
    fuzz_write_file("part", copy, size);
    read_part(&app);
    mend(copy, size);
    fuzz_write_file("part", copy, size);
    read_part(&app);
    free(copy);
    return 0;
}
