/* SPDX-License-Identifier: Apache-2.0 */
/* Codes of 4 bits as files have them: two's complement, two a byte, the earlier one in the low
 * half; where their number is odd, the last byte's high half is 0. */
#ifndef OCTET_RUNTIME_ENGINE_NIBBLES_H
#define OCTET_RUNTIME_ENGINE_NIBBLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline size_t oct_nibble_bytes(size_t count)
{
    return count / 2 + count % 2;
}

/* Codes are -7 to 7; `bytes` takes oct_nibble_bytes(). */
void oct_pack_nibbles(const int8_t *codes, size_t count, uint8_t *bytes);

/* False: a code is -8, or what lies behind the last is not 0. */
bool oct_unpack_nibbles(const uint8_t *bytes, size_t count, int8_t *codes);

#endif
