/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YOLO26's head: per level and cell, the four distances themselves (left, top, right, bottom, in
 * cells; reg_max 1 in the words of Ultralytics) and one logit a class. Source: the ONNX graphs that
 * Ultralytics exports.
 */
#include "base/fields.h"
#include "base/sha256.h"
#include "network/network.h"
#include "runtime/head/heads.h"
#include "runtime/head/levels.h"

#define SIDES 4

/* ---- boxes ---- */

static void cell_box(const struct oct_head_view *view, int level, int y, int x, float corners[4])
{
    oct_cell_corners(oct_cell_of(&view->maps[2 * level], y, x), y, x,
                     view->head->outputs[2 * level].stride, corners);
}

/* ---- in engine files ---- */

static octet_status verify(octet_context *ctx, const struct oct_network *network, const char *name)
{
    return oct_levels_verify(ctx, network, SIDES, name);
}

/* The zero stands where another kind has its bins, of which there is one at least. */
static void hash(const struct oct_head *head, struct oct_sha256 *sha)
{
    oct_levels_hash(head, sha);
    oct_sha256_add_int(sha, 0);
}

static void add_parameters(const struct oct_head *head, struct oct_text *out)
{
    (void)head;
    (void)out;
}

static size_t fields(struct oct_head_fields *values, struct oct_field *fields)
{
    fields[0] = oct_levels_field(&values->values[0]);
    return 1;
}

static octet_status read(octet_context *ctx, const char *what, const struct oct_head_fields *values,
                         struct oct_network *network)
{
    return oct_levels_read(ctx, what, values->values[0], network);
}

const struct oct_head_kind oct_head_yolo26 = {
    .name = "YOLO26",
    .word = "distances",
    .engine_version = 3,
    .verify = verify,
    .hash = hash,
    .add_parameters = add_parameters,
    .add_outputs = oct_levels_add_outputs,
    .fields = fields,
    .read = read,
    .anchor_count = oct_levels_anchors,
    .cell_box = cell_box,
    .box = oct_levels_box,
    .decode = oct_levels_decode,
    .select = oct_levels_select,
};
