/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Winograd's F(4x4, 3x3) for halves, by the points 0, +-a, +-b and infinity with a = 5/8, b = 3/2,
 * whose factors are all halves. The errors of a = 1, b = 2 (winograd.h) are two and a half times
 * those of sums of halves as they stand; these are one and a half times (docs/numerics.md).
 *
 *        | aabb   0   -aa-bb   0    1  0 |        | 1/aabb   0    0  |    f = 2aa(aa - bb)
 *        |  0   -abb   -bb     a    1  0 |        |  1/f    a/f  aa/f |    g = 2bb(bb - aa)
 *   B' = |  0    abb   -bb    -a    1  0 |    G = |  1/f   -a/f  aa/f |
 *        |  0   -aab   -aa     b    1  0 |        |  1/g    b/g  bb/g |
 *        |  0    aab   -aa    -b    1  0 |        |  1/g   -b/g  bb/g |
 *        |  0   aabb    0   -aa-bb  0  1 |        |   0      0    1  |
 *
 *   A' = rows of the powers 0 to 3 of (0, a, -a, b, -b), with 1 for infinity in the last one
 */
#ifndef OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_HALVES_H
#define OCTET_RUNTIME_BACKEND_CPU_KERNELS_VECTOR_WINOGRAD_HALVES_H

#define OCT_HALVES_A (5.0 / 8)
#define OCT_HALVES_B (3.0 / 2)
#define OCT_HALVES_AA (OCT_HALVES_A * OCT_HALVES_A)
#define OCT_HALVES_BB (OCT_HALVES_B * OCT_HALVES_B)
#define OCT_HALVES_F (2 * OCT_HALVES_AA * (OCT_HALVES_AA - OCT_HALVES_BB))
#define OCT_HALVES_G (2 * OCT_HALVES_BB * (OCT_HALVES_BB - OCT_HALVES_AA))

/* G g of three weights. */
OCT_INLINE void transform_taps(double first, double middle, double last, double u[POINTS])
{
    const double even_a = first + OCT_HALVES_AA * last, even_b = first + OCT_HALVES_BB * last;
    u[0] = first / (OCT_HALVES_AA * OCT_HALVES_BB);
    u[1] = (even_a + OCT_HALVES_A * middle) / OCT_HALVES_F;
    u[2] = (even_a - OCT_HALVES_A * middle) / OCT_HALVES_F;
    u[3] = (even_b + OCT_HALVES_B * middle) / OCT_HALVES_G;
    u[4] = (even_b - OCT_HALVES_B * middle) / OCT_HALVES_G;
    u[5] = last;
}

OCT_INLINE v_float halves_times(double factor, v_float a, v_float plus)
{
    return v_fma(v_set((float)factor), a, plus);
}

/* B' d of six vectors. */
OCT_INLINE void transform_input(const v_float d[POINTS], v_float v[POINTS])
{
    const double product = OCT_HALVES_AA * OCT_HALVES_BB, sum = OCT_HALVES_AA + OCT_HALVES_BB;
    const v_float even_a = halves_times(-OCT_HALVES_BB, d[2], d[4]);
    const v_float odd_a = halves_times(-OCT_HALVES_BB, d[1], d[3]);
    const v_float even_b = halves_times(-OCT_HALVES_AA, d[2], d[4]);
    const v_float odd_b = halves_times(-OCT_HALVES_AA, d[1], d[3]);
    v[0] = halves_times(product, d[0], halves_times(-sum, d[2], d[4]));
    v[1] = halves_times(OCT_HALVES_A, odd_a, even_a);
    v[2] = halves_times(-OCT_HALVES_A, odd_a, even_a);
    v[3] = halves_times(OCT_HALVES_B, odd_b, even_b);
    v[4] = halves_times(-OCT_HALVES_B, odd_b, even_b);
    v[5] = halves_times(product, d[1], halves_times(-sum, d[3], d[5]));
}

/* A' m of six vectors. */
OCT_INLINE void transform_sums(const v_float m[POINTS], v_float y[SQUARE])
{
    const double a = OCT_HALVES_A, b = OCT_HALVES_B;
    const v_float even_a = v_add(m[1], m[2]), odd_a = v_sub(m[1], m[2]);
    const v_float even_b = v_add(m[3], m[4]), odd_b = v_sub(m[3], m[4]);
    y[0] = v_add(v_add(m[0], even_a), even_b);
    y[1] = halves_times(b, odd_b, v_mul(v_set((float)a), odd_a));
    y[2] = halves_times(b * b, even_b, v_mul(v_set((float)(a * a)), even_a));
    y[3] = halves_times(b * b * b, odd_b, halves_times(a * a * a, odd_a, m[5]));
}

#endif
