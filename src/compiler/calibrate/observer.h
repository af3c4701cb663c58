/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at one tensor of a float run and adds it to its record. */
#ifndef OCTET_COMPILER_CALIBRATE_OBSERVER_H
#define OCTET_COMPILER_CALIBRATE_OBSERVER_H

#include <octet/image.h>
#include <octet/session.h>

#include "base/threads.h"
#include "compiler/calibrate/statistics.h"

/* Pixels [y_begin, y_end) x [x_begin, x_end) of the tensor. */
struct oct_region {
    int y_begin, y_end, x_begin, x_end;
};

/* The cells of a tensor whose centre lies over the picture, not over the letterbox' padding; at
 * least one in each direction. */
struct oct_region oct_picture_region(const octet_tensor_view *view, const octet_letterbox *where);

/* Working memory for one tensor at a time,
 * for `workers` threads and at most `channels` channels. */
struct oct_observer_scratch;
octet_status oct_observer_scratch_create(octet_context *ctx,
                                         const struct oct_measure_kernels *kernels, int workers,
                                         int channels, struct oct_observer_scratch **scratch);
void oct_observer_scratch_free(octet_context *ctx, struct oct_observer_scratch *scratch);

/* Adds a region of a float tensor. False, with nothing added, when a value is not finite. */
bool oct_observe(const octet_tensor_view *view, const struct oct_region *region,
                 struct oct_threads *threads, struct oct_observer_scratch *scratch,
                 struct oct_tensor_record *record);

#endif
