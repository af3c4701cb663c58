/* SPDX-License-Identifier: Apache-2.0 */
/* The table of types. */
#include "network/types.h"

static const struct {
    const char *name;
    octet_precision precision;
} types[] = {
    [OCT_TYPE_U8] = {"u8", OCTET_PRECISION_INT8},
    [OCT_TYPE_F32] = {"f32", OCTET_PRECISION_FP32},
    [OCT_TYPE_BF16] = {"bf16", OCTET_PRECISION_BF16},
    [OCT_TYPE_F16] = {"f16", OCTET_PRECISION_HALF},
};

const char *oct_type_name(enum oct_type type)
{
    return types[type].name;
}

octet_precision oct_type_precision(enum oct_type type)
{
    return types[type].precision;
}
