/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration as `calibrate` and `build --images` do it. */
#ifndef TOOLS_CALIBRATION_RUN_H
#define TOOLS_CALIBRATION_RUN_H

#include "app/options.h"
#include "pictures/sources.h"

#define MAX_BAD_DEFAULT 0.01

struct calibration_request {
    struct texts images; /* each a SOURCE */
    /* pictures in place of all of them, which are borrowed, or NULL: then neither sampled nor
     * looked for */
    const struct sources *found;
    int64_t count, seed; /* count 0: all pictures */
    int64_t every;       /* of films' frames; 0: not given */
    struct input_size size;
    struct input_sizes sizes; /* in place of it, where some are given */
    struct shard shard;       /* of the pictures; count 0: all of them */
    const char *source;       /* the name of where they come from, or NULL */
    double max_bad;           /* share of the pictures that may be unreadable */
    const char *output; /* statistics file whose FILE.partial keeps what is done, or NULL: none */
    bool resume;        /* go on from FILE.partial */
    bool twice;         /* the pictures are read once more afterwards */
    octet_model *
        *spent; /* the model, freed when the calibration has what it needs of it; or NULL */
};

struct calibration_result {
    octet_statistics *statistics; /* the caller's to free */
    size_t used, failed;          /* pictures */
    double seconds;
    char run[24]; /* of a shard: the same for all shards of one list of pictures */
};

/* Runs the pictures through the float model. Unreadable ones are reported and left out; with more
 * of them than the share that may be, without any readable one, or when interrupted, it fails.
 * Interrupted with an `output`, it leaves FILE.partial and says so. Returns a status. */
int calibration_run(struct app *app, const octet_model *model,
                    const struct calibration_request *request, struct calibration_result *result);

/* One size alone becomes `size`, as verbs have it that know no other. */
void calibration_take_size(struct calibration_request *request);

/* The pictures of the request's sources, or the sample of them. Returns a status. */
int calibration_sources(struct app *app, const struct calibration_request *request,
                        struct sources *sources);

/* Fails when more of the `total` pictures failed than the request allows. Returns a status. */
int calibration_check_bad(struct app *app, const struct calibration_request *request, size_t failed,
                          size_t total);

/* Says on standard error how many pictures were left out, and that one picture is too few. */
void calibration_verdict(struct app *app, const struct calibration_result *result);

#endif
