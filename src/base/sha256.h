/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256. Source: FIPS 180-4. */
#ifndef OCTET_BASE_SHA256_H
#define OCTET_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oct_sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes taken so far */
    uint8_t block[64];
    bool instructions; /* set by init: the processor's own are used; digests are the same */
};

void oct_sha256_init(struct oct_sha256 *sha);
void oct_sha256_update(struct oct_sha256 *sha, const void *bytes, size_t size);
/* Four bytes, the lowest first. */
void oct_sha256_add_int(struct oct_sha256 *sha, int value);
void oct_sha256_final(struct oct_sha256 *sha, uint8_t digest[32]);

#define OCT_SHA256_TEXT 65 /* of a digest in hexadecimal, with the final NUL */
void oct_sha256_text(const uint8_t digest[32], char text[OCT_SHA256_TEXT]);

/* All three in one. */
void oct_sha256(const void *bytes, size_t size, uint8_t digest[32]);

#endif
