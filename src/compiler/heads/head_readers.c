/* SPDX-License-Identifier: Apache-2.0 */
/* The table of heads that models are looked through for, and the passes that go by it. */
#include "compiler/heads/head_readers.h"

#include "runtime/head/heads.h"

static const struct oct_head_reader readers[] = {
    {&oct_head_yolov8, oct_yolov8_recognize, oct_yolov8_read_grids, oct_yolov8_restore_constants,
     oct_yolov8_probe},
};

/* The refusal of the last kind stands for all. */
octet_status oct_recognize_head(struct oct_import *import)
{
    octet_status status = OCTET_INTERNAL;
    for (size_t i = 0; i < sizeof readers / sizeof readers[0] && status; i++) {
        import->head = (struct oct_found_head){.reader = &readers[i], .head.kind = readers[i].kind};
        status = readers[i].recognize(import);
    }
    return status;
}

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
