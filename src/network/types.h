/* SPDX-License-Identifier: Apache-2.0 */
/* The types of a tensor's elements: one table of what each is called and how large it is. */
#ifndef OCTET_NETWORK_TYPES_H
#define OCTET_NETWORK_TYPES_H

#include <octet/engine.h>

#include <stddef.h>
#include <stdint.h>

enum oct_type {
    OCT_TYPE_U8,   /* codes, see struct oct_quantization */
    OCT_TYPE_F32,  /* values */
    OCT_TYPE_BF16, /* values rounded to bfloat16, see base/bfloat16.h */
    /* IEEE's half, see base/float16.h: how sessions may store what a network has in BF16 */
    OCT_TYPE_F16
};

#define OCT_TYPE_COUNT 3 /* that networks have: all but F16 */

static inline size_t oct_type_bytes(enum oct_type type)
{
    return type == OCT_TYPE_U8 ? 1 : type == OCT_TYPE_F32 ? sizeof(float) : sizeof(uint16_t);
}

/* In engine files and names of converted tensors: "u8", "f32", "bf16"; "f16" is in neither. */
const char *oct_type_name(enum oct_type type);

/* What a layer that reads the type is said to run in. */
octet_precision oct_type_precision(enum oct_type type);

#endif
