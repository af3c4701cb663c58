/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operations. */
#include "network/operations.h"

#include <string.h>

#include "network/verify_layers.h"

/* 0 where the kernel does not fit. */
static int strided(int side, const struct oct_layer *layer)
{
    const int room = side + 2 * layer->padding + layer->uneven - layer->kernel;
    return room < 0 ? 0 : room / layer->stride + 1;
}

static struct oct_network_size strided_size(const struct oct_layer *layer,
                                            struct oct_network_size input)
{
    return (struct oct_network_size){strided(input.height, layer), strided(input.width, layer)};
}

static struct oct_network_size same_size(const struct oct_layer *layer,
                                         struct oct_network_size input)
{
    (void)layer;
    return input;
}

static struct oct_network_size double_size(const struct oct_layer *layer,
                                           struct oct_network_size input)
{
    (void)layer;
    return (struct oct_network_size){input.height * 2, input.width * 2};
}

static const struct oct_operation_row rows[] = {
    [OCT_CONVOLUTION] = {"conv", "Conv",
                         OCT_HAS_WEIGHTS | OCT_HAS_KERNEL | OCT_HAS_WINDOW | OCT_HAS_UNEVEN |
                             OCT_HAS_RESIDUAL,
                         false, strided_size, oct_verify_convolution, 0},
    [OCT_MAX_POOL] = {"max_pool", "MaxPool", OCT_HAS_KERNEL, true, same_size, oct_verify_pool, 0},
    [OCT_UPSAMPLE] = {"upsample", "Upsample", 0, true, double_size, oct_verify_move, 0},
    [OCT_COPY] = {"copy", "Copy", 0, true, same_size, oct_verify_move, 0},
    [OCT_TABLE] = {"table", "Table", OCT_HAS_RESIDUAL | OCT_HAS_TABLE, false, same_size,
                   oct_verify_table, 0},
    [OCT_ATTENTION] = {"attention", "Attention", OCT_HAS_HEADS, false, same_size,
                       oct_verify_attention, 3},
    [OCT_WINDOW_MAX] = {"window_max", "MaxPool", OCT_HAS_KERNEL | OCT_HAS_PADDING | OCT_HAS_ZEROS,
                        true, strided_size, oct_verify_window_max, 3},
    [OCT_WINDOW_MEAN] = {"window_mean", "AveragePool", OCT_HAS_KERNEL | OCT_HAS_PADDING, false,
                         strided_size, oct_verify_window_mean, 3},
    [OCT_DEPTH_TO_SPACE] = {"depth_to_space", "DepthToSpace", 0, true, double_size,
                            oct_verify_depth_to_space, 3},
};

const struct oct_operation_row *oct_operation_row(enum oct_operation operation)
{
    return &rows[operation];
}

int oct_operation_find(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(name, rows[i].name) == 0)
            return (int)i;
    return -1;
}
