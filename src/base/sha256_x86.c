/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by the processor's own instructions, where it has them (SHA-NI: AMD since Zen, Intel
 * since Goldmont and Ice Lake). Source: Gulley et al., "Intel SHA Extensions", 2013; FIPS 180-4.
 */
#include "base/sha256_x86.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define SHA_BIT (1u << 29)   /* CPUID 7.0, EBX */
#define SSSE3_BIT (1u << 9)  /* CPUID 1, ECX */
#define SSE41_BIT (1u << 19) /* CPUID 1, ECX */

bool oct_sha256_has_instructions(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & SSSE3_BIT) || !(c & SSE41_BIT))
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & SHA_BIT);
}

/* The instructions take the state as two vectors: A B E F and C D G H, highest lane first. */
struct halves {
    __m128i abef, cdgh;
};

__attribute__((target("sha,ssse3,sse4.1"))) static struct halves load(const uint32_t state[8])
{
    const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
    const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
    return (struct halves){_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xf0)};
}

__attribute__((target("sha,ssse3,sse4.1"))) static void store(struct halves from, uint32_t state[8])
{
    const __m128i feba = _mm_shuffle_epi32(from.abef, 0x1b);
    const __m128i dchg = _mm_shuffle_epi32(from.cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Words t .. t + 3 of the schedule, from the 16 before them. */
__attribute__((target("sha,ssse3,sse4.1"))) static __m128i next_words(const __m128i words[4])
{
    const __m128i old = _mm_sha256msg1_epu32(words[0], words[1]);
    const __m128i recent = _mm_alignr_epi8(words[3], words[2], 4);
    return _mm_sha256msg2_epu32(_mm_add_epi32(old, recent), words[3]);
}

__attribute__((target("sha,ssse3,sse4.1"))) void
oct_sha256_instructions(uint32_t state[8], const uint32_t constants[64], const uint8_t *blocks,
                        size_t count)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    struct halves now = load(state);
    for (; count > 0; count--, blocks += 64) {
        const struct halves before = now;
        __m128i words[4];
        for (int i = 0; i < 4; i++)
            words[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(blocks + 16 * i)), swap);
        for (int t = 0; t < 64; t += 4) {
            const __m128i sums =
                _mm_add_epi32(words[0], _mm_loadu_si128((const __m128i *)(constants + t)));
            now.cdgh = _mm_sha256rnds2_epu32(now.cdgh, now.abef, sums);
            now.abef = _mm_sha256rnds2_epu32(now.abef, now.cdgh, _mm_shuffle_epi32(sums, 0x0e));
            const __m128i next = t < 48 ? next_words(words) : words[0];
            words[0] = words[1];
            words[1] = words[2];
            words[2] = words[3];
            words[3] = next;
        }
        now.abef = _mm_add_epi32(now.abef, before.abef);
        now.cdgh = _mm_add_epi32(now.cdgh, before.cdgh);
    }
    store(now, state);
}

#else

bool oct_sha256_has_instructions(void)
{
    return false;
}

void oct_sha256_instructions(uint32_t state[8], const uint32_t constants[64], const uint8_t *blocks,
                             size_t count)
{
    (void)state, (void)constants, (void)blocks, (void)count;
}

#endif
