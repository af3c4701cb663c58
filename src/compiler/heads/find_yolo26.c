/* SPDX-License-Identifier: Apache-2.0 */
/* YOLO26's head in model files: four distances a cell, of which nothing is computed before they are
 * taken from the middle of the cell. */
#include "compiler/heads/head_readers.h"

octet_status oct_yolo26_take_boxes(struct oct_import *import, const struct oct_node *node,
                                   int64_t channels)
{
    if (channels != 4)
        return oct_node_fail(import->graph, node, OCTET_UNSUPPORTED_MODEL,
                             "%lld channels are neither four distances nor, without a Softmax "
                             "over them, four box distributions (DFL)",
                             (long long)channels);
    return OCTET_OK;
}

octet_status oct_yolo26_read_grids(struct oct_import *import)
{
    return oct_levels_read_grids(import, NULL);
}
