/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions of random shape for every kernel of them: each family and tile, the kernels of the
 * first convolution, of floats, and of each channel by itself. */
#ifndef OCTET_TESTS_GPU_SUPPORT_RANDOM_CONV_H
#define OCTET_TESTS_GPU_SUPPORT_RANDOM_CONV_H

#include "conv_case.h"
#include "kernel_tally.h"

/* A kind of finish, and what gets it. */
struct conv_finish {
    const char *family;
    enum oct_type type, output;
    bool silu, is_added;
    enum oct_type residual;
    bool rows, few; /* as in struct oct_gpu_step */
    float scale;    /* of the output's codes, now and then; 0: any */
    bool is_always; /* with others it is of another family */
};
const struct conv_finish *conv_finishes(int *count);

struct conv_trial {
    octet_context *ctx;
    struct oct_gpu_device *device; /* whose context is current */
    struct test_random random;
    struct kernel_tally *tally; /* NULL: nothing is counted */
    int chunked;                /* cases of more than one chunk, so far */
};

/* Runs `cases` cases of each tile of a finish, of each kernel of the first convolution, or of
 * floats. Fail the running test. */
void conv_trial_tiles(struct conv_trial *trial, const struct conv_finish *finish, int cases);
void conv_trial_pixels(struct conv_trial *trial, int cases);
void conv_trial_floats(struct conv_trial *trial, int cases);

/* The same of each kernel for convolutions of each channel by itself: by the type of what they
 * read, and the sizes and strides that come to it. */
struct depthwise_kernel {
    const char *name;
    enum oct_type type;
    int kernel, stride; /* 0: any */
};
const struct depthwise_kernel *depthwise_kernels(int *count);
void conv_trial_depthwise(struct conv_trial *trial, int cases);

#endif
