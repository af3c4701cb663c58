/* SPDX-License-Identifier: Apache-2.0 */
/* What writing and reading statistics files have in common. */
#ifndef OCTET_COMPILER_CALIBRATE_STATISTICS_FILE_H
#define OCTET_COMPILER_CALIBRATE_STATISTICS_FILE_H

#include "compiler/calibrate/statistics.h"
#include "runtime/container/safetensors.h"

#define OCT_FIELD_NAME_BYTES 64

/* The tensors that a record has in a file. */
enum oct_record_field {
    OCT_RECORD_HISTOGRAM,
    OCT_RECORD_CHANNEL_MINIMUM,
    OCT_RECORD_CHANNEL_MAXIMUM,
    OCT_RECORD_CHANNEL_SUM,
    OCT_RECORD_CHANNEL_SQUARE,
    OCT_RECORD_FIELDS
};

/* Which record of a file: `part` is -1 in version 1, which has one part alone. */
struct oct_record_place {
    int part, tensor;
};

/* A field's tensor without its bytes, for a record whose channels and bins are known; the name is
 * in `name`. Sums are pairs of 64 bits in version 2, the lower ones first. */
struct oct_safetensors_tensor oct_record_tensor(const struct oct_tensor_record *record,
                                                struct oct_record_place place,
                                                enum oct_record_field field,
                                                char name[OCT_FIELD_NAME_BYTES]);

/* Where a record has a field, in memory: of the same bytes as in a file of version 2. */
void *oct_record_field(const struct oct_tensor_record *record, enum oct_record_field field);

/* Whether a file of version 1 can hold them: one part without a source's name, no shards, and sums
 * of 64 bits. */
bool oct_statistics_fit_version_1(const octet_statistics *statistics);

#endif
