/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some tools quantise all that they find, the places of the head's cells and the strides among it.
 * Both are known exactly from the levels. Where a dequantised constant of the tail is what rounding
 * makes of them, within half a step at each number, the exact numbers take its place, and the probe
 * compares with these.
 */
#include <math.h>

#include "compiler/heads/head_readers.h"

#define HALF_A_STEP 0.505f /* and what float arithmetic adds */

/* One number a cell: its stride, or the middle of the cell, across or down, in cells or pixels. */
enum pattern { STRIDES, CENTRES_IN_CELLS, CENTRES_IN_PIXELS, PATTERNS };

static float pattern_at(int width, int stride, enum pattern pattern, int cell, int down)
{
    const int index = down ? cell / width : cell % width;
    if (pattern == STRIDES)
        return (float)stride;
    return ((float)index + 0.5f) * (pattern == CENTRES_IN_PIXELS ? (float)stride : 1.0f);
}

/* The pattern for `rows` numbers a cell, of which odd ones are down; they stand beside each other,
 * or row by row. */
static void fill(const struct oct_found_head *head, enum pattern pattern, size_t rows, bool beside,
                 size_t cells, float *values)
{
    size_t at = 0;
    for (int i = 0; i < head->head.output_count; i += 2) {
        const int width = head->outputs[i].width, stride = head->head.outputs[i].stride;
        for (int c = 0; c < head->outputs[i].height * width; c++, at++)
            for (size_t r = 0; r < rows; r++)
                values[beside ? at * rows + r : r * cells + at] =
                    pattern_at(width, stride, pattern, c, (int)r % 2);
    }
}

static bool rounds_to(const float *exact, const float *rounded, size_t count, float step)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(exact[i] - rounded[i]) <= HALF_A_STEP * step))
            return false;
    return true;
}

static octet_status restore(struct oct_import *import, int value, size_t cells)
{
    struct oct_value *constant = &import->graph->values[value];
    const size_t count = constant->array.count, rows = cells ? count / cells : 0;
    if (rows * cells != count || (rows != 1 && rows != 2 && rows != 4))
        return OCTET_OK;
    float *exact = oct_arena_calloc(&import->graph->arena, count, sizeof *exact);
    if (!exact)
        return oct_fail_memory(import->ctx, "the head");
    for (int p = 0; p < PATTERNS; p++)
        for (int beside = 0; beside < 2; beside++) {
            fill(&import->head, (enum pattern)p, rows, beside, cells, exact);
            if (!rounds_to(exact, oct_floats(&constant->array), count, constant->step))
                continue;
            constant->array.data = exact;
            constant->step = 0.0f;
            import->imported->has_exact_anchors = 1;
            return OCTET_OK;
        }
    return OCTET_OK;
}

octet_status oct_levels_restore_constants(struct oct_import *import)
{
    const struct oct_graph *graph = import->graph;
    octet_status status = OCTET_OK;
    size_t cells = 0;
    for (int i = 0; i < import->head.head.output_count; i += 2)
        cells += (size_t)import->head.outputs[i].height * (size_t)import->head.outputs[i].width;
    for (size_t n = 0; n < graph->node_count && import->imported->is_quantised; n++)
        for (int i = 0; import->head.in_tail[n] && i < graph->nodes[n].input_count; i++) {
            const int value = graph->nodes[n].inputs[i];
            if (!status && oct_value_is_constant(graph, value) &&
                graph->values[value].step > 0.0f &&
                graph->values[value].array.type == OCT_DATA_FLOAT)
                status = restore(import, value, cells);
        }
    return status;
}
