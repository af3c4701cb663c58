/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YOLOv8's head in model files. Of a quantised file the grids around the expectation over a side's
 * distribution are kept: of the softmax, of the numbers that it is weighted with, and of the
 * distance. The numbers are rounded in the file before its tail is run, so the probe's are too.
 */
#include "compiler/heads/head_readers.h"

octet_status oct_yolov8_take_boxes(struct oct_import *import, const struct oct_node *node,
                                   int64_t channels)
{
    if (channels % 4 || channels < 8)
        return oct_node_fail(import->graph, node, OCTET_UNSUPPORTED_MODEL,
                             "%lld channels are not four box distributions", (long long)channels);
    import->head.head.of.yolov8.reg_max = (int)(channels / 4);
    return OCTET_OK;
}

/* Around the convolution with the weights 0, 1, 2, ... Returns how many grids it took. */
static int read_expectation(struct oct_import *import, const struct oct_node *conv, const int *uses)
{
    const struct oct_graph *graph = import->graph;
    struct oct_dfl_rounding *rounding = &import->head.coded.yolov8.rounding;
    const struct oct_node *before = oct_graph_producer(graph, conv->inputs[0]);
    const struct oct_node *after = oct_only_fake(graph, conv->outputs[0], uses);
    const float *scales = graph->values[conv->inputs[1]].weight_scales;
    int taken = 0;
    if (before && before->op == OCT_OP_FAKE_QUANTIZE) {
        rounding->probability = before->grid;
        taken++;
    }
    if (after) {
        rounding->distance = after->grid;
        taken++;
    }
    rounding->weight_scale = scales ? scales[0] : 0.0f;
    import->head.probed.yolov8.rounding.weight_scale = rounding->weight_scale;
    return taken;
}

static int read_expectations(struct oct_import *import, const int *uses)
{
    const struct oct_graph *graph = import->graph;
    for (size_t n = 0; n < graph->node_count; n++)
        if (import->head.in_tail[n] && graph->nodes[n].op == OCT_OP_CONV)
            return read_expectation(import, &graph->nodes[n], uses);
    return 0;
}

octet_status oct_yolov8_read_grids(struct oct_import *import)
{
    return oct_levels_read_grids(import, read_expectations);
}
