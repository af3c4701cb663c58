/* SPDX-License-Identifier: Apache-2.0 */
/* What a kernel adds up, chosen once: int32 for codes (OCT_CODES), floats otherwise. */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_SUMS_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_SUMS_H

#include "runtime/backend/cpu/kernels/vector/config.h"

#if OCT_CODES

typedef v_int v_sum;

OCT_INLINE v_sum v_load_sum(const void *at)
{
    return v_load_int(at);
}

OCT_INLINE v_sum v_load_sum_aligned(const void *at)
{
    return v_load_int_aligned(at);
}

OCT_INLINE v_sum v_add_sum(v_sum a, v_sum b)
{
    return v_add_int(a, b);
}

OCT_INLINE v_sum v_sub_sum(v_sum a, v_sum b)
{
    return v_sub_int(a, b);
}

OCT_INLINE v_sum v_four_sums(v_sum a)
{
    return v_shift_left(a, 2);
}

OCT_INLINE v_sum v_eight_sums(v_sum a)
{
    return v_shift_left(a, 3);
}

/* The number, and the same bits. */
OCT_INLINE v_float v_sum_number(v_sum a)
{
    return v_float_of(a);
}

OCT_INLINE v_float v_sum_bits(v_sum a)
{
    return v_bits(a);
}

/* A step's four bytes of input, for all lanes. */
OCT_INLINE v_sum v_broadcast(const uint8_t *at)
{
    return v_broadcast_int(at);
}

#else

typedef v_float v_sum;

OCT_INLINE v_sum v_load_sum(const void *at)
{
    return v_load((const float *)at);
}

OCT_INLINE v_sum v_load_sum_aligned(const void *at)
{
    return v_load_aligned((const float *)at);
}

OCT_INLINE v_sum v_add_sum(v_sum a, v_sum b)
{
    return v_add(a, b);
}

OCT_INLINE v_sum v_sub_sum(v_sum a, v_sum b)
{
    return v_sub(a, b);
}

OCT_INLINE v_sum v_four_sums(v_sum a)
{
    return v_mul(a, v_set(4.0f));
}

OCT_INLINE v_sum v_eight_sums(v_sum a)
{
    return v_mul(a, v_set(8.0f));
}

OCT_INLINE v_float v_sum_number(v_sum a)
{
    return a;
}

OCT_INLINE v_float v_sum_bits(v_sum a)
{
    return a;
}

OCT_INLINE v_sum v_broadcast(const uint8_t *at)
{
#if OCT_GROUP == 1
    return v_broadcast_float(at);
#else
    return v_bits(v_broadcast_int(at));
#endif
}

#endif

#endif
