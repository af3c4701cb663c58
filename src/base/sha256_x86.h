/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256's compression by instructions of x86 processors. */
#ifndef OCTET_BASE_SHA256_X86_H
#define OCTET_BASE_SHA256_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether this processor has them; never on others. */
bool oct_sha256_has_instructions(void);

/* Takes `count` blocks of 64 bytes into the state. */
void oct_sha256_instructions(uint32_t state[8], const uint32_t constants[64], const uint8_t *blocks,
                             size_t count);

#endif
