/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lowering a network that brings grids of its own. Every tensor may be wanted in several forms:
 * codes on a grid, or floats. First, from the last layer to the first, it is collected who wants
 * what (demand); then, in order, layers write the forms of their outputs that are wanted, and views
 * and conversions are added when they are first read (form_of).
 */
#ifndef OCTET_COMPILER_LOWER_GRIDS_H
#define OCTET_COMPILER_LOWER_GRIDS_H

#include "compiler/lower/builder.h"
#include "compiler/lower/lower.h"

#define OCT_FORMS_MAX 8

/* A form is a grid, or no grid: floats. */
struct oct_forms {
    int count;
    struct oct_quantization form[OCT_FORMS_MAX];
    int tensor[OCT_FORMS_MAX]; /* of the network; -1: not yet */
};

struct oct_gridding {
    struct oct_lowering to;
    const struct oct_imported *imported;
    const struct oct_network *from; /* the imported */
    int *producer;                  /* [tensors of `from`]: the layer that writes it, or -1 */
    struct oct_forms *forms;        /* [tensors of `from`] */
    struct oct_quantization *grid;  /* [tensors of `from`]: all values are on it; or no grid */
    int8_t **codes; /* [layers of `from`]: of convolutions that run in 8 bits; or NULL */
};

octet_status oct_grids_demand(struct oct_gridding *g, int tensor, struct oct_quantization form);

/* The network's tensor that holds a network's in a form that was demanded. */
octet_status oct_grids_form(struct oct_gridding *g, int tensor, struct oct_quantization form,
                            int *index);

/* A tensor of `channels` that a layer is to write in a form. */
octet_status oct_grids_add_output(struct oct_gridding *g, const char *name, int channels,
                                  struct oct_quantization form, int *index);

/* A copy of `input` in a form, which converts it where that is another type. */
octet_status oct_grids_add_copy(struct oct_gridding *g, int input, const char *name,
                                struct oct_quantization form, int *output);

/* A layer that applies `values` (256, or NULL: what the codes stand for) to `input`'s codes and
 * adds `residual` (-1: nothing), in a form; `*output` is what it writes, named `name`. */
octet_status oct_grids_add_table(struct oct_gridding *g, int input, const char *name,
                                 const float *values, int residual, struct oct_quantization form,
                                 int *output);

#endif
