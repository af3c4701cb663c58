/* SPDX-License-Identifier: Apache-2.0 */
/* Scales for sizes of input: one set for all, one for each, or for those that gain by it. */
#ifndef OCTET_COMPILER_SCALE_SETS_H
#define OCTET_COMPILER_SCALE_SETS_H

#include <octet/build.h>

#include "compiler/lower/lower.h"
#include "runtime/engine/engine_contents.h"

/* Mean loss of sharing scales, dB, from which "auto" gives a size scales of its own. */
#define OCT_REGRET_DEFAULT 0.5
#define OCT_REGRET_MAX 100.0

enum oct_scales_kind { OCT_SCALES_MERGED, OCT_SCALES_PER_SIZE, OCT_SCALES_AUTO };
struct oct_scales_request {
    enum oct_scales_kind kind;
    double regret; /* AUTO: dB */
};

/* The message about a text that is none of them, with the text. */
#define OCT_SCALES_UNKNOWN "scales \"%.40s\": there are merged, per-size and auto[:REGRET_DB]"

/* "merged" (also NULL), "per-size", "auto[:REGRET_DB]". */
bool oct_scales_parse(const char *text, struct oct_scales_request *request);

/* The sets that an engine got. Memory is of the arena, but for the views. */
struct oct_scale_sets {
    int set_count;
    octet_statistics *views[OCT_SIZES_MAX]; /* that a set was chosen from; NULL: all of them */
    const char *regrets;                    /* "320x320:1.24,640x640:0.10", dB; NULL: not asked */
};

/* What an engine is to be made of. */
struct oct_scale_request {
    const struct oct_network *from; /* float */
    const octet_statistics *statistics;
    const octet_build_settings *settings; /* checked */
    const struct oct_scheme *scheme;      /* of all sizes together */
    const struct oct_network *merged;     /* lowered by it */
    const char *name;                     /* of the model */
};

/* Gives an engine its network and, where there are several, its sets. Fails with
 * OCTET_INVALID_ARGUMENT where scales per size are asked for but all pictures have one. */
octet_status oct_scale_sets_make(octet_context *ctx, struct oct_arena *arena,
                                 const struct oct_scale_request *request, octet_engine *engine,
                                 struct oct_scale_sets *sets);
void oct_scale_sets_end(struct oct_scale_sets *sets);

#endif
