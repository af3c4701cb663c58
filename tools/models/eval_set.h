/* SPDX-License-Identifier: Apache-2.0 */
/* What is true, and of which pictures. */
#ifndef TOOLS_EVAL_SET_H
#define TOOLS_EVAL_SET_H

#include "app/shard.h"
#include "pictures/source_paths.h"

/* A picture of the set, beside its path in `pictures`. */
struct eval_picture {
    int64_t id;
    size_t place;      /* in the list of all shards */
    int width, height; /* that the annotations say; 0: unknown */
    char *labels;      /* its label file, or NULL */
};

/* Ground truth, and where its pictures are. */
struct eval_set {
    octet_truth *truth;
    struct sources pictures;
    struct eval_picture *entries; /* [pictures.count] */
    size_t total, bad;            /* pictures asked for, and those that cannot take part */
    struct shard shard;           /* whose pictures alone are kept; `total` counts all */
    size_t listed, missing;       /* of all shards: the list's length, and who is not in it */
    uint64_t list_hash;           /* of a shard: of the whole list, wherever its folder is */
    double max_bad;
    bool labelled; /* of a data.yaml: the truth learns pictures and boxes as pictures are read */
};

/* Keeps the pictures of set->shard, of a whole list whose entries' places are set. */
void eval_set_take_shard(struct eval_set *set);

/* Counts a bad picture, which was reported; more than set->max_bad of them fail. */
int eval_set_count_bad(struct app *app, struct eval_set *set, size_t count);

/* Keeps at most `count` pictures, those that sources_draw() takes. */
void eval_set_sample(struct eval_set *set, size_t count, uint64_t seed);

/* Of a data.yaml: tells the ground truth the picture's size and boxes. */
int eval_set_add_picture(struct app *app, struct eval_set *set, size_t index,
                         const octet_image *image);

/* Accepts a zeroed struct. */
void eval_set_free(struct eval_set *set);

#endif
