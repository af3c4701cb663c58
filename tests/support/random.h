/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers for tests (xorshift64*): the same seed gives the same numbers everywhere. */
#ifndef OCTET_TESTS_SUPPORT_RANDOM_H
#define OCTET_TESTS_SUPPORT_RANDOM_H

#include <stdint.h>

struct test_random {
    uint64_t state; /* not 0 */
};

static inline struct test_random test_random_of(uint64_t seed)
{
    return (struct test_random){seed * 0x9e3779b97f4a7c15u | 1u};
}

static inline uint32_t test_bits(struct test_random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return (uint32_t)((random->state * 0x2545f4914f6cdd1du) >> 32);
}

/* Uniform in [low, high]. */
static inline int test_int(struct test_random *random, int low, int high)
{
    return low + (int)(test_bits(random) % (uint32_t)(high - low + 1));
}

/* Uniform in [low, high). */
static inline float test_float(struct test_random *random, float low, float high)
{
    return low + (high - low) * (float)(test_bits(random) >> 8) * 0x1p-24f;
}

#endif
