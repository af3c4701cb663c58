/* SPDX-License-Identifier: Apache-2.0 */
/* The table of heads that models are looked through for, and the passes that go by it. */
#include "compiler/heads/head_readers.h"

#include "runtime/head/heads.h"

const struct oct_head_reader oct_head_readers[] = {
    {&oct_head_yolov8, OCT_OP_SOFTMAX, oct_yolov8_take_boxes, oct_yolov8_read_grids,
     oct_levels_restore_constants, oct_levels_probe},
    {&oct_head_yolo26, OCT_OP_OTHER, oct_yolo26_take_boxes, oct_yolo26_read_grids,
     oct_levels_restore_constants, oct_levels_probe},
};

const size_t oct_head_reader_count = sizeof oct_head_readers / sizeof oct_head_readers[0];

octet_status oct_read_head_grids(struct oct_import *import)
{
    return import->head.reader->read_grids(import);
}

octet_status oct_restore_head_constants(struct oct_import *import)
{
    return import->head.reader->restore_constants(import);
}

octet_status oct_probe_head(struct oct_import *import)
{
    return import->head.reader->probe(import);
}
