/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers by their place: what was drawn before, and by which thread, changes nothing. */
#ifndef OCTET_TRAIN_RANDOM_BITS_H
#define OCTET_TRAIN_RANDOM_BITS_H

#include <stdint.h>

/* A number of 64 bits for each of a row: splitmix64 (Steele, Lea and Flood, 2014). */
static inline uint64_t oct_random_bits(uint64_t seed, uint64_t at)
{
    uint64_t z = (seed + 1) * 0xbf58476d1ce4e5b9u + (at + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The same as a number of 0 to 1, which is not reached. */
static inline double oct_random_share(uint64_t seed, uint64_t at)
{
    return (double)(oct_random_bits(seed, at) >> 11) * 0x1p-53;
}

#endif
