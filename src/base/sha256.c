/* SPDX-License-Identifier: Apache-2.0 */
/* The hash itself, in plain C, and how bytes become blocks. */
#include "base/sha256.h"

#include <stdio.h>
#include <string.h>

#include "base/sha256_x86.h"

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, int by)
{
    return x >> by | x << (32 - by);
}

static void expand(const uint8_t *block, uint32_t w[64])
{
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        const uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
               (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
}

/* One round; the caller rotates the names instead of the values. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                           \
    do {                                                                                           \
        const uint32_t t = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +                    \
                           ((e & f) ^ (~e & g)) + round_constants[i] + w[i];                       \
        d += t;                                                                                    \
        h = t + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));    \
    } while (0)

static void compress_one(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    expand(block, w);
    for (int i = 0; i < 64; i += 8) {
        ROUND(a, b, c, d, e, f, g, h, i);
        ROUND(h, a, b, c, d, e, f, g, i + 1);
        ROUND(g, h, a, b, c, d, e, f, i + 2);
        ROUND(f, g, h, a, b, c, d, e, i + 3);
        ROUND(e, f, g, h, a, b, c, d, i + 4);
        ROUND(d, e, f, g, h, a, b, c, i + 5);
        ROUND(c, d, e, f, g, h, a, b, i + 6);
        ROUND(b, c, d, e, f, g, h, a, i + 7);
    }
    const uint32_t sums[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++)
        state[i] += sums[i];
}

static void compress(struct oct_sha256 *sha, const uint8_t *blocks, size_t count)
{
    if (sha->instructions) {
        oct_sha256_instructions(sha->state, round_constants, blocks, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        compress_one(sha->state, blocks + 64 * i);
}

void oct_sha256_init(struct oct_sha256 *sha)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(sha->state, start, sizeof start);
    sha->length = 0;
    sha->instructions = oct_sha256_has_instructions();
}

void oct_sha256_update(struct oct_sha256 *sha, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        const size_t used = (size_t)(sha->length % 64);
        size_t taken = size < 64 - used ? size : 64 - used;
        if (taken == 64) {
            taken = size - size % 64;
            compress(sha, at, taken / 64);
        } else {
            memcpy(sha->block + used, at, taken);
            if (used + taken == 64)
                compress(sha, sha->block, 1);
        }
        sha->length += taken;
        at += taken;
        size -= taken;
    }
}

void oct_sha256_add_int(struct oct_sha256 *sha, int value)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)((unsigned)value >> 8),
                              (uint8_t)((unsigned)value >> 16), (uint8_t)((unsigned)value >> 24)};
    oct_sha256_update(sha, bytes, sizeof bytes);
}

void oct_sha256_final(struct oct_sha256 *sha, uint8_t digest[32])
{
    const uint64_t bits = sha->length * 8;
    const uint8_t one = 0x80, zero = 0;
    uint8_t tail[8];
    oct_sha256_update(sha, &one, 1);
    while (sha->length % 64 != 56)
        oct_sha256_update(sha, &zero, 1);
    for (int i = 0; i < 8; i++)
        tail[i] = (uint8_t)(bits >> (56 - 8 * i));
    oct_sha256_update(sha, tail, sizeof tail);
    for (int i = 0; i < 32; i++)
        digest[i] = (uint8_t)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}

void oct_sha256(const void *bytes, size_t size, uint8_t digest[32])
{
    struct oct_sha256 sha;
    oct_sha256_init(&sha);
    oct_sha256_update(&sha, bytes, size);
    oct_sha256_final(&sha, digest);
}

void oct_sha256_text(const uint8_t digest[32], char text[OCT_SHA256_TEXT])
{
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}
