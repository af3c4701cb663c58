/* SPDX-License-Identifier: Apache-2.0 */
/* The types of a tensor's elements. */
#ifndef OCTET_NETWORK_TYPES_H
#define OCTET_NETWORK_TYPES_H

#include <stddef.h>
#include <stdint.h>

enum oct_type {
    OCT_TYPE_U8,  /* codes, see struct oct_scheme */
    OCT_TYPE_F32, /* values */
    OCT_TYPE_BF16 /* values rounded to bfloat16, see base/bfloat16.h */
};

static inline size_t oct_type_bytes(enum oct_type type)
{
    return type == OCT_TYPE_U8 ? 1 : type == OCT_TYPE_BF16 ? sizeof(uint16_t) : sizeof(float);
}

#endif
