/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes bytes. */
#include "app/byte_hash.h"

#define PRIME 1099511628211u

uint64_t app_hash(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * PRIME;
    return hash;
}
